"""Placebo treatment: permuted over assets within titles, each asset carrying all its countries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placebo:
    """Effects of a treatment that cannot work.

    Attributes
    ----------
    effects : tuple of float
        One placebo effect per draw, in the outcome's unit.
    rejection_share : float
        Share of draws whose 95 % interval excludes zero; near 0.05 where the inference is right.
    p_value : float
        Share of placebo effects at least as large as the estimate in absolute value (with the estimate counted once).
    observed : float
        The estimate made the same way with the real treatment.
    """

    effects: tuple[float, ...]
    rejection_share: float
    p_value: float
    observed: float
