"""One line of evidence for each identification assumption: measurement, overlap, no interference, unconfoundedness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from artwork_insights.design.overlap import Overlap
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.sensitivity.interference import SiblingSlope, interference_diagnostic
from artwork_insights.sensitivity.observed_confounders import ConfounderBenchmark, ConfounderStrength
from artwork_insights.sensitivity.robustness import Robustness

Assumption = Literal["measurement", "overlap", "no_interference", "unconfoundedness"]

SMALLEST_DETECTOR_SKILL = 0.8
"""Sensitivity plus specificity less one below which detector error shrinks effects by more than about a fifth."""
SMALLEST_SHARE_KEPT = 0.5
"""Below this share of cells kept, the answer speaks of a minority of the artwork."""
SMALLEST_EFFECTIVE_CELLS = 50.0
"""Effective cells on each side, below which a weighted mean hangs on a few artworks."""
FEWEST_EFFECTIVE_CELLS = 10.0
"""Below this there is no comparison: blocking."""
SMALLEST_VARIANCE_LEFT = 0.05
"""Share of a continuous treatment's variance that the confounders must leave."""
WEAKEST_YARDSTICK = 0.01
"""Equal partial R2 below which the strongest observed confounder is too weak for passing it to mean anything."""


@dataclass(frozen=True, slots=True)
class AssumptionEvidence:
    """What speaks for or against one assumption.

    Attributes
    ----------
    assumption : str
        Its name.
    statement : str
        What is assumed, in plain words.
    evidence : Diagnostic
        The check that speaks to it.
    """

    assumption: Assumption
    statement: str
    evidence: Diagnostic


@dataclass(frozen=True, slots=True)
class DetectorAccuracy:
    """How well the component is detected, where labelled artwork says so.

    Attributes
    ----------
    sensitivity, specificity : float
        Share of artworks with the component that are found, and of artworks without it that are left alone, in [0, 1].
    source : str
        Where the two come from, e.g. "200 labelled posters".
    """

    sensitivity: float
    specificity: float
    source: str


def gather_evidence(
    *,
    component: str,
    overlap: Overlap | None,
    robustness: Robustness,
    design_gap: Diagnostic | None = None,
    observed_confounders: Sequence[ConfounderStrength | ConfounderBenchmark] = (),
    siblings: SiblingSlope | None = None,
    detector: DetectorAccuracy | None = None,
    is_detected: bool = True,
    treatment_variance_left: float | None = None,
    outcome_words: str = "how often people choose the title",
    is_binary: bool = True,
    has_countries: bool = True,
    within_titles: bool = False,
    std_error: float | None = None,
) -> tuple[AssumptionEvidence, ...]:
    """Write one line of evidence for each of the four assumptions that stand between data and cause.

    Parameters
    ----------
    component : str
        The treatment in words, e.g. "a face", "more than 3 faces".
    overlap : Overlap or None
        None for a continuous treatment; then `treatment_variance_left` speaks for it.
    robustness : Robustness
        Of the headline estimate.
    design_gap : Diagnostic or None
        Whether the designs agree; a failed one speaks against unconfoundedness.
    observed_confounders : sequence of ConfounderStrength or ConfounderBenchmark
        From `measure_confounders`, or of a run; the strongest is the yardstick.
    siblings : SiblingSlope or None
        From `estimate_sibling_slope`; None where it is not identified.
    detector : DetectorAccuracy or None
        None where nobody has labelled artwork of this kind.
    is_detected : bool
        False for a component measured on the pixels themselves, e.g. lightness: nothing can be missed.
    treatment_variance_left : float or None
        Share of the treatment's variance that the confounders leave, in [0, 1].
    outcome_words : str
        The outcome in a sentence, e.g. "the imdb score".
    is_binary : bool
        Whether an artwork has the component or not; otherwise it has more or less of it.
    has_countries : bool
        Whether an artwork is counted once per country.
    within_titles : bool
        Whether the observed confounders were measured among the artworks of one title.
    std_error : float or None
        Of the headline estimate; an influence between siblings that could not move it by as much is no failure.

    Returns
    -------
    tuple of AssumptionEvidence
        In the order measurement, overlap, no interference, unconfoundedness.
    """
    measured = f"which artworks have {component}" if is_binary else f"the {component} of every artwork"
    differing = f"with and without {component}" if is_binary else f"that differ in {component}"
    return (
        AssumptionEvidence(
            "measurement",
            f"The features tell {measured} correctly.",
            judge_measurement(component, detector, is_detected),
        ),
        AssumptionEvidence(
            "overlap",
            f"Artworks {differing} exist that are alike in everything else.",
            judge_overlap(component, overlap, treatment_variance_left, has_countries=has_countries),
        ),
        AssumptionEvidence(
            "no_interference",
            "An artwork does as well whatever the other artworks of its title look like.",
            interference_diagnostic(siblings, is_binary=is_binary, std_error=std_error),
        ),
        AssumptionEvidence(
            "unconfoundedness",
            f"Nothing that we do not know of drives both {'the use of ' if is_binary else ''}{component} and "
            f"{outcome_words}.",
            judge_unconfoundedness(robustness, observed_confounders, design_gap, within_titles=within_titles),
        ),
    )


def judge_measurement(component: str, detector: DetectorAccuracy | None, is_detected: bool) -> Diagnostic:
    """Hold the detector's skill (sensitivity plus specificity less one) against `SMALLEST_DETECTOR_SKILL`."""
    name = "measurement"
    if not is_detected:
        sentence = "This is measured on the picture itself, not guessed by a detector, so nothing is missed."
        return Diagnostic(name, 1.0, SMALLEST_DETECTOR_SKILL, True, sentence)
    if detector is None:
        sentence = (
            f"How often the detector is wrong about {component} in this catalogue is not known. Random mistakes make "
            "an effect look smaller than it is; a few hundred labelled artworks would tell."
        )
        return Diagnostic(name, None, SMALLEST_DETECTOR_SKILL, None, sentence)
    skill = detector.sensitivity + detector.specificity - 1
    passed = skill >= SMALLEST_DETECTOR_SKILL
    text = (
        f"Of 100 artworks with {component} the detector finds {100 * detector.sensitivity:.0f}; of 100 without, it is "
        f"wrong about {100 * (1 - detector.specificity):.0f} ({detector.source})"
    )
    ending = "so most of the effect is seen" if passed else "so the effect is probably larger than it looks"
    return Diagnostic(name, skill, SMALLEST_DETECTOR_SKILL, passed, f"{text}, {ending}.")


def judge_overlap(
    component: str, overlap: Overlap | None, treatment_variance_left: float | None, *, has_countries: bool = True
) -> Diagnostic:
    """Hold the share of cells kept, and the effective cells on each side, against their limits."""
    name = "overlap"
    if overlap is None:
        return _judge_variance_left(name, component, treatment_variance_left)
    kept = overlap.n_after / overlap.n_before if overlap.n_before else 0.0
    effective = min(overlap.effective_n_treated, overlap.effective_n_control)
    counted = "rows (an artwork in a country)" if has_countries else "artworks"
    text = f"{kept:.0%} of the {counted} could have gone either way and are compared"
    if effective < FEWEST_EFFECTIVE_CELLS or overlap.n_titles_after < 2:
        sentence = f"{text}; almost none of them are comparable, so there is no comparison to speak of."
        return Diagnostic(name, kept, SMALLEST_SHARE_KEPT, False, sentence, blocking=True)
    if effective < SMALLEST_EFFECTIVE_CELLS:
        sentence = f"{text}, but they are worth only about {effective:.0f} on the smaller side."
        return Diagnostic(name, kept, SMALLEST_SHARE_KEPT, False, sentence)
    passed = kept >= SMALLEST_SHARE_KEPT
    ending = "." if passed else "; the answer speaks of them, not of the whole catalogue."
    return Diagnostic(name, kept, SMALLEST_SHARE_KEPT, passed, text + ending)


def judge_unconfoundedness(
    robustness: Robustness,
    observed_confounders: Sequence[ConfounderStrength | ConfounderBenchmark],
    design_gap: Diagnostic | None,
    *,
    within_titles: bool = False,
) -> Diagnostic:
    """Hold the robustness value against the strongest observed confounder; a failed design gap is said beside it.

    Informational where the interval holds zero, since there is then no effect to explain away; and where even the
    strongest observed confounder explains next to nothing (`WEAKEST_YARDSTICK`), since passing it is then no evidence.
    `within_titles` says that the confounders were measured among the artworks of one title, so that what makes titles
    differ is no part of the yardstick.
    """
    name, value = "unconfoundedness", robustness.robustness_value
    gap = f" {design_gap.sentence}" if design_gap is not None and design_gap.passed is False else ""
    if robustness.robustness_value_alpha == 0:
        sentence = f"No clear effect was found, so there is none that something unseen could explain away.{gap}"
        return Diagnostic(name, value, None, None, sentence)
    if not observed_confounders:
        sentence = (
            f"Something unseen that explains {value:.1%} of what is left of both the component and the outcome would "
            f"remove the effect; there is no observed confounder to compare that with.{gap}"
        )
        return Diagnostic(name, value, None, None, sentence)
    strongest = max(observed_confounders, key=lambda confounder: confounder.equal_strength)
    label = strongest.confounder.replace("_", " ").replace("=", " ")
    among = "among what differs between artworks of one title" if within_titles else "of what we know"
    passed = value > strongest.equal_strength
    numbers = f"(needed {value:.1%}, {label} {strongest.equal_strength:.1%})"
    if passed and strongest.equal_strength < WEAKEST_YARDSTICK:
        sentence = (
            f"Something unseen that explains {value:.1%} of what is left of both the component and the outcome would "
            f"remove the effect; there is no strong observed confounder to hold that against: {label}, the strongest "
            f"{among}, explains almost nothing ({strongest.equal_strength:.1%}).{gap}"
        )
        return Diagnostic(name, value, None, None, sentence)
    sentence = (
        f"To remove the effect, something unseen would have to be stronger than {label}, the strongest {among} "
        f"{numbers}."
        if passed
        else f"Something unseen only as strong as {label}, the strongest {among}, could remove the effect {numbers}."
    )
    return Diagnostic(name, value, strongest.equal_strength, passed, sentence + gap)


def _judge_variance_left(name: str, component: str, left: float | None) -> Diagnostic:
    if left is None:
        sentence = f"How far {component} varies between artworks that are otherwise alike was not measured."
        return Diagnostic(name, None, SMALLEST_VARIANCE_LEFT, None, sentence)
    passed = left >= SMALLEST_VARIANCE_LEFT
    text = f"{left:.0%} of the differences in {component} are not explained by the other things we know"
    ending = ", which is enough to learn from." if passed else ": too little is left to learn from."
    return Diagnostic(name, left, SMALLEST_VARIANCE_LEFT, passed, text + ending, blocking=not passed and left < 0.01)
