"""One line of evidence for each identification assumption: measurement, overlap, no interference, unconfoundedness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from artwork_insights.diagnostic import Diagnostic

Assumption = Literal["measurement", "overlap", "no_interference", "unconfoundedness"]


@dataclass(frozen=True, slots=True)
class AssumptionEvidence:
    """What speaks for or against one assumption.

    Attributes
    ----------
    assumption : str
        Its name.
    statement : str
        What is assumed, in plain words.
    evidence : Diagnostic
        The check that speaks to it.
    """

    assumption: Assumption
    statement: str
    evidence: Diagnostic
