"""How far an estimate moves when it is made anew with one thing changed that should not matter, or that does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from artwork_insights.design.confounders import FloatArray
from artwork_insights.design.folds import encode_titles
from artwork_insights.design.reading import as_numbers, check_count, check_number
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.errors import NotIdentifiedError

LARGEST_MOVE = 1.0
"""In standard errors. Three times what sound fits of the default learner differ by chance (.30, docs/placebos.md);
where two fits do differ by one, the true error is a quarter larger than reported."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One estimate before and after one change.

    Attributes
    ----------
    change : str
        In words, e.g. ``"without genre"``.
    before, after : float
        Estimates made the same way, in the outcome's unit.
    std_error : float
        Of `before`.
    std_error_after : float
    """

    change: str
    before: float
    after: float
    std_error: float
    std_error_after: float

    @property
    def in_errors(self) -> float:
        """Movement in standard errors, without its sign; 0 where nothing moved."""
        moved = abs(self.after - self.before)
        return moved / self.std_error if self.std_error > 0 else (0.0 if moved == 0 else float("inf"))


def random_common_cause_diagnostic(moved: Movement | None) -> Diagnostic:
    """Whether a confounder made of noise leaves the estimate where it is.

    Held against one standard error. A learner that follows noise is a caveat; the rule says where it follows it so far
    that the interval means nothing.
    """
    name = "random_common_cause"
    if moved is None:
        return Diagnostic(name, None, LARGEST_MOVE, None, "Not tried: nothing was estimated anew.")
    size, passed = moved.in_errors, moved.in_errors <= LARGEST_MOVE
    text = f"With a number drawn at random as a further confounder the estimate moves by {size:.2f} standard errors"
    sentence = f"{text}, as little as it should." if passed else f"{text}: the models behind it follow noise."
    return Diagnostic(name, size, LARGEST_MOVE, passed, sentence)


def zero_confounder_diagnostic(moved: Movement | None) -> Diagnostic:
    """Whether a simulated confounder of strength zero leaves the estimate where it is.

    The confounder is drawn, given no power over treatment and outcome, and everything is estimated anew with other
    folds and another seed for every learner; with the same ones the two numbers would be equal whatever the estimator
    does. What moves is then chance in the making of the estimate, which its standard error does not know. The same
    simulation with strength moves the estimate, as a test shows.
    """
    name = "zero_confounder"
    if moved is None:
        return Diagnostic(name, None, LARGEST_MOVE, None, "Not tried: nothing was estimated anew.")
    size, passed = moved.in_errors, moved.in_errors <= LARGEST_MOVE
    text = f"Made anew with other random numbers and a hidden cause of strength zero, it moves by {size:.2f} errors"
    sentence = (
        f"{text}, as little as it should."
        if passed
        else f"{text}: it hangs on chance in its making; set `repeats` under [estimation] to 5 or more."
    )
    return Diagnostic(name, size, LARGEST_MOVE, passed, sentence)


def leave_one_block_out_diagnostic(moved: tuple[Movement, ...], critical: float) -> Diagnostic:
    """Whether an unknown confounder as strong as the strongest known one would take the answer away.

    Leaving a true confounder out must move the estimate; that is no fault. It is held against the distance of the
    interval from zero: where the move is larger, the answer stands on having measured that one. Never severe, since the
    confounder was measured; not decided where the interval holds zero, for there is no answer to lose.

    Parameters
    ----------
    moved : tuple of Movement
        One per block left out.
    critical : float
        Half width of the interval in standard errors.
    """
    name = "leave_one_block_out"
    if not moved:
        sentence = "No confounder was left out: none is known, or nothing was estimated anew."
        return Diagnostic(name, None, None, None, sentence)
    worst = max(moved, key=lambda one: one.in_errors)
    size = worst.in_errors
    room = abs(worst.before) / worst.std_error - critical if worst.std_error > 0 else 0.0
    text = f"Estimated {worst.change}, the confounder that matters most, it moves by {size:.1f} standard errors"
    if room <= 0:
        return Diagnostic(name, size, None, None, f"{text}; the interval holds zero either way.")
    passed = size <= room
    sentence = (
        f"{text}; another one as strong, not measured, would leave the answer as it is."
        if passed
        else f"{text}; another one as strong, not measured, could take the answer away."
    )
    return Diagnostic(name, size, room, passed, sentence)


def plant_confounder(
    treatment: ArrayLike,
    outcome: ArrayLike,
    asset: ArrayLike,
    *,
    strength_treatment: float,
    strength_outcome: float,
    seed: int = 0,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw a hidden cause u ~ N(0, 1) of each artwork and let it act on treatment and outcome.

    Of a binary treatment, the artworks with ``|u|`` among the share `strength_treatment` of largest values take the
    treatment that the sign of u says; to a continuous one u times its SD times the strength is added. To the outcome, u
    times its SD times the strength is added. At strength zero both are unchanged.

    Parameters
    ----------
    treatment, outcome, asset : array of shape (n,)
    strength_treatment, strength_outcome : float
        From 0; the first at most 1 for a binary treatment.

    Returns
    -------
    treatment, outcome, hidden : arrays of shape (n,)

    References
    ----------
    Sharma and Kiciman (2020), DoWhy: an end-to-end library for causal inference (its simulated common cause).
    """
    given, result, codes = as_numbers("treatment", treatment), as_numbers("outcome", outcome), encode_titles(asset)
    if not len(given) == len(result) == len(codes):
        raise NotIdentifiedError("treatment, outcome and asset differ in length; give one row per cell.")
    power, push = check_number("strength_treatment", strength_treatment), check_number("strength", strength_outcome)
    binary = bool(np.isin(given, (0.0, 1.0)).all())
    if power < 0 or push < 0 or (binary and power > 1):
        raise NotIdentifiedError(f"strengths {power:g} and {push:g}; use 0 or more, and at most 1 on a condition.")
    drawn = np.random.default_rng(check_count("seed", seed, 0)).normal(size=int(codes.max(initial=-1)) + 1)
    hidden = drawn[codes]
    if binary and power:
        moved = np.abs(hidden) >= np.quantile(np.abs(drawn), 1 - power)
        given = np.where(moved, (hidden > 0).astype(np.float64), given)
    elif power:
        given = given + power * given.std() * hidden
    return given, result + push * result.std() * hidden, hidden


def add_noise_per_asset(asset: ArrayLike, seed: int) -> FloatArray:
    """A number drawn from N(0, 1) for each artwork, the same in all of its rows; shape (n,)."""
    codes = encode_titles(asset)
    return np.random.default_rng(check_count("seed", seed, 0)).normal(size=int(codes.max(initial=-1)) + 1)[codes]
