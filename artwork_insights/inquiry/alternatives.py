"""The headline made in other ways, beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from artwork_insights.design.assignment import Assignment
from artwork_insights.effects.design_fit import fit_design
from artwork_insights.effects.estimates import NamedEstimate
from artwork_insights.effects.nuisances import fold_labels
from artwork_insights.effects.sample import AnalysisSample
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.study import Estimation


def alternative_estimates(fitted: FittedHypothesis, settings: Estimation, seed: int) -> tuple[NamedEstimate, ...]:
    """The headline made in other ways: equal weights, the partially linear model, without sensitive confounders."""
    fit = fitted.headline
    assignment = fitted.sample.assignment
    equal = replace(assignment, weights=np.ones_like(assignment.weights))
    words = "Every row counts the same, however often the artwork was shown."
    found = [] if (assignment.weights == 1).all() else [_refit(fitted, equal, "equal weights", words, settings, seed)]
    if fit.is_binary and fit.design != "within":
        plr = "The partially linear model: one effect for all, weighted towards artwork that could have been either."
        ato = "The doubly robust score over the same overlap; a gap to the line above means a model does not fit."
        found.append(NamedEstimate("partially linear (ATO)", fit.estimate("ATO", plr=True), plr))
        found.append(NamedEstimate("doubly robust (ATO)", fit.estimate("ATO"), ato))
    if fitted.assigned.sensitive:
        sensitive = fitted.assigned.sensitive
        lighter = replace(assignment, confounders=assignment.confounders.without(sensitive))
        words = "Leaves out what a face in the artwork changes by itself."
        found.append(_refit(fitted, lighter, f"without {', '.join(sensitive)}", words, settings, seed))
    return tuple(found)


def _refit(
    fitted: FittedHypothesis, assignment: Assignment, name: str, words: str, settings: Estimation, seed: int
) -> NamedEstimate:
    """The headline's design fitted anew on a changed assignment, with the tuned settings."""
    sample = AnalysisSample(assignment, fitted.sample.outcome)
    folds = fold_labels(sample, settings.folds, settings.repeats, np.random.default_rng(seed))
    try:
        fit = fit_design(
            sample, fitted.headline.design, folds, trim=settings.trim, seed=seed, settings=fitted.headline.settings
        )
        estimate = fit.estimate(fitted.estimand)
    except NotIdentifiedError as error:
        return NamedEstimate(name, None, str(error))
    return NamedEstimate(name, estimate, words)
