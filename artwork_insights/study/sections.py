"""The tables of a study file: data paths, hypotheses, limits and seed, typed and validated before anything runs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    field_validator,
    model_validator,
)

from artwork_insights.errors import ExpressionError
from artwork_insights.expression import Expression, parse_expression
from artwork_insights.study.changes import FeatureChange
from artwork_insights.study.detector import Detector
from artwork_insights.study.limits import VerdictLimits

Source = Literal["consumer_insight", "mined", "prior"]
DesignName = Literal["pooled", "mundlak", "within"]
Learner = Literal["xgboost", "linear", "lasso", "random_forest", "lightgbm", "stacked"]
TrimRule = float | Literal["crump"]
"""Propensities outside [trim, 1 - trim] are left out; ``"crump"`` finds the optimal limits (Crump et al. 2009)."""
CROSS = " x "
"""Between the two columns of a crossing, e.g. ``"genre x country"``: an effect for every pair of their groups."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]


def modifier_parts(modifier: str) -> tuple[str, ...]:
    """The column that an effect modifier names, or the two of a crossing."""
    return tuple(part.strip() for part in modifier.split(CROSS))


def single_modifiers(modifiers: Iterable[str]) -> tuple[str, ...]:
    """Columns that effect modifiers are made of, each once."""
    return tuple(dict.fromkeys(part for modifier in modifiers for part in modifier_parts(modifier)))


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Header(_Frozen):
    """The ``[study]`` table: name, seed, which half of the titles the effects are estimated on, and which look it is.

    `look` counts the runs on data that grow, from 1, so that answers spend their error over all of them;
    ``artwork-insights schedule`` counts by itself. None for a study that is run once.
    """

    name: Name
    seed: int = Field(default=0, ge=0)
    titles: Literal["all", "confirming"] = "all"
    look: int | None = Field(default=None, ge=1)


class TitleOutcome(_Frozen):
    """An outcome read from a column of the title table, where there is no impression log."""

    table: Literal["titles"] = "titles"
    column: str


class Data(_Frozen):
    """The ``[data]`` table: where the tables lie; relative paths are read from the folder of the study file."""

    assets: Path
    titles: Path
    impressions: Path | None = None
    popularity: Path | None = None
    features: Path = Path("features")
    outcome: TitleOutcome | None = None
    largest_unknown_impression_share: float = Field(default=0.05, ge=0, le=1)

    @model_validator(mode="after")
    def _has_one_outcome(self) -> Data:
        if (self.impressions is None) == (self.outcome is None):
            raise ValueError(
                'give either impressions = "..." or outcome = { table = "titles", column = "..." }, one of them'
            )
        return self


class Extraction(_Frozen):
    """The ``[extraction]`` table: how features are measured when ``[data] features`` is not there yet."""

    embedding: str = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    workers: int = Field(default=0, ge=0, description="0 means one per processor core")


def _listed(numbers: tuple[float, ...]) -> str:
    return f"[{', '.join(f'{number:g}' for number in numbers)}]"


def _check_trim(value: object) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value == "crump" or (number and 0 <= float(str(value)) < 0.5):
        return value
    raise ValueError(f'expected a number from 0 to below 0.5, or "crump"; found {value!r}')


class Estimation(_Frozen):
    """The ``[estimation]`` table: limits of the estimators. The defaults are what the documentation describes."""

    folds: int = Field(default=5, ge=2, le=50)
    repeats: int = Field(default=1, ge=1, le=100)
    trim: Annotated[TrimRule, BeforeValidator(_check_trim)] = 0.05
    level: float = Field(default=0.95, gt=0.5, lt=1)
    learner: Learner = "xgboost"
    placebo_draws: int = Field(default=200, ge=0)
    forest: bool = True
    workers: int = Field(default=0, ge=0, description="hypotheses side by side; 0 means one per core where it pays")


class Checks(_Frozen):
    """The ``[checks]`` table: what must show nothing, and how often an estimate is made anew to attack it.

    Attributes
    ----------
    placebo_outcome : str or None
        Column of the titles or assets, or a feature, that the artwork cannot have changed.
    negative_control : str or None
        A treatment that cannot work: a feature or an expression, as in a hypothesis.
    subsets : int
        Random subsets of the titles on which each hypothesis is estimated anew; 0 leaves out all that fits anew.
    """

    placebo_outcome: str | None = None
    negative_control: str | None = None
    subsets: int = Field(default=5, ge=0, le=100)

    @field_validator("negative_control")
    @classmethod
    def _control_parses(cls, treatment: str | None) -> str | None:
        try:
            _ = treatment is None or parse_expression(treatment)
        except ExpressionError as error:
            raise ValueError(str(error)) from None
        return treatment


class Hypothesis(_Frozen):
    """One causal question, written before looking.

    Attributes
    ----------
    treatment : str
        A feature or a small expression over features, see `artwork_insights.expression`.
    smallest_effect_of_interest : float or None
        In the unit of the outcome (takes per impression); effects nearer to zero count as practically zero.
    confounders, effect_modifiers : tuple of str
        Columns of the title table, features, ``country`` or ``embedding``; a modifier may be a crossing of two, such as
        ``"genre x country"``.
    arms : tuple of float or None
        Lower edges that cut a feature into arms, each compared with every other: 0, 1, 2, 3 make 0, 1, 2 and 3 or more.
    slopes_at : dict from effect modifier to tuple of float
        Values of a modifier that is a number at which the effect is shown; without them its mean and one standard
        deviation to either side.
    """

    name: Name
    treatment: str
    statement: str = ""
    source: Source = "consumer_insight"
    smallest_effect_of_interest: float | None = Field(default=None, ge=0)
    confounders: tuple[str, ...] = ()
    effect_modifiers: tuple[str, ...] = ("genre", "country")
    arms: tuple[float, ...] | None = None
    slopes_at: dict[str, tuple[FiniteFloat, ...]] = {}

    @model_validator(mode="after")
    def _slopes_are_of_modifiers(self) -> Hypothesis:
        for modifier, values in self.slopes_at.items():
            if modifier not in self.effect_modifiers:
                raise ValueError(
                    f"slopes_at names {modifier!r}, which is no effect modifier; add it to effect_modifiers = "
                    f"[{', '.join(map(repr, self.effect_modifiers))}]"
                )
            if not values:
                raise ValueError(f"slopes_at gives {modifier!r} no values; give some, such as [1990, 2010]")
        return self

    @model_validator(mode="after")
    def _treatment_parses(self) -> Hypothesis:
        try:
            treatment = parse_expression(self.treatment)
        except ExpressionError as error:
            raise ValueError(str(error)) from None
        if self.arms is not None and not treatment.is_plain_feature:
            raise ValueError(
                f"arms cut a feature such as face_count; {self.treatment!r} is a condition and has two sides already"
            )
        return self

    @field_validator("arms")
    @classmethod
    def _arms_ascend(cls, arms: tuple[float, ...] | None) -> tuple[float, ...] | None:
        rises = arms is None or all(low < high for low, high in pairwise(arms))
        if arms is not None and (len(arms) < 2 or not rises or not all(map(math.isfinite, arms))):
            raise ValueError(
                f"arms need at least two lower edges in ascending order, such as [0, 1, 2, 3], found {_listed(arms)}"
            )
        return arms

    @field_validator("effect_modifiers")
    @classmethod
    def _crossings_join_two(cls, modifiers: tuple[str, ...]) -> tuple[str, ...]:
        for modifier in modifiers:
            parts = modifier_parts(modifier)
            if len(parts) > 2 or len(set(parts)) < len(parts):
                raise ValueError(f'{modifier!r} is no crossing; join two different columns, as in "genre x country"')
        return modifiers

    @property
    def expression(self) -> Expression:
        """The treatment, parsed."""
        return parse_expression(self.treatment)


class Mediation(_Frozen):
    """Whether a mediator, or several together, carry the effect of a treatment, asked where they are defined."""

    treatment: str
    mediator: str = ""
    mediators: tuple[str, ...] = ()
    confounders: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All mediators."""
        return self.mediators or (self.mediator,)

    @model_validator(mode="after")
    def _treatment_parses(self) -> Mediation:
        if bool(self.mediator) == bool(self.mediators) or len(set(self.names)) < len(self.names):
            raise ValueError('give either mediator = "..." or mediators = ["...", "..."], each name once')
        try:
            parse_expression(self.treatment)
        except ExpressionError as error:
            raise ValueError(str(error)) from None
        return self


DEFAULT_MEDIATION = Mediation(treatment="face_count", mediator="face_area_share_mean")


class Study(_Frozen):
    """A study file after validation; every path is absolute."""

    study: Header
    data: Data
    extraction: Extraction = Extraction()
    estimation: Estimation = Estimation()
    checks: Checks = Checks()
    hypothesis: tuple[Hypothesis, ...] = Field(min_length=1)
    mediation: tuple[Mediation, ...] = (DEFAULT_MEDIATION,)
    joint_change: tuple[FeatureChange, ...] = ()
    verdict: VerdictLimits = VerdictLimits()
    detector: Detector | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> Study:
        names = [hypothesis.name for hypothesis in self.hypothesis]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"two hypotheses are named {repeated[0]!r}; give each its own name")
        unknown = [name for name in (self.detector.hypotheses if self.detector else ()) if name not in names]
        if unknown:
            raise ValueError(f"[detector] names hypothesis {unknown[0]!r}; known: {', '.join(names)}")
        return self
