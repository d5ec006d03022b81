"""An estimate made anew: the headline's design with the settings it was tuned to, and one thing changed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from artwork_insights.design.confounders import Confounders, FloatArray
from artwork_insights.design.folds import IntArray
from artwork_insights.design.learners import BoostingSettings, LearnerSettings
from artwork_insights.design.learners.cross_fitting import StackedSettings
from artwork_insights.design.learners.light_gbm import LightGBMSettings
from artwork_insights.design.learners.linear import LinearSettings
from artwork_insights.effects.design_fit import DesignFit, eligible_cells, fit_design
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.nuisances import Nuisances, Settings, fit_nuisances, fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.inquiry.pairs import MatchedArtworks, match_artworks
from artwork_insights.study import DesignName, Estimation, Learner, TrimRule

OTHER_CHANCE = 7919
"""Added to the seed for other folds and other learners' seeds."""
USUAL_LEAF_WEIGHT = 30.0


@dataclass(frozen=True, slots=True)
class Refit:
    """A design fitted anew and not yet trimmed, so that every rule can be tried on it.

    Attributes
    ----------
    sample : AnalysisSample of n cells
        That the design can use.
    design : str
    nuisances : Nuisances over the n cells
    """

    sample: AnalysisSample
    design: DesignName
    nuisances: Nuisances

    def fit(self, trim: TrimRule) -> DesignFit:
        """The fit under a trimming rule."""
        return fit_design(self.sample, self.design, (), trim=trim, seed=0, nuisances=[self.nuisances])


@dataclass(frozen=True)
class Remaker:
    """Makes the headline of one hypothesis anew, by its first repetition over fold seeds.

    What it has matched and what it has fitted without a block it remembers, so that nothing is made twice; a copy with
    another field remembers nothing.

    Attributes
    ----------
    fitted : FittedHypothesis
    settings : Estimation
    seed : int
        Of the hypothesis.
    """

    fitted: FittedHypothesis
    settings: Estimation
    seed: int
    _left_out: dict[str, Refit] = field(init=False, default_factory=dict, repr=False, compare=False)

    @property
    def baseline(self) -> EffectEstimate:
        """The headline by its first repetition alone: what a refit is held against."""
        fit = self.fitted.headline
        return replace(fit, repetitions=fit.repetitions[:1]).estimate(self.fitted.estimand)

    @cached_property
    def matched(self) -> MatchedArtworks | None:
        """Pairs among the headline's cells; None where there is nothing to pair."""
        return match_artworks(self.fitted, self.seed)

    def labels(self, *, other_chance: bool = False) -> IntArray:
        """Fold of each cell: the headline's, or others."""
        rng = np.random.default_rng(self.seed + (OTHER_CHANCE if other_chance else 0))
        return fold_labels(self.fitted.sample, self.settings.folds, self.settings.repeats, rng)[0]

    def again(
        self,
        sample: AnalysisSample | None = None,
        *,
        labels: IntArray | None = None,
        tuned: Settings | None = None,
        learner: Learner | None = None,
        other_chance: bool = False,
        for_plr: bool = False,
    ) -> Refit:
        """Fit the headline's design on a changed sample, with the tuned settings unless others are given."""
        headline = self.fitted.headline
        sample = self.fitted.sample if sample is None else sample
        labels = self.labels(other_chance=other_chance) if labels is None else labels
        eligible = eligible_cells(sample, headline.design)
        usable = sample.rows(eligible)
        dense = np.unique(labels[eligible], return_inverse=True)[1].astype(np.int64)
        seed = self.seed + (OTHER_CHANCE if other_chance else 0)
        chosen = tuned if learner is not None else tuned or headline.settings
        nuisances, _ = fit_nuisances(
            usable, headline.design, dense, seed, chosen, learner or self.settings.learner, for_plr=for_plr
        )
        return Refit(usable, headline.design, nuisances)

    def estimate(self, refit: Refit) -> EffectEstimate:
        """The headline's estimand under the headline's rule."""
        return refit.fit(self.settings.trim).estimate(self.fitted.estimand)

    def with_column(self, column: FloatArray, name: str) -> AnalysisSample:
        """All cells with one more confounder."""
        assignment = self.fitted.sample.assignment
        known = assignment.confounders
        wider = Confounders(np.column_stack([known.values, column]), (*known.names, name), (*known.blocks, name))
        return AnalysisSample(replace(assignment, confounders=wider), self.fitted.sample.outcome)

    def without(self, blocks: tuple[str, ...]) -> AnalysisSample:
        """All cells without some confounders."""
        assignment = self.fitted.sample.assignment
        fewer = assignment.confounders.without(blocks)
        return AnalysisSample(replace(assignment, confounders=fewer), self.fitted.sample.outcome)

    def leave_out(self, block: str) -> Refit:
        """The headline without one block of confounders."""
        if block not in self._left_out:
            linear = self.fitted.headline.design == "within" or self.fitted.estimand == "slope"
            self._left_out[block] = self.again(self.without((block,)), for_plr=linear)
        return self._left_out[block]


@dataclass(frozen=True, slots=True)
class OtherLearner:
    """A learner to try instead; tuned anew where `settings` is None."""

    name: str
    learner: Learner
    settings: Settings | None


def name_learner(learner: Learner) -> str:
    """A learner as a reader knows it."""
    return {
        "xgboost": "XGBoost", "lightgbm": "LightGBM", "linear": "linear", "lasso": "lasso",
        "random_forest": "random forest", "stacked": "several, stacked",
    }[learner]  # fmt: skip


def other_learners(settings: Settings | None, learner: Learner) -> tuple[OtherLearner, ...]:
    """A linear model and another boosting library, whichever the headline was not made with.

    The other library takes over the tuned learning rate and number of trees, and as many leaves as a tree of the tuned
    depth has (or as deep a tree as its leaves fill), so that nothing is tuned again.
    """
    found = []
    if learner not in ("linear", "lasso"):
        found.append(OtherLearner("linear", "linear", Settings(LinearSettings(), LinearSettings())))
    other: Learner = "xgboost" if learner == "lightgbm" else "lightgbm"
    translated = None
    if settings is not None:
        treatment, outcome = _translate(settings.treatment), _translate(settings.outcome)
        translated = Settings(treatment, outcome) if treatment is not None and outcome is not None else None
    found.append(OtherLearner(name_learner(other), other, translated))
    return tuple(found)


def _translate(settings: LearnerSettings) -> LearnerSettings | None:
    if isinstance(settings, StackedSettings):
        return dict(settings.members).get("lightgbm")
    if isinstance(settings, BoostingSettings):
        return LightGBMSettings(2**settings.max_depth, settings.learning_rate, settings.rounds)
    if isinstance(settings, LightGBMSettings):
        depth = max(1, math.ceil(math.log2(settings.num_leaves)))
        return BoostingSettings(depth, settings.learning_rate, USUAL_LEAF_WEIGHT, settings.rounds)
    return None
