"""Placebo outcome and negative control of one hypothesis: estimated as the headline is, and bound to show nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from artwork_insights.design.assigning import assign_component
from artwork_insights.design.confounders import FloatArray, read_numbers, title_means
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError, TableError
from artwork_insights.expression import parse_expression
from artwork_insights.inquiry.fitting import FittedHypothesis, with_popularity
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.sensitivity.stress.null_effects import NullEffect, NullKind
from artwork_insights.study import Checks, Hypothesis

BY_TITLE = (
    "It is the same for all artworks of a title, and titles' own levels are taken out of the headline: inside titles "
    "it can show nothing."
)


def find_null_effects(cells: Cells, hypothesis: Hypothesis, maker: Remaker, checks: Checks) -> tuple[NullEffect, ...]:
    """Estimate the effects that must be nothing, as far as the study has any.

    The placebo outcome is the column that the study names, else the table of popularity where there is one. What is the
    same for all artworks of a title has no effect inside titles whatever the truth: under such a headline it is told
    across titles, and decides nothing.
    """
    found = []
    has_table = "popularity" in cells.frame and cells.impressions is not None
    column = checks.placebo_outcome or ("popularity" if has_table else None)
    if column is not None:
        found.append(_placebo_outcome(cells, hypothesis, maker, column))
    if checks.negative_control is not None:
        found.append(_negative_control(cells, hypothesis, maker, checks.negative_control))
    return tuple(found)


def _placebo_outcome(cells: Cells, hypothesis: Hypothesis, maker: Remaker, column: str) -> NullEffect:
    kind: NullKind = "placebo_outcome"
    fitted = maker.fitted
    if column in hypothesis.expression.names:
        return NullEffect(kind, column, None, False, f"{column!r} is what this hypothesis asks about.")
    values = read_numbers(cells.frame[column].iloc[fitted.rows]) if column in cells.frame else None
    if values is None:
        return NullEffect(kind, column, None, False, f"{column!r} is no column of numbers.")
    known = np.isfinite(values)
    by_title = _is_by_title(fitted, values)
    across = by_title and fitted.headline.design != "pooled"
    if across and "pooled" not in fitted.fits:
        return NullEffect(kind, column, None, False, BY_TITLE)
    fitted = replace(fitted, headline=fitted.fits["pooled"]) if across else fitted
    sample = fitted.sample.rows(known)
    confounders = sample.assignment.confounders.without((column,))
    changed = AnalysisSample(replace(sample.assignment, confounders=confounders), values[known])
    try:
        other = replace(maker, fitted=fitted)
        refit = other.again(changed, labels=maker.labels()[known])
        _refuse_constant(refit.sample.outcome, column)
        estimate = refit.fit(maker.settings.trim).estimate(_estimand(fitted))
    except NotIdentifiedError as error:
        return NullEffect(kind, column, None, False, f"{column!r}: {error}")
    return NullEffect(kind, column, estimate, not across, BY_TITLE if across else "")


def _estimand(fitted: FittedHypothesis) -> Estimand:
    if not fitted.headline.is_binary:
        return "slope"
    return "ATO" if fitted.headline.design == "within" else "ATE"


def _is_by_title(fitted: FittedHypothesis, values: FloatArray) -> bool:
    """Whether artworks of one title never differ in it, country by country."""
    assignment = fitted.sample.assignment
    known = np.isfinite(values)
    country = np.zeros(len(values), dtype=np.int64) if assignment.country is None else assignment.country
    group = assignment.title * (int(country.max(initial=0)) + 1) + country
    distance = values - title_means(values, group, np.ones(len(values)))
    return bool(np.abs(distance[known]).max(initial=0.0) <= 1e-9 * max(float(np.ptp(values[known])), 1e-300))


def _refuse_constant(outcome: FloatArray, column: str) -> None:
    if outcome.min() == outcome.max():
        raise NotIdentifiedError(f"{column} does not vary among the artworks compared.")


def _negative_control(cells: Cells, hypothesis: Hypothesis, maker: Remaker, treatment: str) -> NullEffect:
    """The control under the headline's design, with the component itself among the confounders."""
    kind: NullKind = "negative_control"
    expression = parse_expression(treatment)
    shared = set(expression.names) & set(hypothesis.expression.names)
    if shared:
        sentence = f"{treatment!r} is made of what this hypothesis asks about, so it is no control for it."
        return NullEffect(kind, treatment, None, False, sentence)
    wanted = (*with_popularity(cells, hypothesis.confounders), *hypothesis.expression.names)
    confounders = tuple(name for name in dict.fromkeys(wanted) if name not in expression.names)
    try:
        assigned = assign_component(
            cells.frame, expression, confounders=confounders, embedding=cells.embedding, weights=cells.weights
        )
        sample = AnalysisSample(assigned.assignment, cells.outcome[assigned.kept])
        estimate = _estimate_control(sample, maker)
    except (NotIdentifiedError, TableError) as error:
        return NullEffect(kind, treatment, None, False, f"{treatment!r}: {error}")
    return NullEffect(kind, treatment, estimate, True, "")


def _estimate_control(sample: AnalysisSample, maker: Remaker) -> EffectEstimate:
    settings, headline = maker.settings, maker.fitted.headline
    labels = fold_labels(sample, settings.folds, 1, np.random.default_rng(maker.seed))[0]
    alike = sample.assignment.is_binary == headline.is_binary
    refit = maker.again(sample, labels=labels, learner=None if alike else settings.learner)
    fit = refit.fit(settings.trim)
    estimand: Estimand = "slope" if not fit.is_binary else "ATO" if fit.design == "within" else "ATE"
    return fit.estimate(estimand)
