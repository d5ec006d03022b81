"""Effects by group, from the scores of each group's cells, clustered by title; thousands of groups at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from artwork_insights.design.assignment import StringArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate, Estimand, GroupEffect
from artwork_insights.effects.inference import ClusteredMeans, clustered_means, count_members, effective_number
from artwork_insights.effects.scores import Scores, combine_repetitions, control_scores
from artwork_insights.effects.simultaneous import bands, simultaneous_level
from artwork_insights.errors import NotIdentifiedError, did_you_mean
from artwork_insights.study import CROSS, modifier_parts

SMALLEST_NUMBER_OF_TITLES = 5
BAND_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Effects of one modifier's groups, before they are described one by one; arrays of shape (k,)."""

    name: str
    groups: tuple[str, ...]
    means: ClusteredMeans
    base: FloatArray
    n_cells: IntArray
    n_assets: IntArray
    n_titles: IntArray
    n_effective_assets: FloatArray
    n_effective_titles: FloatArray
    reported: IntArray


def group_effects_of(
    fit: DesignFit, estimand: Estimand, modifiers: Sequence[str], *, level: float = BAND_LEVEL, seed: int = 0
) -> tuple[GroupEffect, ...]:
    """Effects in every group of every modifier that has comparable artwork in at least 5 titles.

    Parameters
    ----------
    fit : DesignFit
    estimand : {"ATE", "ATT", "ATO", "slope"}
    modifiers : sequence of str
        Names of group labels, or crossings of them such as ``"genre x country"``; unknown single names are passed over.
    level : float
        At which the simultaneous intervals hold.
    seed : int
        Of the multipliers behind the simultaneous intervals.

    Returns
    -------
    tuple of GroupEffect
        Groups in alphabetical order within modifiers; q-values over all of them (Benjamini and Hochberg 1995);
        `shrunken_effect` partially pooled within the modifier (DerSimonian and Laird 1986); simultaneous intervals
        over the groups of a modifier (sup-t).
    """
    scores = fit.scores(estimand)
    labels = label_crossings(fit.sample.assignment.groups, modifiers)
    control = control_scores(fit.sample, fit.repetitions) if fit.is_binary else None
    carried = fit.carried(scores, estimand)
    families = [_group(fit, scores, control, carried, name, column) for name, column in labels.items()]
    found = [
        effect for family in families for effect in _describe(fit, estimand, family, level, np.random.default_rng(seed))
    ]
    q_values = adjust_p_values(np.array([group.estimate.p_value for group in found]))
    return tuple(replace(group, q_value=float(q)) for group, q in zip(found, q_values, strict=True))


def label_crossings(groups: Mapping[str, StringArray], modifiers: Sequence[str]) -> dict[str, StringArray]:
    """Labels of each modifier; ``"genre x country"`` joins those of genre and country as ``"Drama x Sweden"``.

    Raises
    ------
    NotIdentifiedError
        When a crossing names a modifier that has no labels.
    """
    labels: dict[str, StringArray] = {}
    for modifier in modifiers:
        if modifier in groups:
            labels[modifier] = groups[modifier]
        elif len(parts := modifier_parts(modifier)) > 1:
            for part in parts:
                if part not in groups:
                    hint = did_you_mean(part, groups) or f"; known: {', '.join(sorted(groups)) or 'none'}"
                    raise NotIdentifiedError(f"crossing {modifier!r}: {part!r} is not a modifier{hint}.")
            labels[modifier] = _join([groups[part] for part in parts])
    return labels


def _join(columns: Sequence[StringArray]) -> StringArray:
    """Joined labels, made once per pair of levels and not once per row."""
    joined = columns[0]
    for column in columns[1:]:
        (first, a), (second, b) = (np.unique(c.astype(str), return_inverse=True) for c in (joined, column))
        codes, of_row = np.unique(a * len(second) + b, return_inverse=True)
        names = [f"{first[code // len(second)]}{CROSS}{second[code % len(second)]}" for code in codes]
        joined = np.array(names, dtype=object)[of_row]
    return joined


def _group(
    fit: DesignFit, scores: Scores, control: Scores | None, carried: FloatArray, name: str, column: StringArray
) -> _Grouped:
    assignment = fit.sample.assignment
    groups, code = np.unique(column.astype(str), return_inverse=True)
    code = code.astype(np.int64)
    weights, title = assignment.weights, fit.clusters
    repeated = [
        clustered_means(a, b, weights, title, code, crossed=fit.crossed, clustered=fit.clustered)
        for a, b in zip(scores.numerator, scores.denominator, strict=True)
    ]
    effect, std_error = combine_repetitions(
        np.stack([means.effect for means in repeated]), np.stack([means.std_error for means in repeated])
    )
    fewest = np.min([means.degrees_of_freedom for means in repeated], axis=0)
    means = replace(repeated[0], effect=effect, std_error=std_error, degrees_of_freedom=fewest)
    usable = np.isfinite(std_error) & (means.n_titles >= SMALLEST_NUMBER_OF_TITLES)
    bases = [fit.sample.outcome] if control is None else list(control.numerator)
    mass = np.bincount(code, weights=weights)
    return _Grouped(
        name,
        tuple(str(group) for group in groups),
        means,
        np.median([np.bincount(code, weights=weights * base) / mass for base in bases], axis=0),
        np.bincount(code),
        count_members(assignment.asset, code),
        count_members(assignment.title, code),
        effective_number(carried, assignment.asset, code),
        effective_number(carried, title, code),
        np.flatnonzero(usable),
    )


def _describe(
    fit: DesignFit, estimand: Estimand, family: _Grouped, level: float, rng: np.random.Generator
) -> list[GroupEffect]:
    means, rows = family.means, family.reported
    if not len(rows):
        return []
    place = np.full(len(family.groups), -1)
    place[rows] = np.arange(len(rows))
    kept = place[means.pair_group] >= 0
    each = simultaneous_level(
        means.influence[kept], means.pair_title[kept], place[means.pair_group[kept]], level=level, rng=rng
    )
    low, high = bands(means.effect[rows], means.std_error[rows], means.degrees_of_freedom[rows], each)
    shrunken = pool_partially(means.effect[rows], means.std_error[rows])
    return [
        GroupEffect(
            modifier=family.name,
            group=family.groups[k],
            estimate=_estimate(fit, estimand, family, k),
            shrunken_effect=float(shrunken[i]),
            q_value=1.0,
            base_rate=float(family.base[k]),
            simultaneous_interval=(float(low[i]), float(high[i])),
        )
        for i, k in enumerate(rows)
    ]


def _estimate(fit: DesignFit, estimand: Estimand, family: _Grouped, k: int) -> EffectEstimate:
    means = family.means
    return EffectEstimate(
        estimand=estimand,
        design=fit.design,
        score="plr" if fit.design == "within" or estimand == "slope" else "aipw",
        effect=float(means.effect[k]),
        std_error=float(means.std_error[k]),
        degrees_of_freedom=float(means.degrees_of_freedom[k]),
        n_cells=int(family.n_cells[k]),
        n_assets=int(family.n_assets[k]),
        n_titles=int(family.n_titles[k]),
        n_effective_assets=float(family.n_effective_assets[k]),
        n_effective_titles=float(family.n_effective_titles[k]),
    )


def base_rate(fit: DesignFit) -> float:
    """Mean outcome without the component over the fit's cells; the mean outcome for a continuous treatment."""
    weights = fit.sample.assignment.weights
    if not fit.is_binary:
        return float(np.average(fit.sample.outcome, weights=weights))
    means = np.average(control_scores(fit.sample, fit.repetitions).numerator, axis=1, weights=weights)
    return float(np.median(means))


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
