"""The ``[detector]`` table: how good the detector of a component is, or artworks that a person has labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class StyleRates(BaseModel):
    """A ``[detector.STYLE]`` table: sensitivity and specificity, and the labelled artworks behind them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sensitivity: float = Field(ge=0, le=1)
    specificity: float = Field(ge=0, le=1)
    n_positive: int | None = Field(default=None, ge=1)
    n_negative: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _is_better_than_chance(self) -> StyleRates:
        _refuse_guessing(self.sensitivity, self.specificity)
        return self


def _refuse_guessing(sensitivity: float, specificity: float) -> None:
    if sensitivity + specificity <= 1:
        raise ValueError(
            f"sensitivity {sensitivity:g} and specificity {specificity:g} add up to no more than 1: no better than "
            "chance; check which is which"
        )


class Detector(BaseModel):
    """How often the detector is right about the component of the hypotheses named, or labels that tell.

    Attributes
    ----------
    sensitivity, specificity : float or None
        For every style that has no table of its own.
    n_positive, n_negative : int or None
        Labelled artworks with and without the component behind the two; without, they are taken as known exactly.
    styles : mapping from style to StyleRates
        From the tables ``[detector.photo]``, ``[detector.painting]``, ...
    style_column : str
        Column of the assets that holds the style.
    labels : Path or None
        Table with ``asset_id``, columns as a person saw them (``face_count``, or the name of a hypothesis), and
        ``probability`` where artworks were drawn with unequal ones; `artwork-insights plan-labels` writes one.
    hypotheses : tuple of str
        Those that the rates are about; by default every one whose component is found by the face detector.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sensitivity: float | None = Field(default=None, ge=0, le=1)
    specificity: float | None = Field(default=None, ge=0, le=1)
    n_positive: int | None = Field(default=None, ge=1)
    n_negative: int | None = Field(default=None, ge=1)
    styles: dict[str, StyleRates] = {}
    style_column: str = "style"
    labels: Path | None = None
    hypotheses: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gather_styles(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        tables = {name: value for name, value in given.items() if isinstance(value, dict) and name != "styles"}
        rest = {name: value for name, value in given.items() if name not in tables}
        return {**rest, "styles": {**rest.get("styles", {}), **tables}}

    @model_validator(mode="after")
    def _tells_something(self) -> Detector:
        if (self.sensitivity is None) != (self.specificity is None):
            raise ValueError("give both sensitivity and specificity: one without the other corrects nothing")
        if self.sensitivity is not None and self.specificity is not None:
            _refuse_guessing(self.sensitivity, self.specificity)
        elif not self.styles and self.labels is None:
            raise ValueError('give sensitivity and specificity, tables of them by style, or labels = "labels.csv"')
        return self

    @property
    def overall(self) -> StyleRates | None:
        """Rates of every style that has none of its own."""
        if self.sensitivity is None or self.specificity is None:
            return None
        return StyleRates(
            sensitivity=self.sensitivity,
            specificity=self.specificity,
            n_positive=self.n_positive,
            n_negative=self.n_negative,
        )
