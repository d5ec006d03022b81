"""The specification curve of one hypothesis: the headline made in every other reasonable way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from artwork_insights.effects.design_fit import DesignFit
from artwork_insights.effects.estimates import EffectEstimate, Estimand
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.inquiry.refits import OtherLearner, Refit, Remaker, name_learner, other_learners
from artwork_insights.sensitivity.stress.estimators import (
    compare_pairs,
    regress_with_title_effects,
    weigh_equally,
    weight_by_propensity,
)
from artwork_insights.sensitivity.stress.specification import (
    Family,
    MissingSpecification,
    Specification,
    SpecificationCurve,
    draw_curve,
    specify,
)
from artwork_insights.study import DesignName, TrimRule

TRIMS: tuple[TrimRule, ...] = (0.01, 0.05, 0.1, "crump")
COMPARISONS: dict[DesignName, str] = {
    "pooled": "across titles", "mundlak": "title levels out", "within": "inside titles",
}  # fmt: skip
UNTRIMMED = "nothing trimmed"
AVERAGES: dict[Estimand, str] = {"ATE": "all artwork", "ATT": "artwork with it", "ATO": "overlap", "slope": "slope"}


class _Sheet:
    """Collects specifications; each choice not named is the headline's."""

    def __init__(self, usual: Mapping[str, str], level: float) -> None:
        self.usual, self.level = usual, level
        self.found: list[Specification] = []
        self.missing: list[MissingSpecification] = []

    def add(
        self,
        name: str,
        family: Family,
        make: Callable[[], EffectEstimate],
        sentence: str,
        choices: Mapping[str, str],
        *,
        is_counted: bool = True,
    ) -> None:
        """Write one down, or why it cannot be made."""
        try:
            estimate = make()
            estimate.interval(self.level)
        except NotIdentifiedError as error:
            self.missing.append(MissingSpecification(name, str(error)))
            return
        chosen = {**self.usual, **choices}
        self.found.append(
            specify(name, family, chosen.items(), estimate, sentence, level=self.level, is_counted=is_counted)
        )


def draw_specifications(
    maker: Remaker, other: Refit | None, without: Mapping[tuple[str, ...], Refit]
) -> SpecificationCurve:
    """Make the headline in every other way that the data allow.

    Parameters
    ----------
    maker : Remaker
    other : Refit or None
        The headline with other folds and seeds; None where nothing is fitted anew.
    without : mapping from blocks to Refit
        The headline without some confounders.
    """
    fitted, settings = maker.fitted, maker.settings
    fit, estimand = fitted.headline, fitted.estimand
    doubly_robust = fit.is_binary and fit.design != "within"
    usual = {
        "comparison": COMPARISONS[fit.design],
        "method": "doubly robust" if doubly_robust else "partially linear",
        "average": AVERAGES[estimand],
        "models": name_learner(settings.learner),
        "left out": _say_trim(settings.trim) if doubly_robust else UNTRIMMED,
        "weights": "precise rows first",
        "confounders": "all confounders",
        "chance": "first random draw",
    }
    sheet = _Sheet(usual, settings.level)
    sheet.add("headline", "headline", lambda: fit.estimate(estimand), "As the study file asks.", {})
    if doubly_robust:
        _add_scores(sheet, fit)
        _add_weighting(sheet, fit)
        _add_matching(sheet, maker)
    _add_regression(sheet, fitted)
    _add_equal_weights(sheet, fit, estimand)
    _add_designs(sheet, fitted)
    if other is not None:
        chance = {"chance": "second draw"}
        _add_trims(sheet, other, estimand, settings.trim, "", chance, "chance")
        for learner in other_learners(fit.settings, settings.learner):
            _add_learner(sheet, maker, learner)
    for blocks, refit in without.items():
        _add_without(sheet, maker, blocks, refit)
    return draw_curve(sheet.found, sheet.missing)


def _say_trim(trim: TrimRule) -> str:
    return "trim as Crump" if trim == "crump" else f"trim {trim:g}"


def _add_scores(sheet: _Sheet, fit: DesignFit) -> None:
    ato = "The doubly robust score over artwork that could have been either; a gap to the partially linear one means "
    words = "The partially linear model: one effect for all, weighted towards artwork that could have been either."
    average = {"average": AVERAGES["ATO"]}
    linear = {"method": "partially linear", **average}
    sheet.add("partially linear (ATO)", "score", lambda: fit.estimate("ATO", plr=True), words, linear)
    sheet.add("doubly robust (ATO)", "score", lambda: fit.estimate("ATO"), f"{ato}a model does not fit.", average)
    words = "Averaged over artwork that has the component."
    sheet.add("doubly robust (ATT)", "score", lambda: fit.estimate("ATT"), words, {"average": AVERAGES["ATT"]})


def _add_weighting(sheet: _Sheet, fit: DesignFit) -> None:
    words = "Weights alone, without a model of the outcome."
    chosen = {"method": "weighting"}
    sheet.add("inverse propensity weights", "weighting", lambda: weight_by_propensity(fit, "ATE"), words, chosen)
    chosen = {"method": "weighting", "average": AVERAGES["ATO"]}
    sheet.add("overlap weights", "weighting", lambda: weight_by_propensity(fit, "ATO"), words, chosen)


def _add_matching(sheet: _Sheet, maker: Remaker) -> None:
    fit, matched = maker.fitted.headline, maker.matched
    name = "matched pairs in titles"
    if fit.design == "pooled":
        return
    if matched is None:
        sheet.missing.append(MissingSpecification(name, "no two artworks could be matched."))
        return
    words = "Pairs of artworks of one title, alike in how likely they were to have the component; one number per title."
    chosen = {
        "comparison": COMPARISONS["within"],
        "method": "matching",
        "average": "artwork with it",
        "weights": "all rows alike",
    }
    sheet.add(name, "matching", lambda: compare_pairs(fit, matched.pairs), words, chosen)


def _add_regression(sheet: _Sheet, fitted: FittedHypothesis) -> None:
    fit = fitted.headline
    if fit.design == "pooled":
        return
    sample = fitted.sample.rows(fit.eligible)
    words = "Ordinary regression with a level for every title; straight lines for all confounders."
    chosen = {
        "comparison": COMPARISONS["within"], "method": "regression", "models": "linear", "left out": UNTRIMMED,
        "average": AVERAGES["ATO"] if fit.is_binary else AVERAGES["slope"],
    }  # fmt: skip
    sheet.add("regression", "regression", lambda: regress_with_title_effects(sample), words, chosen)
    chosen |= {"weights": "all rows alike"}
    name = "regression, equal weights"
    sheet.add(name, "regression", lambda: regress_with_title_effects(sample, weights=False), words, chosen)


def _add_equal_weights(sheet: _Sheet, fit: DesignFit, estimand: Estimand) -> None:
    weights = fit.sample.assignment.weights
    if weights.min() == weights.max():
        return
    words = "Every row counts the same, however often the artwork was shown."
    sheet.add("equal weights", "weights", lambda: weigh_equally(fit, estimand), words, {"weights": "all rows alike"})


def _add_designs(sheet: _Sheet, fitted: FittedHypothesis) -> None:
    for design, fit in fitted.fits.items():
        if design == fitted.headline.design:
            continue
        estimand: Estimand = "ATO" if design == "within" and fit.is_binary else fitted.estimand
        chosen = {"comparison": COMPARISONS[design], "average": AVERAGES[estimand]}
        if design == "within":
            chosen |= {"method": "partially linear", "left out": UNTRIMMED}
        counted = design != "pooled"
        words = (
            "Compares artworks of one title only."
            if counted
            else "Leaves the titles' own levels in: shown for contrast, not counted."
        )
        name = f"design {design}"
        sheet.add(name, "design", _estimating(fit, estimand), words, chosen, is_counted=counted)


def _estimating(fit: DesignFit, estimand: Estimand, *, plr: bool = False) -> Callable[[], EffectEstimate]:
    return lambda: fit.estimate(estimand, plr=plr)


def _trimmed(refit: Refit, trim: TrimRule, estimand: Estimand) -> Callable[[], EffectEstimate]:
    return lambda: refit.fit(trim).estimate(estimand)


def _trims(refit: Refit, trim: TrimRule) -> Iterator[TrimRule]:
    """The headline's rule first, then the others; the only one where nothing is trimmed."""
    yield trim
    if refit.sample.assignment.is_binary and refit.design != "within":
        yield from (rule for rule in TRIMS if rule != trim)


def _add_trims(
    sheet: _Sheet, refit: Refit, estimand: Estimand, usual: TrimRule, prefix: str, chosen: Mapping[str, str],
    family: Family,
) -> None:  # fmt: skip
    for trim in _trims(refit, usual):
        is_usual = trim == usual
        rule = _say_trim(trim)
        name = (prefix or "other random numbers") if is_usual else f"{prefix}{', ' if prefix else ''}{rule}"
        words = (
            "The same with other random numbers in its making."
            if is_usual and not prefix
            else f"Artwork that nearly always, or hardly ever, has the component is left out by another rule: {rule}."
            if not is_usual
            else f"Both models are {prefix.removesuffix(' models')}."
        )
        left_out = {} if is_usual else {"left out": rule}
        kind: Family = family if is_usual else "trimming"
        sheet.add(name, kind, _trimmed(refit, trim, estimand), words, {**chosen, **left_out})


def _add_learner(sheet: _Sheet, maker: Remaker, learner: OtherLearner) -> None:
    estimand, usual = maker.fitted.estimand, maker.settings.trim
    cheap = learner.learner == "linear"
    try:
        refit = maker.again(tuned=learner.settings, learner=learner.learner, for_plr=cheap)
    except NotIdentifiedError as error:
        sheet.missing.append(MissingSpecification(f"{learner.name} models", str(error)))
        return
    chosen = {"models": learner.name}
    _add_trims(sheet, refit, estimand, usual, f"{learner.name} models", chosen, "learner")
    if estimand != "ATE":
        return
    average = {"average": AVERAGES["ATO"]}
    words = f"Models: {learner.name}; over artwork that could have been either."
    name = f"{learner.name} models (ATO)"
    sheet.add(name, "learner", _trimmed(refit, usual, "ATO"), words, {**chosen, **average})
    if cheap:
        linear = {"method": "partially linear", **average}
        name = f"{learner.name} models, partially linear"
        sheet.add(name, "learner", lambda: refit.fit(usual).estimate("ATO", plr=True), words, {**chosen, **linear})


def _add_without(sheet: _Sheet, maker: Remaker, blocks: tuple[str, ...], refit: Refit) -> None:
    sensitive = maker.fitted.assigned.sensitive
    counted = blocks == sensitive
    words = (
        "Leaves out what a face in the artwork changes by itself."
        if counted
        else "Leaves a known confounder out on purpose: shown for contrast, not counted."
    )
    name = f"without {', '.join(blocks)}"
    sheet.add(name, "confounders", lambda: maker.estimate(refit), words, {"confounders": name}, is_counted=counted)
