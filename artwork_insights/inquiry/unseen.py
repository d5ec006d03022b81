"""Unseen confounding of one fitted hypothesis: bounds over the headline's own scores, yardsticks, E-values, pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from artwork_insights.design.confounders import FloatArray, constant_blocks, title_means
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.effects.groups import base_rate
from artwork_insights.effects.nuisances import Nuisances
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.inquiry.pairs import bound_hidden_bias, judge_hidden_bias
from artwork_insights.inquiry.refits import Refit, Remaker
from artwork_insights.sensitivity.bias_scores import BiasScores, Predictions, bias_scores
from artwork_insights.sensitivity.e_value import EValue, e_value_of_difference, e_value_of_omission, e_value_of_slope
from artwork_insights.sensitivity.observed_confounders import (
    ConfounderBenchmark,
    ConfounderStrength,
    gains_of,
    measure_confounders,
)
from artwork_insights.sensitivity.omitted_variables import bound_beside, bounds_of, contour_of
from artwork_insights.sensitivity.robustness import Robustness, benchmark_bound, equal_strength
from artwork_insights.sensitivity.unseen import UnseenConfounding

MOST_REFITS = 4
"""Blocks of confounders that are left out of refitted models; the others are measured in linear models."""
LARGEST_STRENGTH = 0.95
SMALLEST_AXIS = 0.02
DEFAULT_STRENGTH = 0.03


@dataclass(frozen=True, slots=True)
class UnseenEvidence:
    """What `examine_unseen` found.

    Attributes
    ----------
    confounding : UnseenConfounding
    robustness : Robustness
    e_value : EValue or None
        None where the effect is no risk ratio, e.g. larger than the base rate.
    diagnostics : tuple of Diagnostic
    """

    confounding: UnseenConfounding
    robustness: Robustness
    e_value: EValue | None
    diagnostics: tuple[Diagnostic, ...]


def examine_unseen(maker: Remaker, estimate: EffectEstimate, component: str, *, is_rate: bool) -> UnseenEvidence:
    """Ask in several ways how strong something unseen would have to be.

    Parameters
    ----------
    maker : Remaker
        Of the fitted hypothesis.
    estimate : EffectEstimate
        Its headline.
    component : str
        The treatment in words.
    is_rate : bool
        Whether the outcome is a take rate, of which risk ratios can be made directly.
    """
    fitted, settings, matched = maker.fitted, maker.settings, maker.matched
    fit = fitted.headline
    level = (1 + settings.level) / 2  # one-sided, so that without confounding the limit is the interval's
    scores = scores_of(fit, fitted.estimand, fit.repetitions)
    ratios = _Ratios.of(fit, scores, is_rate)
    e_value = ratios.e_value(estimate, settings.level)
    benchmarks = _benchmarks(maker, scores, level, ratios, e_value)
    outcome, treatment = _strongest(benchmarks)
    bounds = bounds_of(scores, outcome, treatment, level=level)
    shape = abs(bounds.effect) / bounds.largest_bias if bounds.largest_bias > 0 else 0.0
    robustness = Robustness(
        shape**2 / (1 + shape**2), bounds.robustness_value, bounds.robustness_value_alpha, 1 - settings.level
    )
    contour = contour_of(scores, *_axes(benchmarks, bounds.robustness_value), level=level)
    hidden = None if matched is None else bound_hidden_bias(fitted, matched.pairs, estimate.effect, settings.level)
    confounding = UnseenConfounding(
        bounds, contour, benchmarks, hidden, None if hidden is None or matched is None else matched.shared
    )
    diagnostics = () if hidden is None else (judge_hidden_bias(hidden, component),)
    return UnseenEvidence(confounding, robustness, e_value, diagnostics)


def scores_of(fit: DesignFit, estimand: Estimand, repetitions: tuple[Nuisances, ...]) -> BiasScores:
    """Scores of the estimate and of its largest bias, over the cells of the fit, from these predictions."""
    sample, assignment = fit.sample, fit.sample.assignment
    linear = fit.design == "within" or estimand == "slope"
    if fit.design == "within":
        repetitions = tuple(_with_title_levels(fit, one) for one in repetitions)
    predictions = [
        Predictions(one.treatment, one.outcome, one.outcome_control, one.outcome_treated) for one in repetitions
    ]
    weights = assignment.weights / assignment.weights.mean()
    return bias_scores(
        sample.outcome, assignment.treatment, predictions, "plr" if linear else "ATE", weights, fit.clusters,
        crossed=fit.crossed, clustered=fit.clustered,
    )  # fmt: skip


def _with_title_levels(fit: DesignFit, one: Nuisances) -> Nuisances:
    """Predictions that also know each title's mean residual, as the scores of `within` do."""
    assignment = fit.sample.assignment

    def level(left: FloatArray) -> FloatArray:
        return title_means(left, assignment.title, assignment.weights)

    outcome = one.outcome + level(fit.sample.outcome - one.outcome)
    return replace(one, treatment=one.treatment + level(assignment.treatment - one.treatment), outcome=outcome)


def _benchmarks(
    maker: Remaker,
    scores: BiasScores,
    level: float,
    ratios: _Ratios,
    e_value: EValue | None,
) -> tuple[ConfounderBenchmark, ...]:
    """Each block of confounders as a point of the contour: the strongest by gains, the others linear; strongest first.

    The refits share folds, seeds and settings with the first repetition, and are held against it alone.
    """
    fitted = maker.fitted
    fit = fitted.headline
    strengths = confounder_strengths(fitted)
    refits = _leave_out(maker, [strength.confounder for strength in strengths])
    found = []
    first = scores_of(fit, fitted.estimand, fit.repetitions[:1])
    for strength in strengths:
        if strength.confounder not in refits:
            found.append(_linear_benchmark(strength, scores, level))
            continue
        without = refits[strength.confounder].nuisances.rows(fit.keep[fit.eligible])
        short = scores_of(fit, fitted.estimand, (without,))
        gains = gains_of(first, short)
        found.append(_placed(strength.confounder, gains.strength_treatment, gains.strength_outcome, scores, level))
        moved = short.moved(0.0)
        estimate = replace(
            fit.estimate(fitted.estimand), effect=moved.effect, std_error=moved.std_error,
            degrees_of_freedom=moved.degrees_of_freedom,
        )  # fmt: skip
        other = ratios.e_value(estimate, maker.settings.level)
        yardstick = None if e_value is None or other is None else e_value_of_omission(e_value, other)
        found[-1] = replace(found[-1], rho=gains.rho, effect_without=moved.effect, e_value=yardstick)
    return tuple(sorted(found, key=lambda one: (-one.equal_strength, one.confounder)))


def confounder_strengths(fitted: FittedHypothesis) -> tuple[ConfounderStrength, ...]:
    """Partial R2 of each block, strongest first; of what differs inside titles where the design compares there."""
    sample = fitted.headline.sample
    assignment = sample.assignment
    confounders = assignment.confounders
    within = fitted.headline.design != "pooled"
    if within:  # what does not differ between the artworks of a title is swept out
        confounders = confounders.without(("country", *constant_blocks(confounders, assignment.title)))
    if not confounders.names:
        return ()
    return measure_confounders(
        sample.outcome,
        assignment.treatment,
        confounders.values,
        confounders.blocks,
        weights=assignment.weights,
        absorb=assignment.title if within else None,
    )


def _leave_out(maker: Remaker, blocks: Sequence[str]) -> dict[str, Refit]:
    """The headline's models fitted again without each of the strongest blocks; none where nothing else is known."""
    known = set(maker.fitted.sample.assignment.confounders.blocks)
    if maker.fitted.headline.settings is None or len(known) < 2:
        return {}
    return {block: maker.leave_out(block) for block in blocks[:MOST_REFITS]}


def _linear_benchmark(strength: ConfounderStrength, scores: BiasScores, level: float) -> ConfounderBenchmark:
    try:
        treatment, outcome = benchmark_bound(strength.partial_r2_treatment, strength.partial_r2_outcome)
    except (NotIdentifiedError, ZeroDivisionError):
        treatment, outcome = 1.0, 1.0
    return replace(_placed(strength.confounder, treatment, outcome, scores, level), method="linear")


def _placed(name: str, treatment: float, outcome: float, scores: BiasScores, level: float) -> ConfounderBenchmark:
    """A benchmark with what the effect would be beside it."""
    if treatment >= 1:
        return ConfounderBenchmark(name, 1.0, outcome, 1.0, None, None, "gains")
    effect, limit = bound_beside(scores, outcome, treatment, level)
    equal = equal_strength(outcome * treatment / (1 - treatment))
    return ConfounderBenchmark(name, treatment, outcome, equal, effect, limit, "gains")


def _strongest(benchmarks: tuple[ConfounderBenchmark, ...]) -> tuple[float, float]:
    """Strength with outcome and with treatment of the strongest benchmark."""
    if not benchmarks:
        return DEFAULT_STRENGTH, DEFAULT_STRENGTH
    one = benchmarks[0]
    return min(one.strength_outcome, LARGEST_STRENGTH), min(one.strength_treatment, LARGEST_STRENGTH)


def _axes(benchmarks: tuple[ConfounderBenchmark, ...], robustness_value: float) -> tuple[float, float]:
    """Largest strengths that the contour shows: room for the robustness value and for every benchmark."""
    found = []
    for strengths in (
        [one.strength_outcome for one in benchmarks],
        [one.strength_treatment for one in benchmarks],
    ):
        largest = max(1.35 * robustness_value, 1.2 * max(strengths, default=0.0), SMALLEST_AXIS)
        found.append(min(largest, LARGEST_STRENGTH))
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class _Ratios:
    """How an effect of this hypothesis becomes a risk ratio.

    `base` is the base rate of a rate, else the SD of the outcome given treatment and confounders; `step` is 1 for a
    condition and one SD for a continuous treatment.
    """

    is_rate: bool
    base: float
    step: float
    words: str

    @classmethod
    def of(cls, fit: DesignFit, scores: BiasScores, is_rate: bool) -> _Ratios:
        assignment = fit.sample.assignment
        step = 1.0
        compared = "with the component over without it"
        if not fit.is_binary:
            mean = np.average(assignment.treatment, weights=assignment.weights)
            step = float(np.sqrt(np.average((assignment.treatment - mean) ** 2, weights=assignment.weights)))
            compared = f"for one standard deviation more of the component ({step:.3g}), a straight line taken as true"
        if is_rate:
            return cls(True, base_rate(fit), step, f"chance of a take, {compared}")
        spread = float(np.sqrt(np.median(scores.outcome_variance)))
        return cls(False, spread, step, f"approximation from standard deviations, {compared}")

    def e_value(self, estimate: EffectEstimate, level: float) -> EValue | None:
        low, high = (self.step * limit for limit in estimate.interval(level))
        try:
            found = (
                e_value_of_difference(self.step * estimate.effect, low, high, self.base)
                if self.is_rate
                else e_value_of_slope(estimate.effect, estimate.std_error, self.base, step=self.step)
            )
        except NotIdentifiedError:
            return None
        return replace(found, scale=self.words)
