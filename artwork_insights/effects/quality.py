"""What an estimate rests on, as diagnostics: overlap, quality of the models, and how many titles carry it."""

from __future__ import annotations

import numpy as np

from artwork_insights.design.assignment import Assignment
from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.design.embedding_guard import SMALLEST_VARIANCE_LEFT, explain_encoding, guard_treatment
from artwork_insights.design.treatment_model import treatment_auc
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.design_fit import DesignFit, eligible_cells
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.inference import FEW_TITLES
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import Scores, nearest_repetition
from artwork_insights.effects.two_way import clusterings
from artwork_insights.effects.wild_bootstrap import wild_cluster_bootstrap
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName

MOST_BLOCKS = 12


def describe_estimate(fit: DesignFit, estimate: EffectEstimate, *, seed: int = 0) -> tuple[Diagnostic, ...]:
    """Diagnostics of one estimate, for information; the verdict of a study is made elsewhere.

    One has a limit: where less than 5 % of the treatment's variance is left, what is learnt from it is noise.

    Parameters
    ----------
    fit : DesignFit
    estimate : EffectEstimate
        Made from `fit`.
    seed : int
        Of the wild cluster bootstrap, which is run where few titles carry the estimate.
    """
    assignment, nuisances = fit.sample.assignment, fit.repetitions[0]
    absorbed = fit.design != "pooled"
    found = []
    if fit.is_binary and fit.design != "within":
        found += [*_overlap(fit), _auc(assignment, nuisances.treatment)]
    else:
        r2 = held_out_r2(assignment, assignment.treatment, nuisances.treatment, absorbed=absorbed)
        words = f"The confounders predict {_share(r2)} of the treatment's variance in titles not seen."
        found.append(Diagnostic("treatment_r2", r2, None, None, words))
    found += [_variance_left(fit), *_identification(fit)]
    r2 = held_out_r2(assignment, fit.sample.outcome, nuisances.outcome, absorbed=absorbed)
    words = f"The confounders predict {_share(r2)} of the outcome's variance in titles not seen."
    found.append(Diagnostic("outcome_r2", r2, None, None, words))
    found += _effective_numbers(estimate)
    scores = fit.partially_linear_scores() if estimate.score == "plr" else fit.scores(estimate.estimand)
    return (*found, *_bootstrap(fit, estimate, scores, seed))


def name_encoding(sample: AnalysisSample, design: DesignName, seed: int) -> str:
    """Which confounders encode the treatment, as the end of a sentence; empty where none does, or too many are asked.

    The treatment is predicted without each confounder and from each one alone, by a cheap model; with more than 12
    confounders that is no longer cheap.
    """
    if not 0 < len(set(sample.assignment.confounders.blocks)) <= MOST_BLOCKS:
        return ""
    try:
        eligible = sample.rows(eligible_cells(sample, design))
        return explain_encoding(guard_treatment(eligible.assignment, design, seed=seed))
    except NotIdentifiedError:  # fewer titles than folds
        return ""


def _variance_left(fit: DesignFit) -> Diagnostic:
    left = fit.variance_left
    passed = left >= SMALLEST_VARIANCE_LEFT
    reason = "" if passed else f"; {fit.encoding}" if fit.encoding else ": the confounders encode it."
    words = f"{left:.0%} of the treatment's variation is left after adjusting{reason or '.'}"
    return Diagnostic("treatment_variance_left", left, SMALLEST_VARIANCE_LEFT, passed, words)


def _identification(fit: DesignFit) -> list[Diagnostic]:
    """How many titles a design that compares inside titles can use."""
    if fit.design == "pooled":
        return []
    varying, given = fit.n_titles_eligible, fit.n_titles_given
    words = f"{varying:,} of {given:,} titles vary in the treatment; the estimate speaks of titles that do."
    return [Diagnostic("identification", varying / given, None, None, words)]


def held_out_r2(assignment: Assignment, target: FloatArray, prediction: FloatArray, *, absorbed: bool) -> float:
    """Share of the target's variance that out-of-fold predictions explain; negative where they mislead.

    Where titles are absorbed, their own levels are taken out of target and prediction alike first.
    """
    weights = assignment.weights
    if absorbed:
        means = title_means(np.column_stack([target, prediction]), assignment.title, weights)
        target, prediction = target - means[:, 0], prediction - means[:, 1]
    spread = np.average((target - np.average(target, weights=weights)) ** 2, weights=weights)
    return float(1 - np.average((target - prediction) ** 2, weights=weights) / spread) if spread > 0 else 0.0


def _share(r2: float) -> str:
    return f"{max(r2, 0.0):.0%}"


def _overlap(fit: DesignFit) -> list[Diagnostic]:
    inside = fit.propensity[fit.keep]
    low, high = float(inside.min()), float(inside.max())
    trimmed = 1 - float(fit.keep.sum() / fit.eligible.sum())
    return [
        Diagnostic(
            "smallest_propensity", min(low, 1 - high), None, None, f"Propensities run from {low:.3f} to {high:.3f}."
        ),
        Diagnostic(
            "share_trimmed",
            trimmed,
            None,
            None,
            f"{trimmed:.1%} of the cells that the design can use are left out for want of comparable artwork.",
        ),
    ]


def _auc(assignment: Assignment, propensity: FloatArray) -> Diagnostic:
    auc = treatment_auc(assignment, propensity)
    words = f"The treatment model ranks a treated artwork above an untreated one {auc:.0%} of the time (AUC)."
    return Diagnostic("treatment_auc", auc, None, None, words)


def _effective_numbers(estimate: EffectEstimate) -> list[Diagnostic]:
    pairs = (
        ("assets", estimate.n_effective_assets, estimate.n_assets),
        ("titles", estimate.n_effective_titles, estimate.n_titles),
    )
    return [
        Diagnostic(
            f"effective_{name}", value, None, None, f"The estimate rests on as much as {value:,.0f} of {n:,} {name}."
        )
        for name, value, n in pairs
        if value is not None
    ]


def _bootstrap(fit: DesignFit, estimate: EffectEstimate, scores: Scores, seed: int) -> tuple[Diagnostic, ...]:
    """The wild cluster bootstrap's p-value beside that of Student's t, of the repetition nearest to the estimate.

    It has one multiplier for each title, so it is left out where errors are clustered by country too.
    """
    if not fit.clustered or len(clusterings(fit.clusters, fit.crossed)) > 1:
        return ()
    titles = fit.average(scores).n_effective_titles
    if min(titles, titles if estimate.n_effective_titles is None else estimate.n_effective_titles) >= FEW_TITLES:
        return ()
    weights, rng = fit.sample.assignment.weights, np.random.default_rng(seed)
    middle = nearest_repetition(scores, weights, estimate.effect)
    try:
        wild = wild_cluster_bootstrap(
            scores.numerator[middle], scores.denominator[middle], weights, fit.clusters, rng=rng
        )
    except NotIdentifiedError:
        return ()
    low, high = wild.interval
    words = (
        f"With few titles, a wild cluster bootstrap ({wild.distribution}) gives the 95 % interval {low:.4g} to "
        f"{high:.4g} and p = {wild.p_value:.3f}."
    )
    return (Diagnostic("wild_cluster_bootstrap", wild.p_value, None, None, words),)
