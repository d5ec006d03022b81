"""What an effect estimate is: frozen results with units, shared by every estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy import stats

from artwork_insights.design.reading import check_share
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.study import DesignName

Estimand = Literal["ATE", "ATT", "ATO", "slope"]
Score = Literal["aipw", "plr", "difference_in_means"]


@dataclass(frozen=True, slots=True)
class EffectEstimate:
    """Average effect of one artwork feature on take rate.

    Attributes
    ----------
    estimand : {"ATE", "ATT", "ATO", "slope"}
        Assets the average is taken over: all, treated, the overlap; or the slope of a continuous treatment.
    design : {"pooled", "mundlak", "within"}
        How confounding by titles is met.
    score : {"aipw", "plr", "difference_in_means"}
        Doubly robust score, partially linear model, or the naive contrast.
    effect : float
        Change in the outcome; for a take rate in takes per impression (0.002 means two more takes per 1,000
        impressions); for a slope, per unit of the treatment.
    std_error : float
        Standard error of `effect`, same unit, clustered by title.
    degrees_of_freedom : float
        For t critical values: number of titles less one, Satterthwaite's where few titles carry the estimate, and
        infinite (normal critical values) where rows are not clustered.
    n_cells, n_assets, n_titles : int
        Rows (asset and country), assets, and titles (clusters) used.
    diagnostics : tuple of Diagnostic
        Checks that belong to this estimate.
    n_effective_assets, n_effective_titles : float or None
        Kish's numbers of assets and titles, by the weight that the estimand gives to their outcomes (for the ATE the
        inverse of the chance of what they got); far below `n_assets` and `n_titles` where a few of them weigh nearly
        all. None for an estimate that was not made from scores.
    """

    estimand: Estimand
    design: DesignName
    score: Score
    effect: float
    std_error: float
    degrees_of_freedom: float
    n_cells: int
    n_assets: int
    n_titles: int
    diagnostics: tuple[Diagnostic, ...] = ()
    n_effective_assets: float | None = None
    n_effective_titles: float | None = None

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval at `level`, a share such as 0.95, from Student's t with `degrees_of_freedom`."""
        half = float(stats.t.ppf(0.5 + check_share("level", level) / 2, self.degrees_of_freedom)) * self.std_error
        return self.effect - half, self.effect + half

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect."""
        if self.std_error == 0:
            return 0.0 if self.effect else 1.0
        return float(2 * stats.t.sf(abs(self.effect / self.std_error), self.degrees_of_freedom))


@dataclass(frozen=True, slots=True)
class NamedEstimate:
    """An estimate made another way, to stand beside the headline.

    Attributes
    ----------
    name : str
        How it differs, e.g. ``"equal weights"``, ``"without face-sensitive confounders"``.
    estimate : EffectEstimate or None
        None where it is not identified.
    sentence : str
        What it is for, or why it is not identified.
    """

    name: str
    estimate: EffectEstimate | None
    sentence: str


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """Effect within one group of cells.

    Attributes
    ----------
    modifier, group : str
        E.g. ``"genre"`` and ``"Drama"``.
    estimate : EffectEstimate
        From the scores of the group's cells, clustered by title.
    shrunken_effect : float
        Partially pooled towards the modifier's mean; for display only.
    q_value : float
        Benjamini-Hochberg adjusted p-value over all groups of the hypothesis.
    base_rate : float
        Mean outcome of the group without the component, doubly robust.
    simultaneous_interval : (float, float) or None
        Covers the effects of all groups of the modifier at once, at the level of the study; wider than
        ``estimate.interval()``, which covers this one.
    """

    modifier: str
    group: str
    estimate: EffectEstimate
    shrunken_effect: float
    q_value: float
    base_rate: float
    simultaneous_interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class NuisanceQuality:
    """How well the models that must be fitted predict titles that they have not seen.

    Where titles are absorbed, each title's own level is taken out first, so R2 speaks of what differs inside titles,
    and the propensity is the one given the title's treated share.

    Attributes
    ----------
    treatment_auc : float or None
        Area under the ROC curve of the treatment model; None for a continuous treatment.
    treatment_r2, outcome_r2 : float or None
        Out-of-fold R2; `treatment_r2` for a continuous treatment only.
    calibration : tuple of (float, float, int)
        Predicted mean, observed share and number of cells per tenth of the propensity.
    treatment_settings, outcome_settings : dict
        The settings that the grid search chose.
    treatment_variance_left : float
        Share of the treatment's variance that the confounders leave unexplained, in [0, 1].
    """

    treatment_auc: float | None
    treatment_r2: float | None
    outcome_r2: float | None
    calibration: tuple[tuple[float, float, int], ...]
    treatment_settings: dict[str, float]
    outcome_settings: dict[str, float]
    treatment_variance_left: float
