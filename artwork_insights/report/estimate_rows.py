"""The rows of the table and figure of estimates: designs, the naive contrast, and the nearest other ways."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.effects.estimates import NamedEstimate
from artwork_insights.report.findings import Finding
from artwork_insights.report.sentences import in_words
from artwork_insights.sensitivity.stress.specification import Family, Specification

NAIVE = "naive difference"
NEAREST: tuple[Family, ...] = ("score", "weights", "confounders")
"""Families of specifications that stand beside the designs; the specification curve shows all."""


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """One line of the table of estimates.

    Attributes
    ----------
    label, sentence : str
    effect : float or None
        In the outcome's unit; None where it is not identified.
    interval : (float, float) or None
        At the level of the report.
    p_value : float or None
    is_headline : bool
    """

    label: str
    sentence: str
    effect: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    is_headline: bool = False


def estimate_rows(finding: Finding, level: float) -> tuple[EstimateRow, ...]:
    """Designs, the naive contrast, the nearest specifications, and what the log's serving adds."""
    sentence = (
        "The plain difference between artwork with and without the component."
        if finding.question.is_binary
        else "The plain slope, with nothing adjusted for."
    )
    naive = NamedEstimate(NAIVE, finding.naive, sentence)
    designs = [row_of(named, level, headline=finding.estimate.design) for named in finding.designs]
    curve = () if finding.stress is None else finding.stress.curve.specifications
    nearest = [_row_of_specification(one) for one in curve if one.family in NEAREST]
    others = [row_of(named, level) for named in finding.alternatives]
    return (*designs, row_of(naive, level), *nearest, *others)


def row_of(named: NamedEstimate, level: float, headline: str = "") -> EstimateRow:
    """A named estimate as a row; the one named `headline` is set off."""
    label, estimate = in_words(named.name), named.estimate
    if estimate is None:
        return EstimateRow(label, named.sentence, None, None, None)
    interval = estimate.interval(level)
    return EstimateRow(label, named.sentence, estimate.effect, interval, estimate.p_value, named.name == headline)


def _row_of_specification(one: Specification) -> EstimateRow:
    return EstimateRow(in_words(one.name), one.sentence, one.estimate, one.interval, one.p_value)
