"""What an estimate rests on, as diagnostics: overlap, quality of the models, and how many titles carry it."""

from __future__ import annotations

import numpy as np

from artwork_insights.design.assignment import Assignment
from artwork_insights.design.confounders import FloatArray, title_means
from artwork_insights.design.treatment_model import treatment_auc
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.inference import FEW_TITLES
from artwork_insights.effects.scores import Scores
from artwork_insights.effects.wild_bootstrap import wild_cluster_bootstrap
from artwork_insights.errors import NotIdentifiedError


def describe_estimate(fit: DesignFit, estimate: EffectEstimate, *, seed: int = 0) -> tuple[Diagnostic, ...]:
    """Diagnostics of one estimate, all for information; the verdict of a study is made elsewhere.

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
    r2 = held_out_r2(assignment, fit.sample.outcome, nuisances.outcome, absorbed=absorbed)
    words = f"The confounders predict {_share(r2)} of the outcome's variance in titles not seen."
    found.append(Diagnostic("outcome_r2", r2, None, None, words))
    found += _effective_numbers(estimate)
    scores = fit.partially_linear_scores() if estimate.score == "plr" else fit.scores(estimate.estimand)
    return (*found, *_bootstrap(fit, estimate, scores, seed))


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
    """The wild cluster bootstrap's p-value beside that of Student's t, of the repetition nearest to the estimate."""
    few = estimate.n_effective_titles is not None and estimate.n_effective_titles < FEW_TITLES
    if not (few and fit.clustered):
        return ()
    weights, rng = fit.sample.assignment.weights, np.random.default_rng(seed)
    effects = scores.numerator @ weights / (scores.denominator @ weights)
    middle = int(np.abs(effects - estimate.effect).argmin())
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
