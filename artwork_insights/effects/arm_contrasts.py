"""Contrasts of several arms: inside titles by the partially linear model, described and joined with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners import Learner
from artwork_insights.effects.arms import ArmContrast, ArmEffects, ArmMean, arm_pairs
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.inference import count_members, effective_number
from artwork_insights.effects.partially_linear import combine_slopes, fit_slopes
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.effects.scores import ClusteredMean
from artwork_insights.effects.simultaneous import bands, level_of_few, wald_test
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName

FEWEST_ASSETS = 10


def check_arm_sizes(sample: AnalysisSample, names: tuple[str, ...]) -> None:
    """Refuse arms that too few artworks are in to be modelled, before any model is fitted.

    Raises
    ------
    NotIdentifiedError
        Where an arm has fewer than 10 artworks; as many values as rows are no arms.
    """
    counts = count_members(sample.assignment.asset, sample.assignment.treatment.astype(np.int64))
    rare = [k for k, count in enumerate(counts) if count < FEWEST_ASSETS]
    if rare:
        others = f", as have {len(rare) - 1} further arms" if len(rare) > 1 else ""
        raise NotIdentifiedError(
            f"arm {names[rare[0]]!r} has {counts[rare[0]]} artworks, fewer than {FEWEST_ASSETS}{others}; "
            "merge arms (see cut_arms) or leave those rows out."
        )


def arms_of_title(sample: AnalysisSample, code: IntArray, n_arms: int) -> BoolArray:
    """Whether each cell's title has each arm; shape (n, k)."""
    title = sample.assignment.title
    counts = np.bincount(title * n_arms + code, minlength=(int(title.max()) + 1) * n_arms).reshape(-1, n_arms)
    return np.asarray((counts > 0)[title])


def describe_contrast(
    sample: AnalysisSample,
    design: DesignName,
    inside: BoolArray,
    mean: ClusteredMean,
    carried: FloatArray | None = None,
) -> EffectEstimate:
    """The estimate of one contrast over the cells `inside`, of shape (n,).

    `carried`, shape (n,), is what each cell's outcome weighs in it; without it no effective numbers are told.
    """
    assignment = sample.assignment
    one = np.zeros(int(inside.sum()), dtype=np.int64)
    asset, title = assignment.asset[inside], assignment.title[inside]
    effective = None if carried is None else carried[inside]
    return EffectEstimate(
        estimand="ATO" if design == "within" else "ATE",
        design=design,
        score="plr" if design == "within" else "aipw",
        effect=mean.effect,
        std_error=mean.std_error,
        degrees_of_freedom=mean.degrees_of_freedom,
        n_cells=len(one),
        n_assets=int(count_members(asset, one)[0]),
        n_titles=int(count_members(title, one)[0]),
        n_effective_assets=None if effective is None else float(effective_number(effective, asset, one)[0]),
        n_effective_titles=None
        if effective is None
        else float(effective_number(effective, assignment.block[inside], one)[0]),
    )


def contrast_inside_titles(
    sample: AnalysisSample,
    code: IntArray,
    names: tuple[str, ...],
    folds: Sequence[IntArray],
    *,
    seed: int,
    clustered: bool,
    learner: Learner,
) -> tuple[FloatArray, list[ArmContrast]]:
    """Covariance of the contrasts, shape (c, c), and the contrasts without their simultaneous intervals."""
    indicator = (code[:, None] == np.arange(1, len(names))).astype(np.float64)
    slopes = fit_slopes(sample, indicator, "within", folds, seed=seed, clustered=clustered, learner=learner)
    each = np.vstack([np.zeros(len(names) - 1), np.eye(len(names) - 1)])
    pairs = arm_pairs(len(names))
    found = combine_slopes(slopes, np.stack([each[arm] - each[versus] for arm, versus in pairs]))
    contrasts = []
    held = arms_of_title(sample, code, len(names))
    for i, (arm, versus) in enumerate(pairs):
        inside = held[:, arm] & held[:, versus]
        mean = ClusteredMean(
            float(found.effect[i]),
            float(found.std_error[i]),
            float(found.degrees_of_freedom[i]),
            0,
            0.0,
            np.empty(0),
        )
        estimate = describe_contrast(sample, "within", inside, mean)
        contrasts.append(ArmContrast(names[arm], names[versus], estimate, None))
    return found.covariance, contrasts


def join_contrasts(
    names: tuple[str, ...],
    design: DesignName,
    means: tuple[ArmMean, ...],
    contrasts: Sequence[ArmContrast],
    covariance: FloatArray,
    *,
    level: float,
    seed: int,
) -> ArmEffects:
    """Simultaneous intervals and the joint test, from the covariance of the identified contrasts, shape (c, c)."""
    estimates = [contrast.estimate for contrast in contrasts if contrast.estimate is not None]
    effect, std_error, freedom = (
        np.array([getattr(estimate, field) for estimate in estimates])
        for field in ("effect", "std_error", "degrees_of_freedom")
    )
    each = level_of_few(covariance, level=level, rng=np.random.default_rng(seed))
    low, high = bands(effect, std_error, freedom, each)
    intervals = ((float(a), float(b)) for a, b in zip(low, high, strict=True))
    joined = tuple(
        contrast if contrast.estimate is None else replace(contrast, simultaneous_interval=next(intervals))
        for contrast in contrasts
    )
    against = np.array([contrast.versus == names[0] for contrast in contrasts if contrast.estimate is not None])
    test = wald_test(effect[against], covariance[np.ix_(against, against)], float(freedom.min()))
    return ArmEffects(names, names[0], design, means, joined, test, level)
