"""Every way to make the estimate, side by side: the specification curve.

Simonsohn, Simmons and Nelson (2020), Specification curve analysis.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.errors import NotIdentifiedError

Family = Literal[
    "headline", "score", "trimming", "learner", "design", "weights", "confounders", "regression", "matching",
    "weighting", "chance",
]  # fmt: skip
DIMENSIONS = ("comparison", "method", "average", "models", "left out", "weights", "confounders", "chance")
SMALLEST_SHARE_AGREEING = 0.5
"""The middle specification answers as the headline does (Simonsohn and others test the median)."""
STRAIGHT = ("linear", "lasso")
LARGEST_SHARE_AGAINST = 0.1
"""One analysis in ten may say the opposite before the answer counts as made by a choice."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to make the estimate.

    Attributes
    ----------
    name : str
        How it differs from the headline, e.g. ``"LightGBM"``.
    family : str
        What kind of difference that is.
    choices : tuple of (str, str)
        Dimension and choice, in the order of `DIMENSIONS`.
    estimate, std_error : float
        In the outcome's unit.
    interval : (float, float)
        At the level of the study.
    degrees_of_freedom : float or None
        Of Student's t; None for normal critical values.
    sentence : str
        What it is for.
    is_counted : bool
        False where it speaks of something else: it leaves out on purpose what the headline takes care of.
    """

    name: str
    family: Family
    choices: tuple[tuple[str, str], ...]
    estimate: float
    std_error: float
    interval: tuple[float, float]
    degrees_of_freedom: float | None
    sentence: str
    is_counted: bool = True

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect."""
        if self.std_error == 0:
            return 0.0 if self.estimate else 1.0
        ratio = abs(self.estimate / self.std_error)
        return float(2 * stats.t.sf(ratio, self.degrees_of_freedom or np.inf))

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves out zero, else 0."""
        return 1 if self.interval[0] > 0 else -1 if self.interval[1] < 0 else 0


@dataclass(frozen=True, slots=True)
class MissingSpecification:
    """A way that the data do not allow, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """All specifications and what they say together.

    Attributes
    ----------
    specifications : tuple of Specification
        The headline first.
    missing : tuple of MissingSpecification
    n_counted : int
        Specifications that the shares below speak of, the headline among them.
    share_same_sign : float
        Whose estimate has the headline's sign, in [0, 1].
    share_excluding_zero : float
        Whose interval leaves out zero.
    share_agreeing : float
        Who answer as the headline: interval above zero, below it, or holding it.
    agreeing_by_models : tuple of (str, float)
        That share among the specifications made with each kind of models.
    share_against : float
        Whose interval lies wholly on the other side of zero than the headline's estimate.
    median, lowest, highest : float
        Of the estimates, in the outcome's unit.
    """

    specifications: tuple[Specification, ...]
    missing: tuple[MissingSpecification, ...]
    n_counted: int
    share_same_sign: float
    share_excluding_zero: float
    share_agreeing: float
    agreeing_by_models: tuple[tuple[str, float], ...]
    share_against: float
    median: float
    lowest: float
    highest: float

    @property
    def headline(self) -> Specification:
        """The estimate that all others are held against."""
        return self.specifications[0]


def specify(
    name: str,
    family: Family,
    choices: Iterable[tuple[str, str]],
    estimate: EffectEstimate,
    sentence: str,
    *,
    level: float = 0.95,
    is_counted: bool = True,
) -> Specification:
    """Write an estimate down as a specification."""
    freedom = estimate.degrees_of_freedom
    return Specification(
        name,
        family,
        tuple(choices),
        estimate.effect,
        estimate.std_error,
        estimate.interval(level),
        freedom if np.isfinite(freedom) else None,
        sentence,
        is_counted,
    )


def draw_curve(
    specifications: Iterable[Specification], missing: Iterable[MissingSpecification] = ()
) -> SpecificationCurve:
    """Summarise specifications, the headline first.

    Raises
    ------
    NotIdentifiedError
        Without any, or where one is not finite.
    """
    found = tuple(specifications)
    if not found:
        raise NotIdentifiedError("a specification curve needs at least the headline.")
    for one in found:
        if not np.isfinite([one.estimate, one.std_error, *one.interval]).all():
            raise NotIdentifiedError(f"specification {one.name!r} is not a finite number; leave it out.")
    counted = [one for one in found if one.is_counted]
    estimates = np.array([one.estimate for one in counted])
    signs = np.array([one.sign for one in counted])
    own = np.sign(found[0].estimate)
    return SpecificationCurve(
        found,
        tuple(missing),
        len(counted),
        float(np.mean(np.sign(estimates) == own)),
        float(np.mean(signs != 0)),
        float(np.mean(signs == found[0].sign)),
        _agree_by_models(counted, found[0].sign),
        float(np.mean(signs == -own)) if own else 0.0,
        float(np.median(estimates)),
        float(estimates.min()),
        float(estimates.max()),
    )


def _agree_by_models(counted: list[Specification], sign: int) -> tuple[tuple[str, float], ...]:
    groups: dict[str, list[bool]] = {}
    for one in counted:
        groups.setdefault(dict(one.choices).get("models", ""), []).append(one.sign == sign)
    return tuple((name, float(np.mean(agree))) for name, agree in groups.items())


def specification_curve_diagnostic(curve: SpecificationCurve | None) -> Diagnostic:
    """Whether the answer survives other reasonable ways to make it.

    Passed where at least half of the counted specifications answer as the headline (above zero, below it, or neither),
    half of those made with each learner other than straight lines as well, and at most one in ten says the opposite.
    Half, because the answer should be that of the middle specification; many of them are less precise than the headline
    by design (matching, fewer artworks), so that more would fail sound studies. By learner, because specifications that
    share their models agree by construction; straight lines cannot follow what trees can, so they count in the whole
    alone. Specifications that leave out on purpose what the headline takes care of (comparing across titles, a
    confounder dropped) speak of something else: shown, not counted. Non-blocking: the headline was chosen before
    looking, and a disagreement says where it depends on a choice, not that it is wrong.
    """
    name = "specification_curve"
    if curve is None or curve.n_counted < 2:
        return Diagnostic(name, None, SMALLEST_SHARE_AGREEING, None, "The estimate was made in one way only.")
    by_learner = [share for models, share in curve.agreeing_by_models if models not in STRAIGHT]
    least = min(curve.share_agreeing, *by_learner, 1.0)
    passed = least >= SMALLEST_SHARE_AGREEING and curve.share_against <= LARGEST_SHARE_AGAINST
    agreeing = round(curve.share_agreeing * curve.n_counted)
    text = f"{agreeing} of {curve.n_counted} ways to make the estimate give the same answer"
    against = round(curve.share_against * curve.n_counted)
    opposite = f", {against} the opposite one" if against else ""
    sentence = f"{text}{opposite}." if passed else f"{text}{opposite}: the answer depends on how it is made."
    return Diagnostic(name, least, SMALLEST_SHARE_AGREEING, passed, sentence)
