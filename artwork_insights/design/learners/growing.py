"""What the two boosting libraries have in common: trees that grow on, read in pieces, with our own gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from artwork_insights.design.assignment import BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.learners.problem import Problem

Settings = TypeVar("Settings", bound="GrowingSettings")


class Fold(ABC, Generic[Settings]):
    """The rows of one fold, made ready once; boosters of several settings may train on it at the same time."""

    def __init__(self, problem: Problem, held_out: BoolArray) -> None:
        self.problem, self.held_out, self.trained_on = problem, held_out, ~held_out

    @abstractmethod
    def start(self, settings: Settings, seed: int) -> GrowingTrees:
        """Begin with no trees."""

    def margins(self, settings: Settings, seed: int, arms: tuple[float, ...]) -> list[FloatArray]:
        """Margins of the held-out rows as they are, then as if in each arm."""
        trees = self.start(settings, seed)
        trees.grow(settings.rounds)
        return [trees.offset + trees.sum_of_trees(0, arm) for arm in (None, *arms)]


class GrowingTrees(ABC):
    """An ensemble over the training rows of a fold."""

    def __init__(self, fold: Fold[Any]) -> None:
        self.offset = fold.problem.start(fold.trained_on)
        self.gradients = fold.problem.gradients(fold.trained_on)
        self.rounds = 0
        self._read = 0
        self._held_out = np.full(int(fold.held_out.sum()), self.offset)

    def grow(self, rounds: int) -> None:
        """Add trees."""
        for _ in range(rounds):
            self.add_tree()
            self.rounds += 1

    def held_out_margin(self) -> FloatArray:
        """Margins of the held-out rows; only trees added since the last call are read."""
        self._held_out = self._held_out + self.sum_of_trees(self._read)
        self._read = self.rounds
        return self._held_out

    @abstractmethod
    def add_tree(self) -> None:
        """Fit one more tree to the gradients."""

    @abstractmethod
    def sum_of_trees(self, first: int, arm: float | None = None) -> FloatArray:
        """Sum of the trees from `first` on over the held-out rows, as they are or as if in `arm`."""


class GrowingSettings(Protocol):
    """Settings of a boosting library."""

    @property
    def rounds(self) -> int:
        """Number of trees."""

    def as_dict(self) -> dict[str, float]:
        """Settings by name, for reports."""

    def prepare(self, problem: Problem, held_out: BoolArray) -> Fold[Any]:
        """Make the rows of one fold ready."""


class NamedNumbers:
    """Numbers of a frozen dataclass, for reports."""

    __slots__ = ()

    def as_dict(self) -> dict[str, float]:
        """Settings by name."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]
