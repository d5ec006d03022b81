"""Effects by group, from the scores of each group's cells, clustered by title."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from artwork_insights.design.confounders import FloatArray
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate, Estimand, GroupEffect
from artwork_insights.effects.scores import Scores, average_scores, control_scores
from artwork_insights.errors import NotIdentifiedError

SMALLEST_NUMBER_OF_TITLES = 5


def group_effects_of(fit: DesignFit, estimand: Estimand, modifiers: tuple[str, ...]) -> tuple[GroupEffect, ...]:
    """Effects in every group of every modifier that has comparable artwork in at least 5 titles.

    Returns
    -------
    tuple of GroupEffect
        Groups in alphabetical order within modifiers; q-values over all of them (Benjamini and Hochberg 1995);
        `shrunken_effect` partially pooled within the modifier (DerSimonian and Laird 1986).
    """
    scores = fit.scores(estimand)
    found: list[tuple[str, str, EffectEstimate, float]] = []
    for modifier in modifiers:
        labels = fit.sample.assignment.groups.get(modifier)
        if labels is None:
            continue
        for group in sorted({str(label) for label in labels}):
            inside = labels.astype(str) == group
            estimate = _estimate_group(fit, scores, inside, estimand)
            if estimate is not None:
                found.append((modifier, group, estimate, base_rate(fit, inside)))
    q_values = adjust_p_values(np.array([estimate.p_value for *_, estimate, _ in found]))
    shrunken = np.empty(len(found))
    for modifier in dict.fromkeys(modifier for modifier, *_ in found):
        rows = [i for i, entry in enumerate(found) if entry[0] == modifier]
        shrunken[rows] = pool_partially(
            np.array([found[i][2].effect for i in rows]), np.array([found[i][2].std_error for i in rows])
        )
    return tuple(
        GroupEffect(modifier, group, estimate, float(shrunken[i]), float(q_values[i]), base)
        for i, (modifier, group, estimate, base) in enumerate(found)
    )


def base_rate(fit: DesignFit, inside: npt.NDArray[np.bool_] | None = None) -> float:
    """Mean outcome without the component over the fit's cells; the mean outcome for a continuous treatment."""
    assignment = fit.sample.assignment
    inside = np.ones(len(assignment.weights), dtype=bool) if inside is None else inside
    weights = assignment.weights[inside]
    if not fit.is_binary:
        return float(np.average(fit.sample.outcome[inside], weights=weights))
    means = np.average(control_scores(fit.sample, fit.repetitions).numerator[:, inside], axis=1, weights=weights)
    return float(np.median(means))


def _estimate_group(
    fit: DesignFit, scores: Scores, inside: npt.NDArray[np.bool_], estimand: Estimand
) -> EffectEstimate | None:
    assignment = fit.sample.assignment
    title = np.unique(assignment.title[inside], return_inverse=True)[1].astype(np.int64)
    if len(title) == 0 or title.max() + 1 < SMALLEST_NUMBER_OF_TITLES:
        return None
    part = Scores(scores.numerator[:, inside], scores.denominator[:, inside])
    try:
        mean = average_scores(part, assignment.weights[inside], title)
    except NotIdentifiedError:
        return None
    return EffectEstimate(
        estimand=estimand,
        design=fit.design,
        score="plr" if fit.design == "within" or estimand == "slope" else "aipw",
        effect=mean.effect,
        std_error=mean.std_error,
        degrees_of_freedom=mean.n_titles - 1,
        n_cells=int(inside.sum()),
        n_assets=len(np.unique(assignment.asset[inside])),
        n_titles=mean.n_titles,
    )


def adjust_p_values(p_values: FloatArray) -> FloatArray:
    """Benjamini-Hochberg adjusted p-values; shape (m,) in and out."""
    m = len(p_values)
    order = np.argsort(-p_values, kind="stable")
    adjusted = np.minimum.accumulate(p_values[order] * m / np.arange(m, 0, -1)) if m else p_values
    out = np.empty(m)
    out[order] = np.minimum(adjusted, 1.0)
    return out


def pool_partially(effects: FloatArray, std_errors: FloatArray) -> FloatArray:
    """Shrink effects towards their precision-weighted mean by the between-group variance of DerSimonian and Laird."""
    precision = 1 / std_errors**2
    mean = np.average(effects, weights=precision)
    excess = precision @ (effects - mean) ** 2 - (len(effects) - 1)
    scale = precision.sum() - (precision**2).sum() / precision.sum()
    between = max(0.0, excess / scale) if scale > 0 else 0.0
    if between == 0.0:
        return np.full_like(effects, mean)
    mean = np.average(effects, weights=1 / (between + std_errors**2))
    return np.asarray(mean + (effects - mean) * between / (between + std_errors**2))
