"""Stress tests of one hypothesis inside a run: what must not move its estimate, and what must show nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
from scipy import stats

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.cells import Cells
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.inquiry.null_effects import find_null_effects
from artwork_insights.inquiry.refits import Refit, Remaker
from artwork_insights.inquiry.specifications import draw_specifications
from artwork_insights.inquiry.unseen import MOST_REFITS, confounder_strengths
from artwork_insights.sensitivity.stress.halves import SplitHalves, split_controls, split_diagnostic, split_halves
from artwork_insights.sensitivity.stress.movement import (
    Movement,
    add_noise_per_asset,
    leave_one_block_out_diagnostic,
    plant_confounder,
    random_common_cause_diagnostic,
    zero_confounder_diagnostic,
)
from artwork_insights.sensitivity.stress.null_effects import null_effect_diagnostic
from artwork_insights.sensitivity.stress.result import Stress
from artwork_insights.sensitivity.stress.specification import specification_curve_diagnostic
from artwork_insights.sensitivity.stress.stability import (
    SUBSET_SHARE,
    Carriers,
    SubsetStability,
    draw_subset,
    find_carriers,
    measure_stability,
    subset_stability_diagnostic,
)
from artwork_insights.study import Checks, Hypothesis

SPLITS = 400


def stress_hypothesis(
    cells: Cells,
    hypothesis: Hypothesis,
    maker: Remaker,
    checks: Checks,
) -> tuple[Stress, tuple[Diagnostic, ...]]:
    """Attack the headline of a fitted hypothesis.

    With ``checks.subsets`` of 0 nothing is fitted anew but what the report needs: the headline without confounders that
    the component may have changed.
    """
    fitted, seed = maker.fitted, maker.seed
    before = maker.baseline
    refits = checks.subsets > 0
    other = refit_with_zero_confounder(maker) if refits else None
    left_out = leave_blocks_out(maker) if refits else {}
    sensitive = fitted.assigned.sensitive
    without = dict(left_out) | ({sensitive: maker.again(maker.without(sensitive))} if sensitive else {})
    found = Stress(
        curve=draw_specifications(maker, other, without),
        halves=compare_halves(fitted, seed),
        null_effects=find_null_effects(cells, hypothesis, maker, checks),
        random_cause=add_random_cause(maker, before) if refits else None,
        zero_confounder=_move("other random numbers", before, maker.estimate(other)) if other else None,
        without_blocks=tuple(
            _move(f"without {', '.join(blocks)}", before, maker.estimate(refit)) for blocks, refit in left_out.items()
        ),
        subsets=estimate_subsets(maker, before, checks.subsets),
        carriers=_carriers(fitted),
    )
    return found, judge_stress(found, before, maker.settings.level)


def judge_stress(found: Stress, before: EffectEstimate, level: float) -> tuple[Diagnostic, ...]:
    """The diagnostics of all stress tests, in a fixed order."""
    critical = float(stats.t.ppf(0.5 + level / 2, before.degrees_of_freedom))
    return (
        *(null_effect_diagnostic(one) for one in found.null_effects),
        split_diagnostic(found.halves),
        random_common_cause_diagnostic(found.random_cause),
        zero_confounder_diagnostic(found.zero_confounder),
        subset_stability_diagnostic(found.subsets, found.carriers),
        leave_one_block_out_diagnostic(found.without_blocks, critical),
        specification_curve_diagnostic(found.curve),
    )


def _move(change: str, before: EffectEstimate, after: EffectEstimate) -> Movement:
    return Movement(change, before.effect, after.effect, before.std_error, after.std_error)


def refit_with_zero_confounder(maker: Remaker) -> Refit | None:
    """The headline anew, with a hidden cause of strength zero and all other random numbers drawn again."""
    sample = maker.fitted.sample
    assignment = sample.assignment
    treatment, outcome, _ = plant_confounder(
        assignment.treatment,
        sample.outcome,
        assignment.asset,
        strength_treatment=0.0,
        strength_outcome=0.0,
        seed=maker.seed,
    )
    planted = AnalysisSample(replace(assignment, treatment=treatment), outcome)
    return maker.again(planted, other_chance=True)


def add_random_cause(maker: Remaker, before: EffectEstimate, draw: int = 0) -> Movement:
    """The headline with one more confounder, a number drawn at random for each artwork."""
    column = add_noise_per_asset(maker.fitted.sample.assignment.asset, maker.seed + draw)
    after = maker.estimate(maker.again(maker.with_column(column, "random number")))
    return _move("with a random number as a confounder", before, after)


def leave_blocks_out(maker: Remaker) -> Mapping[tuple[str, ...], Refit]:
    """The headline without each of the strongest observed confounders."""
    strongest = confounder_strengths(maker.fitted)[:MOST_REFITS]
    return {(one.confounder,): maker.leave_out(one.confounder) for one in strongest}


def estimate_subsets(maker: Remaker, before: EffectEstimate, n_subsets: int) -> SubsetStability | None:
    """The headline on random subsets of the titles; None where a subset does not identify it."""
    sample, labels = maker.fitted.sample, maker.labels()
    rng = np.random.default_rng(maker.seed)
    effects = []
    for _ in range(n_subsets):
        kept = draw_subset(sample.assignment.block, SUBSET_SHARE, rng)
        try:
            refit = maker.again(sample.rows(kept), labels=labels[kept])
            effects.append(maker.estimate(refit).effect)
        except NotIdentifiedError:  # too few titles are left that vary
            return None
    return measure_stability(effects, before.effect, before.std_error) if effects and before.std_error > 0 else None


def _carriers(fitted: FittedHypothesis) -> Carriers | None:
    fit = fitted.headline
    scores, assignment = fit.scores(fitted.estimand), fit.sample.assignment
    try:
        return find_carriers(
            scores.numerator[0], scores.denominator[0], assignment.title, assignment.groups, assignment.weights
        )
    except NotIdentifiedError:
        return None


def compare_halves(fitted: FittedHypothesis, seed: int) -> tuple[SplitHalves, ...]:
    """A/A tests of the titles, by the scores of the headline, and of the artworks without the component."""
    fit = fitted.headline
    assignment = fit.sample.assignment

    def of_titles() -> SplitHalves:
        scores = fit.scores(fitted.estimand)
        return split_halves(
            scores.numerator[0], scores.denominator[0], assignment.block,
            weights=assignment.weights, splits=SPLITS, seed=seed,
        )  # fmt: skip

    def of_controls() -> SplitHalves:
        residual = fit.sample.outcome - fit.repetitions[0].outcome_control
        return split_controls(
            residual, assignment.treatment, assignment.asset, assignment.title, assignment.weights,
            splits=SPLITS, seed=seed,
        )  # fmt: skip

    kinds = [of_titles, of_controls] if fit.is_binary and fit.design != "pooled" else [of_titles]
    found = []
    for kind in kinds:
        with suppress(NotIdentifiedError):  # too few titles: the check says that it was not made
            found.append(kind())
    return tuple(found)
