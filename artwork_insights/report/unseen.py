"""What the report says about confounders that nobody measured: a table in plain words, and the contour."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from artwork_insights.report.findings import Finding, OutcomeUnit
from artwork_insights.report.numbers import Scale, percent, plain
from artwork_insights.report.sentences import e_value_in_words, in_words, robustness_in_words
from artwork_insights.report.svg import draw_svg
from artwork_insights.report.unseen_figures import plot_contour
from artwork_insights.sensitivity.observed_confounders import ConfounderBenchmark
from artwork_insights.sensitivity.unseen import UnseenConfounding

FAINTEST = 0.001
"""Equal share below which a confounder is said to explain almost nothing."""


@dataclass(frozen=True, slots=True)
class UnseenRow:
    """One way of saying how strong something unseen would have to be."""

    name: str
    of_effect: str
    of_interval: str
    sentence: str


@dataclass(frozen=True, slots=True)
class UnseenView:
    """Rows of the table, the contour with its caption, and the measured confounders behind its dots."""

    rows: tuple[UnseenRow, ...]
    figure: Markup | None
    caption: str
    benchmarks: tuple[ConfounderBenchmark, ...]


def view_unseen(finding: Finding, unit: OutcomeUnit, scale: Scale, anchor: str) -> UnseenView:
    """Draw and word what is known about unseen confounders of one finding."""
    rows = [_robustness_row(finding)]
    rows += [_e_value_row(finding, unit)] if finding.e_value is not None else []
    unseen = finding.unseen
    if unseen is None:
        return UnseenView(tuple(rows), None, "", ())
    hidden = next((check for check in finding.diagnostics if check.name == "hidden_bias"), None)
    if unseen.pairs is not None and hidden is not None:
        gamma = plain(unseen.pairs.critical_gamma)
        rows.append(UnseenRow("Gamma of matched pairs", "–", gamma, hidden.sentence))
    caption = contour_in_words(unseen, scale)
    ax = plot_contour(unseen.contour, unseen.benchmarks, scale)
    label = f"The effect beside unseen confounders of every strength. {caption}"
    return UnseenView(tuple(rows), draw_svg(ax, f"{anchor}-contour", label), caption, unseen.benchmarks)


def contour_in_words(unseen: UnseenConfounding, scale: Scale) -> str:
    """What the contour says, in one sentence."""
    bounds = unseen.bounds
    if bounds.robustness_value_alpha == 0:
        return "The interval holds no effect as it is, so it takes nothing unseen to explain the effect away."
    needed = f"{percent(bounds.robustness_value_alpha, 1)} of what is left of both"
    start = f"The interval touches zero when something unseen explains {needed}"
    if not unseen.benchmarks:
        return f"{start}; nothing that was measured can be held against that."
    strongest = unseen.benchmarks[0]
    name = in_words(strongest.confounder)
    if strongest.equal_strength < FAINTEST:
        return f"{start}; {name}, the strongest thing measured, explains almost nothing."
    if strongest.effect_bound is None:
        return f"{start}; {name} explains nearly all of the component, and nothing as strong can be bounded."
    survives = strongest.equal_strength < bounds.robustness_value_alpha
    times = bounds.robustness_value_alpha / strongest.equal_strength
    held = f"{plain(times, 1)} times what {name} could do" if survives else f"less than {name} could do"
    return (
        f"{start}, {held}; beside another such confounder the effect would still be "
        f"{scale.effect(strongest.effect_bound)} at worst."
    )


def _robustness_row(finding: Finding) -> UnseenRow:
    found = finding.robustness
    value, of_interval = percent(found.robustness_value, 1), percent(found.robustness_value_alpha, 1)
    return UnseenRow("Robustness value", value, of_interval, robustness_in_words(found))


def _e_value_row(finding: Finding, unit: OutcomeUnit) -> UnseenRow:
    found = finding.e_value
    assert found is not None
    words = e_value_in_words(found, "a take" if unit.is_rate else f"a higher {in_words(unit.name)}")
    scale = f" Risk ratio {plain(found.risk_ratio)}: {found.scale}." if found.scale else ""
    benchmarks = () if finding.unseen is None else finding.unseen.benchmarks
    known = [one for one in benchmarks if one.e_value is not None]
    if known:
        most = max(known, key=lambda one: one.e_value or 1.0)
        scale += (
            f" As a yardstick: leaving {in_words(most.confounder)} out moves the interval as something unseen with an "
            f"E-value of {plain(most.e_value)} would."
        )
    limit = "–" if found.e_value_limit is None else plain(found.e_value_limit)
    return UnseenRow("E-value", plain(found.e_value), limit, words + scale)
