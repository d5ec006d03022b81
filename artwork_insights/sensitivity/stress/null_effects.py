"""What must show nothing: an outcome that the artwork cannot have changed, a treatment that cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy import stats

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate

NullKind = Literal["placebo_outcome", "negative_control"]

LEVEL = 0.99
"""A test of 1 in 100: several such checks are run on every study."""
BLOCKING_LEVEL = 0.9999
"""An effect on the impossible beyond doubt: the design makes effects of its own."""


@dataclass(frozen=True, slots=True)
class NullEffect:
    """An effect that must be nothing.

    Attributes
    ----------
    kind : {"placebo_outcome", "negative_control"}
    column : str
        The outcome, or the treatment, as the study names it.
    estimate : EffectEstimate or None
        None where it is not identified.
    decides : bool
        Whether it speaks for or against the headline's design; else it informs.
    sentence : str
        Why it does not decide, or why it is not identified; empty otherwise.
    """

    kind: NullKind
    column: str
    estimate: EffectEstimate | None
    decides: bool
    sentence: str


def null_effect_diagnostic(found: NullEffect) -> Diagnostic:
    """Whether an effect that must be nothing is told from nothing: its t-ratio against the 99 % critical value.

    Blocking at p < .0001 for a placebo outcome: the design finds effects on what the artwork cannot have changed, so
    what it finds on the outcome may be the same. A negative control never blocks: that a treatment cannot work is the
    study's claim, and may be what is wrong.
    """
    name, estimate = found.kind, found.estimate
    if estimate is None:
        return Diagnostic(name, None, None, None, found.sentence)
    ratio = abs(estimate.effect) / estimate.std_error if estimate.std_error > 0 else 0.0
    limit = float(stats.t.ppf(0.5 + LEVEL / 2, estimate.degrees_of_freedom))
    passed = ratio <= limit
    what = (
        f"The component seems to change {found.column!r}, which it cannot have changed,"
        if name == "placebo_outcome"
        else f"{found.column!r}, which cannot work, seems to work"
    )
    sentence = (
        f"{_subject(found)} shows no effect (p = {estimate.p_value:.2f}), as it must."
        if passed
        else f"{what} (p = {estimate.p_value:.2g}): the same unknown cause may be behind the answer."
    )
    if not found.decides:
        return Diagnostic(name, ratio, limit, None, f"{found.sentence} {_plainly(found, passed)}")
    blocking = name == "placebo_outcome" and estimate.p_value < 1 - BLOCKING_LEVEL
    return Diagnostic(name, ratio, limit, passed, sentence, blocking=blocking)


def _subject(found: NullEffect) -> str:
    if found.kind == "placebo_outcome":
        return f"{found.column!r}, which the artwork cannot have changed,"
    return f"{found.column!r}, which cannot work,"


def _plainly(found: NullEffect, passed: bool) -> str:
    assert found.estimate is not None
    p = f"p = {found.estimate.p_value:.2g}"
    if passed:
        return f"Across titles {found.column!r} does not go with the component ({p})."
    return f"Across titles {found.column!r} goes with the component ({p}): titles with it differ from those without."
