r"""Cross-fitted models of treatment and outcome: what must be fitted but is not the question.

Under `mundlak` and `within` titles are absorbed. With f learned from other titles, title j gets the level
:math:`a_j` at which its predictions add up to what it shows:

.. math::

    \hat l_i = f(x_i) + a_{j(i)}, \quad a_j = \frac{\sum_{i \in j} w_i (y_i - f(x_i))}{\sum_{i \in j} w_i}
    \qquad \text{and} \qquad
    \hat p_i = \Lambda(f(x_i) + a_{j(i)}), \quad \sum_{i \in j} w_i (t_i - \hat p_i) = 0,

:math:`\Lambda` the logistic function. So every weighted title mean of a residual is zero before cells are trimmed, as
it is where residuals are demeaned.

Linear learners get levels only where they predict. With weights as unequal as log-normal ones, the title's treated
share among their inputs then carries much of a heavy artwork's own treatment: in 20 draws of 5,000 titles of 5 artworks
the partially linear estimate under `mundlak` lay .2 to .4 standard errors above that under `within`. Boosted trees,
which know the levels while they grow, lay .1 below in 8 draws; the doubly robust estimates were off by less than .1.

Sources: Mundlak (1978), On the pooling of time series and cross section data, for conditioning on what a title shows;
Chamberlain (1980), Analysis of covariance with qualitative data, for levels of a logit with few observations each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import IntArray, assign_title_folds, encode_titles, splits
from artwork_insights.design.learners import Features, Learner, LearnerSettings, cross_fit, tune
from artwork_insights.design.learners.side_by_side import side_by_side
from artwork_insights.design.reading import check_count
from artwork_insights.design.treatment_model import fit_treatment_model, treatment_problem
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName


@dataclass(frozen=True, slots=True)
class Settings:
    """Tuned settings of both models; tuned once per hypothesis and reused by every design, fold and repetition."""

    treatment: LearnerSettings
    outcome: LearnerSettings


@dataclass(frozen=True, slots=True)
class Nuisances:
    """Out-of-fold predictions of one repetition.

    Attributes
    ----------
    treatment : array of shape (n,)
        Propensity, or expected treatment.
    outcome : array of shape (n,)
        Expected outcome given confounders, whatever the treatment.
    outcome_control, outcome_treated : arrays of shape (n,)
        Expected outcome without and with the component; both equal `outcome` for a continuous treatment.
    """

    treatment: FloatArray
    outcome: FloatArray
    outcome_control: FloatArray
    outcome_treated: FloatArray

    def rows(self, keep: npt.NDArray[np.bool_]) -> Nuisances:
        """Select rows."""
        return Nuisances(
            self.treatment[keep], self.outcome[keep], self.outcome_control[keep], self.outcome_treated[keep]
        )


def check_given(
    nuisances: Sequence[Nuisances], sample: AnalysisSample, needed: npt.NDArray[np.bool_]
) -> Sequence[Nuisances]:
    """Let predictions made elsewhere through where they fit the cells.

    Parameters
    ----------
    nuisances : sequence of Nuisances over the n cells of `sample`
    needed : array of shape (n,), bool
        Cells whose predictions must be numbers.

    Raises
    ------
    NotIdentifiedError
        Where there are none, their length differs, one is missing, or a propensity is not between 0 and 1.
    """
    if not nuisances:
        raise NotIdentifiedError("no predictions were given; give one set for each repetition.")
    for one in nuisances:
        for name in ("treatment", "outcome", "outcome_control", "outcome_treated"):
            values = np.asarray(getattr(one, name))
            if values.shape != sample.outcome.shape:
                raise NotIdentifiedError(
                    f"the given predictions {name!r} have shape {values.shape}; the outcome has {sample.outcome.shape}."
                )
            if not np.isfinite(values[needed]).all():
                missing = int((~np.isfinite(values[needed])).sum())
                raise NotIdentifiedError(f"the given predictions {name!r} are missing in {missing} rows that need one.")
    return nuisances


def fold_labels(
    sample: AnalysisSample, folds: int | npt.ArrayLike, repeats: int, rng: np.random.Generator
) -> list[IntArray]:
    """Grouped folds for each repetition, or the labels given, as they are.

    Raises
    ------
    NotIdentifiedError
        When labels are given for several repetitions, have another length, or split a title.
    """
    block = sample.assignment.block  # titles, or several joined by near-identical artwork
    check_count("repeats", repeats, 1)
    given = np.asarray(folds)
    if given.ndim == 0:
        return [assign_title_folds(block, check_count("folds", given.item(), 2), rng) for _ in range(repeats)]
    if given.shape != block.shape or pd.isna(given).any() or repeats != 1:
        raise NotIdentifiedError("fold labels need one label per row and repeats=1.")
    labels = encode_titles(folds)
    if splits(block, labels):
        raise NotIdentifiedError("the fold labels split a title over folds; give all artworks of a title one label.")
    return [labels]


def fit_nuisances(
    sample: AnalysisSample,
    design: DesignName,
    folds: IntArray,
    seed: int,
    settings: Settings | None = None,
    learner: Learner = "xgboost",
    *,
    for_plr: bool = True,
    features: Features | None = None,
) -> tuple[Nuisances, Settings]:
    """Fit both models under a design; tune them first where no settings are given.

    The outcome of a condition is modelled with the treatment among the inputs and predicted for both of its values, so
    that the augmented score is doubly robust; and once more without it, as the partially linear model asks, so that a
    gap between the two tells of a model that does not fit. Without `for_plr` that one is not fitted and the mean of the
    other two at the propensity takes its place: enough, and faster, where only the augmented score is asked for.
    `features`, of `design_features`, are made here where they are not given; repetitions share them.

    Under `mundlak` and `within` titles are absorbed: the level of a title is the mean residual of its own cells. That
    uses the outcomes of the title as a fixed effect does: given the treated share, which both designs condition on, the
    level does not depend on which of its artworks were treated where cells weigh the same, and little where not.
    Without it, an unobserved title quality would stay in the residuals and, divided by small propensities, swamp the
    effect.
    """
    assignment = sample.assignment
    to_predict = treatment_problem(assignment, design, features)
    arms = assignment.is_binary and design != "within"
    plain = replace(to_predict, target=sample.outcome, objective="squared_error")
    problem = replace(plain, treatment=assignment.treatment) if arms else plain
    if settings is None:
        to_tune = [(to_predict, folds, seed, learner), (problem, folds, seed + 1, learner)]
        settings = Settings(*side_by_side(lambda one: tune(*one), to_tune))
    of_treatment, of_outcome, shared = settings.treatment, settings.outcome, to_predict.features
    fits = [lambda: [fit_treatment_model(assignment, design, folds, seed, of_treatment, learner, shared).prediction]]
    if for_plr or not arms:
        fits.append(lambda: cross_fit(plain, folds, of_outcome, seed + 2))
    if arms:
        fits.append(lambda: cross_fit(problem, folds, of_outcome, seed + 1, (0.0, 1.0)))
    (p,), *found = side_by_side(lambda fit: fit(), fits)
    if not arms:
        return Nuisances(p, *found[0] * 3), settings
    _, control, treated = found[-1]
    outcome = found[0][0] if for_plr else p * treated + (1 - p) * control
    return Nuisances(p, outcome, control, treated), settings


def fit_arm(
    sample: AnalysisSample,
    design: DesignName,
    folds: IntArray,
    seed: int,
    treatment_settings: LearnerSettings | None,
    outcome_settings: LearnerSettings | None,
    learner: Learner = "xgboost",
) -> tuple[FloatArray, FloatArray, Settings]:
    """Propensity of one arm and expected outcome in it, shape (n,) each; tuned first where no settings are given.

    `sample` has the arm's indicator as its treatment. Titles are absorbed as in `fit_nuisances`.
    """
    assignment = sample.assignment
    model = fit_treatment_model(assignment, design, folds, seed, treatment_settings, learner)
    problem = replace(model.problem, target=sample.outcome, objective="squared_error", treatment=assignment.treatment)
    chosen = outcome_settings or tune(problem, folds, seed + 1, learner)
    _, expected = cross_fit(problem, folds, chosen, seed + 1, arms=(1.0,))
    return model.prediction, expected, Settings(model.settings, chosen)
