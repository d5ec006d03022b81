"""How often a detector is right: sensitivity and specificity, by poster style, with what they were counted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.design.reading import check_count, check_number
from artwork_insights.errors import NotIdentifiedError

FloatArray = npt.NDArray[np.float64]
ALL_STYLES = "all"
"""Name of the rates that hold for every style that has none of its own."""


@dataclass(frozen=True, slots=True)
class DetectorRates:
    """How well a detector sees one component on one style of artwork.

    Attributes
    ----------
    sensitivity : float
        Share of artworks with the component that it finds, in [0, 1].
    specificity : float
        Share of artworks without the component that it leaves alone, in [0, 1].
    n_positive, n_negative : int or None
        Labelled artworks with and without the component behind the two; None where they are taken as known exactly.

    Raises
    ------
    NotIdentifiedError
        For a rate outside [0, 1], no labelled artwork behind one, or a detector that is no better than chance.
    """

    sensitivity: float
    specificity: float
    n_positive: int | None = None
    n_negative: int | None = None

    def __post_init__(self) -> None:
        for name in ("sensitivity", "specificity"):
            value = check_number(name, getattr(self, name))
            if not 0 <= value <= 1:
                raise NotIdentifiedError(f"{name}={value:g} is not a share; it lies between 0 and 1, e.g. 0.95.")
        for name in ("n_positive", "n_negative"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), 1)
        if self.skill <= 0:
            raise NotIdentifiedError(
                f"sensitivity {self.sensitivity:g} and specificity {self.specificity:g} add up to no more than 1: such "
                "a detector is no better than chance, so nothing can be corrected; check which is which."
            )

    @property
    def skill(self) -> float:
        """Sensitivity plus specificity less one: 1 for a detector without errors, 0 for one that guesses."""
        return self.sensitivity + self.specificity - 1

    def draw(self, draws: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Sensitivities and specificities, shape (draws,) each, from Jeffreys' posterior; constant without counts."""
        return (
            _jeffreys(self.sensitivity, self.n_positive, draws, rng),
            _jeffreys(self.specificity, self.n_negative, draws, rng),
        )


def _jeffreys(share: float, n: int | None, draws: int, rng: np.random.Generator) -> FloatArray:
    if n is None:
        return np.full(draws, share)
    return np.asarray(rng.beta(share * n + 0.5, (1 - share) * n + 0.5, draws), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class CellRates:
    """Rates of every cell: the style each belongs to, and the rates of each style.

    Attributes
    ----------
    style : array of shape (n,), int
        Code of each cell's rates.
    rates : tuple of DetectorRates
        One per code.
    """

    style: npt.NDArray[np.int64]
    rates: tuple[DetectorRates, ...]

    @property
    def is_exact(self) -> bool:
        """Whether no rate that is used has a count behind it, so that none is uncertain."""
        return all(rate.n_positive is None and rate.n_negative is None for rate in self.rates)

    def point(self) -> tuple[FloatArray, FloatArray]:
        """Sensitivity and specificity of each style, shape (k,) each."""
        return np.array([r.sensitivity for r in self.rates]), np.array([r.specificity for r in self.rates])

    def draw(self, draws: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Draws of both, shape (draws, k) each; styles are independent."""
        pairs = [rate.draw(draws, rng) for rate in self.rates]
        return np.column_stack([se for se, _ in pairs]), np.column_stack([sp for _, sp in pairs])


def rates_of_cells(
    rates: DetectorRates | Mapping[str, DetectorRates], style: npt.ArrayLike | None, n: int
) -> CellRates:
    """Give every cell the rates of its style.

    Parameters
    ----------
    rates : DetectorRates, or mapping from style to DetectorRates
        Key ``"all"`` serves the styles that are not named.
    style : array of shape (n,), optional
        Needed where rates differ by style.
    n : int

    Raises
    ------
    NotIdentifiedError
        For a style without rates, rates by style without styles, or another length.
    """
    if isinstance(rates, DetectorRates):
        return CellRates(np.zeros(n, dtype=np.int64), (rates,))
    if not rates:
        raise NotIdentifiedError("no sensitivity and specificity were given.")
    if style is None:
        if set(rates) == {ALL_STYLES}:
            return CellRates(np.zeros(n, dtype=np.int64), (rates[ALL_STYLES],))
        raise NotIdentifiedError("sensitivity and specificity differ by style; give the style of every row.")
    labels = np.asarray(style, dtype=object)
    if labels.shape != (n,):
        raise NotIdentifiedError(f"style has shape {labels.shape}; give one style for each of the {n} rows.")
    names, code = np.unique(labels.astype(str), return_inverse=True)
    chosen = [rates.get(str(name), rates.get(ALL_STYLES)) for name in names]
    for name, rate in zip(names, chosen, strict=True):
        if rate is None:
            raise NotIdentifiedError(
                f"style {str(name)!r} has no sensitivity and specificity; give it some, or rates for {ALL_STYLES!r}."
            )
    return CellRates(code.astype(np.int64), tuple(rate for rate in chosen if rate is not None))
