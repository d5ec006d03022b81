"""The glossary of a report: only the terms that the report uses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from artwork_insights.report.findings import StudyResult
from artwork_insights.report.numbers import interval_name, significant

Topic = Literal[
    "always", "rate", "groups", "arms", "dose", "moderation", "mediation", "forest", "e_value", "placebo", "truth"
]


@dataclass(frozen=True, slots=True)
class Term:
    """One entry.

    Attributes
    ----------
    term, meaning : str
        As printed.
    topic : str
        What a report must hold for the term to be listed.
    """

    term: str
    meaning: str
    topic: Topic = "always"


INTERVAL = "Interval"
TERMS = (
    Term("Take rate", "Takes divided by impressions: how often a showing of an artwork is followed by a play.", "rate"),
    Term("Component", "What a hypothesis asks about: something that can be seen in an artwork, such as a face."),
    Term("Effect", "How much the outcome changes because of the component, all else being alike."),
    Term("Base rate", "The mean outcome of comparable artwork without the component; relative effects refer to it."),
    Term(
        INTERVAL,
        "Values of the effect that the data do not speak against; made to hold the truth {times} times in 100.",
    ),
    Term(
        "Standard error", "How much an estimate would vary over repetitions; here counted by title, not by impression."
    ),
    Term(
        "Verdict",
        "A verdict has two sides: whether the comparison can be believed, and whether it gives an answer. Supported: "
        "both. With caveats: an answer, but a minor check failed. Not supported: a check that must hold failed. Not "
        "settled: believable, but no answer yet.",
    ),
    Term(
        "Count as",
        "How many artworks or titles of equal weight would tell as much; fewer than there are where some weigh more.",
    ),
    Term("Naive difference", "The plain difference between artwork with and without the component; often misleading."),
    Term("Pooled", "Artwork is compared across titles, given what is known about each title and artwork."),
    Term(
        "Mundlak",
        "The doubly robust comparison, given the share of a title's artworks that have the component and the title's "
        "means of everything else; every title's own level is taken out, so that its popularity cannot pass for an "
        "effect of its artwork. A slope is taken from the partially linear model instead.",
    ),
    Term(
        "Within",
        "The partially linear comparison: only differences between artworks of one title count, and every title's own "
        "level is taken out here too.",
    ),
    Term("Propensity", "The predicted chance that an artwork has the component, given everything else that is known."),
    Term("Overlap", "Where artwork with and without the component can both be found; elsewhere nothing is comparable."),
    Term("Balance", "Whether the two sides are alike in everything else; differences below 0.1 are small."),
    Term("Doubly robust", "Right if either the model of the outcome or the model of the component is right (AIPW)."),
    Term("Partially linear model", "What the component leaves unexplained, set against what the outcome does (PLR)."),
    Term(
        "Drawn towards the mean",
        "An effect in a small group, pulled towards the others by as much as it is noisy.",
        "groups",
    ),
    Term("q-value", "A p-value corrected for how many groups were looked at.", "groups"),
    Term(
        "For all at once",
        "An interval wide enough that all of its kind hold together; the longer the list, the wider it is.",
        "groups",
    ),
    Term(
        "Arms",
        "Amounts of a component that are compared with one another, such as 0, 1, 2 and 3 or more faces.",
        "arms",
    ),
    Term("Curve of the effect", "What every amount of a component does, compared with a middling amount.", "dose"),
    Term("Moderation", "The effect is not the same in every group.", "moderation"),
    Term("Mediation", "Part of the effect passes through something else (the mediator).", "mediation"),
    Term("Sobel test", "A test of whether anything passes through the mediator.", "mediation"),
    Term("Causal forest", "A model that looks for who responds most, without being told the groups.", "forest"),
    Term("E-value", "How strongly an unmeasured cause would have to act to explain an effect away.", "e_value"),
    Term("Robustness value", "The same question, answered as a share of what is left unexplained."),
    Term("Placebo", "A component dealt at random, which must show no effect.", "placebo"),
    Term("Truth", "In a made-up catalogue the effect was planted, so an estimate can be held against it.", "truth"),
)


def terms_used(result: StudyResult) -> tuple[Term, ...]:
    """Terms that this report uses, in reading order."""
    findings = result.findings
    used: set[Topic] = {"always"}
    topics: dict[Topic, bool] = {
        "rate": result.unit.is_rate,
        "groups": any(f.group_effects for f in findings),
        "arms": any(f.arms for f in findings),
        "dose": any(f.dose_response for f in findings),
        "moderation": any(f.moderation for f in findings),
        "mediation": any(f.mediation for f in findings),
        "forest": any(f.forest for f in findings),
        "e_value": any(f.e_value for f in findings),
        "placebo": any(f.placebo for f in findings),
        "truth": any(f.truth for f in findings),
    }
    used |= {topic for topic, holds in topics.items() if holds}
    named = (_at_level(term, result.level) if term.term == INTERVAL else term for term in TERMS)
    return tuple(term for term in named if term.topic in used)


def _at_level(term: Term, level: float) -> Term:
    meaning = term.meaning.format(times=significant(100 * level))
    return replace(term, term=interval_name(level), meaning=meaning)
