"""Results in plain words: what a creative director reads before any statistics."""

from __future__ import annotations

import re
from collections.abc import Sequence

from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.mechanisms.paths import MediationResult
from artwork_insights.report.findings import Finding, OutcomeUnit, Question
from artwork_insights.report.numbers import Scale, count, interval_name, p_is, percent, plain, significant
from artwork_insights.report.turning import find_turning
from artwork_insights.sensitivity.e_value import EValue
from artwork_insights.sensitivity.placebo import Placebo
from artwork_insights.sensitivity.robustness import Robustness

VERDICT_LABELS = {
    "supported": "Supported",
    "supported_with_caveats": "Supported, with caveats",
    "not_supported": "Not supported by these data",
    "inconclusive": "Not settled yet",
}
CREDIBILITY_LABELS = {
    "high": "high. Every check that counts was made and held",
    "moderate": "moderate. A check that counts failed or could not be made",
    "low": "low. A check that must hold failed",
}
DESIGN_LABELS = {
    "pooled": "across titles",
    "mundlak": "across all artwork, every title’s own level taken out",
    "within": "inside titles only",
}
ESTIMAND_LABELS = {
    "ATE": "averaged over all artwork compared",
    "ATT": "averaged over artwork that has the component",
    "ATO": "averaged over artwork that could have been either",
    "slope": "for each further unit of the component",
}
CLASSIFICATION_LABELS = {
    "full": "It carries the whole effect.",
    "partial": "It carries a part of the effect.",
    "none": "It does not carry the effect.",
    "inconsistent": "It works against the effect.",
}
ASSUMPTION_LABELS = {
    "measurement": "The component is measured correctly",
    "overlap": "Every artwork could have been either",
    "no_interference": "Artworks of a title do not disturb each other",
    "unconfoundedness": "Nothing unmeasured explains the effect",
}
SLOPE_OVERLAP_LABEL = "Artworks alike in everything else still differ in the component"

_SUFFIXES = {"mean": "mean", "total": "total", "max": "largest"}
_SUFFIX = re.compile(r"^(\w+)_(mean|total|max)$")


def in_words(name: str) -> str:
    """A column name as a reader says it: ``face_area_share_mean`` is "mean face area share"."""
    return " ".join(_SUFFIX.sub(_suffix_first, word).replace("_", " ") for word in name.split(" ")).replace("=", ": ")


def _suffix_first(match: re.Match[str]) -> str:
    return f"{_SUFFIXES[match[2]]} {match[1]}"


def join_words(parts: Sequence[str], last: str = "and") -> str:
    """Join as in a sentence: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def capitalised(sentence: str) -> str:
    """Raise the first letter and leave the others as they are."""
    return sentence[:1].upper() + sentence[1:]


def subject(question: Question) -> str:
    """What an artwork has more of: "a face", or "a higher face area share" for a continuous component."""
    return question.component if question.is_binary else f"a higher {in_words(question.component)}"


def assumption_in_words(assumption: str, question: Question) -> str:
    """Heading of an assumption; a continuous component asks for differences instead of two sides."""
    return SLOPE_OVERLAP_LABEL if assumption == "overlap" and not question.is_binary else ASSUMPTION_LABELS[assumption]


def question_in_words(question: Question, unit: OutcomeUnit) -> str:
    """The hypothesis as a question."""
    if unit.is_rate:
        return f"Does {subject(question)} make people choose a title?"
    return f"Does {subject(question)} change the {in_words(unit.name)}?"


def answer_in_words(finding: Finding, unit: OutcomeUnit) -> str:
    """The answer without a number."""
    artwork = f"Artwork with {subject(finding.question)}"
    if not finding.verdict.credible:
        return f"These data cannot say what {subject(finding.question)} does: a check that must hold has failed."
    turning = find_turning(finding)
    if turning is not None:
        best = "" if turning.best is None else f" {turning.best} does best."
        component = in_words(finding.question.component)
        return (
            f"A higher {component} is not simply better or worse.{best} See what each amount does, not the one slope."
        )
    outcome = in_words(unit.name)
    if unit.is_rate:
        other = "artwork like it without" if finding.question.is_binary else "artwork that is otherwise like it"
        more, less = (f"chosen {word} often than {other}" for word in ("more", "less"))
    else:
        more, less = (f"followed by a {word} {outcome}" for word in ("higher", "lower"))
    return {
        "positive": f"{artwork} is {more}.",
        "negative": f"{artwork} is {less}.",
        "practically_zero": f"{capitalised(subject(finding.question))} makes no difference that would matter.",
        "undecided": f"Whether {subject(finding.question)} helps or harms cannot be told from these data yet.",
    }[finding.verdict.answer]


def base_in_words(finding: Finding, scale: Scale, unit: OutcomeUnit) -> str:
    """Name the base that the effect is held against."""
    kind = "base rate" if unit.is_rate else f"mean {in_words(unit.name)}"
    amount = f"{scale.level(finding.base_rate)} {scale.unit}" if unit.is_rate else scale.level(finding.base_rate)
    if not finding.question.is_binary:
        return f"the {kind} of the artwork compared, {amount}"
    return f"the {kind} of artwork without {finding.question.component}, {amount}"


def slope_ending(question: Question) -> str:
    """Ending of the unit of a slope; empty for a condition."""
    return "" if question.is_binary else f"per unit of {in_words(question.component)}"


def weight_in_words(estimate: EffectEstimate) -> str:
    """How many artworks and titles carry an estimate, beside how many there are."""
    assets, titles = estimate.n_effective_assets, estimate.n_effective_titles
    if assets is None or titles is None:
        return ""
    return f"By what each tells, they count as {count(assets)} artworks and {count(titles)} titles of equal weight."


def crossing_in_words(rows: str, columns: str) -> str:
    """A crossing as a heading: "genre and country together"."""
    return f"{in_words(rows)} and {in_words(columns)} together"


def confidence_in_words(level: float) -> str:
    """How often a band of this level holds what it is made for."""
    return f"{significant(100 * level)} times in 100"


def e_value_in_words(e_value: EValue, outcome: str = "a take") -> str:
    """What the E-value asks of a confounder."""
    start = (
        f"To explain this away, something that was not measured would have to make both the component and {outcome} "
        f"{plain(e_value.e_value)} times as likely"
    )
    if e_value.e_value_limit is None:
        return f"{start}."
    if e_value.e_value_limit <= 1:
        return f"{start}; but the interval holds no effect as it is, so the data do not need such a thing."
    return f"{start}; {plain(e_value.e_value_limit)} times would be enough to bring the interval to no effect."


def robustness_in_words(robustness: Robustness) -> str:
    """What the robustness value asks of a confounder."""
    interval = interval_name(1 - robustness.alpha)
    return (
        f"Something that was not measured would have to explain {percent(robustness.robustness_value, 1)} of what is "
        f"left unexplained in both the component and the outcome to bring the effect to zero; "
        f"{percent(robustness.robustness_value_alpha, 1)} would be enough to bring the {interval} to zero. "
        f"The component itself explains {percent(robustness.partial_r2_treatment, 1)} of what is left of the outcome "
        "after adjusting."
    )


def placebo_in_words(placebo: Placebo, scale: Scale) -> str:
    """What the shuffled treatment showed."""
    return (
        f"The component was dealt out again at random among the artworks of each title, {count(len(placebo.effects))} "
        "times. This checks the comparison inside titles (the partially linear one); the real artwork’s effect drawn "
        f"here, {scale.effect(placebo.observed)}, is that comparison’s own and not the headline. A shuffle as large as "
        f"it has {p_is(placebo.p_value)}. The 95 % intervals of {percent(placebo.rejection_share, 1)} of the shuffles "
        "leave out zero; 5 % is what a sound method shows."
    )


def mediation_in_words(result: MediationResult, scale: Scale) -> str:
    """The indirect effect with its tests."""
    share = "" if result.proportion_mediated is None else f", {percent(result.proportion_mediated)} of the total effect"
    if share and result.proportion_interval is not None:
        share += f" (from {' to '.join(percent(limit) for limit in result.proportion_interval)})"
    corrected = result.bias_corrected_interval
    again = "" if corrected is None else f"; {scale.between(*corrected)} corrected for bias"
    return (
        f"Through {in_words(result.mediator)} go {scale.effect(result.indirect)} {scale.unit} "
        f"({scale.between(*result.indirect_interval)}, bootstrap {interval_name(result.level)}{again}){share}. "
        f"Sobel test: z = {plain(result.sobel_z)}, {p_is(result.sobel_p_value)}{_other_tests(result)}."
    )


def _other_tests(result: MediationResult) -> str:
    """The same test with other variances of the product; empty where none of them is positive."""
    named = {"Aroian": result.aroian_z, "Goodman": result.goodman_z}
    told = [f"{name} z = {plain(z)}" for name, z in named.items() if z is not None]
    return f" ({', '.join(told)})" if told else ""
