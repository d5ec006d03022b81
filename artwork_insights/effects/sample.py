"""Assignment joined with outcome: the first place where the two meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artwork_insights.design.assignment import Assignment, BoolArray
from artwork_insights.design.confounders import FloatArray
from artwork_insights.errors import NotIdentifiedError


@dataclass(frozen=True, slots=True)
class AnalysisSample:
    """Cells with their treatment and their outcome.

    Attributes
    ----------
    assignment : Assignment of n cells
    outcome : array of shape (n,)
        Raw take rate, or another outcome; never a leave-one-out adjusted one, which would carry the siblings' effects.
    """

    assignment: Assignment
    outcome: FloatArray

    def __post_init__(self) -> None:
        if len(self.outcome) != len(self.assignment.treatment):
            raise NotIdentifiedError(
                f"the outcome has {len(self.outcome)} rows and the treatment {len(self.assignment.treatment)}; "
                "give one row per cell."
            )
        if not np.isfinite(self.outcome).all():
            missing = int((~np.isfinite(self.outcome)).sum())
            raise NotIdentifiedError(
                f"the outcome is missing in {missing} of {len(self.outcome)} rows; leave them out."
            )

    def rows(self, keep: BoolArray) -> AnalysisSample:
        """Select cells."""
        return AnalysisSample(self.assignment.rows(keep), self.outcome[keep])
