"""What one finding says of each image: loadings on the finding's estimates, the estimates, and their covariance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from artwork_insights.advising.groups import LocalEffect, find_local_effect, find_unseen
from artwork_insights.advising.support import FeatureRange
from artwork_insights.effects.arms import ArmEffects, cut_arms
from artwork_insights.effects.dose_response import DoseResponse, natural_spline
from artwork_insights.effects.simultaneous import JointTest
from artwork_insights.report.findings import Finding
from artwork_insights.report.numbers import significant

FloatArray = npt.NDArray[np.float64]
Shape = Literal["arms", "curve", "condition", "slope"]
SHAPES: tuple[Shape, ...] = ("arms", "curve", "condition", "slope")
"""From the one that tells most amounts apart to the one that assumes most."""
CLEAR = 0.05
"""Level of the tests that say whether arms, or a curve, tell more than one number does."""


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One finding, applied to n images.

    Attributes
    ----------
    finding : Finding
    shape : {"arms", "curve", "condition", "slope"}
        What of the finding is used.
    loadings : array of shape (n, m)
        The score of an image is ``loadings @ effect``; NaN where it is not known.
    effect : array of shape (m,)
        Estimates, in the outcome's unit per unit of the loadings.
    covariance : array of shape (m, m)
        Of the estimates, clustered by title.
    degrees_of_freedom : float
    words : tuple of str, length n
        What the image has, e.g. ``"with a face"``.
    where : str
        ``"on average"``, or the group in which the effect holds.
    is_local : bool
        Whether the effect is that of the title's own group.
    is_exception : bool
        Whether that group is another case than the average, see `LocalEffect`.
    cautions : tuple of str
        What to bear in mind, in words.
    """

    finding: Finding
    shape: Shape
    loadings: FloatArray
    effect: FloatArray
    covariance: FloatArray
    degrees_of_freedom: float
    words: tuple[str, ...]
    where: str
    is_local: bool
    is_exception: bool = False
    cautions: tuple[str, ...] = ()

    @property
    def scores(self) -> FloatArray:
        """Predicted part of the outcome, shape (n,), up to a constant of the component."""
        return np.asarray(self.loadings @ self.effect)

    def tells_apart(self) -> bool:
        """Whether the images differ in it."""
        known = self.loadings[np.isfinite(self.loadings).all(axis=1)]
        return len(known) > 1 and bool((np.ptp(known, axis=0) > 0).any())


def apply_finding(
    finding: Finding,
    values: FloatArray,
    labels: Mapping[str, str],
    *,
    arm_edges: tuple[float, ...] | None,
    ranges: Mapping[str, FeatureRange],
    level: float = 0.95,
) -> Component | None:
    """Apply an accepted finding to n images; None where it says that the component makes no difference.

    The arms are used where their joint test says that they differ, else the curve where its test says that it is not
    flat, else the one effect: that of a condition, or a slope. A curve is followed to its ends and a slope to the 1st
    and 99th percentile of the analysed artwork; beyond, the value at the end stands.

    Parameters
    ----------
    values : array of shape (n,)
        The treatment, evaluated on the images.
    labels : mapping from modifier to label
        Of the title.
    arm_edges : tuple of float or None
        Lower edges of the arms.
    ranges : mapping from feature to FeatureRange
    level : float
        At which a group's own answer is read.
    """
    arms, curve = finding.arms, finding.dose_response
    if arms is not None and arm_edges is not None and _is_clear(arms.no_difference):
        return _by_arms(finding, arms, arm_edges, values, labels)
    local = find_local_effect(finding, labels, level)
    straight = local.is_local and curve is not None and not _is_clear(curve.linearity)
    if curve is not None and _is_clear(curve.no_effect) and not straight:
        return _by_curve(finding, curve, values, labels)
    if finding.verdict.answer == "practically_zero":
        return None
    return _by_one_effect(finding, local, values, ranges, _cautions(finding, local, labels))


def _is_clear(test: JointTest | None) -> bool:
    return test is not None and test.p_value < CLEAR


def _cautions(finding: Finding, local: LocalEffect, labels: Mapping[str, str]) -> tuple[str, ...]:
    missing = None if local.is_local else find_unseen(finding, labels)
    found = [local.caution] if local.caution else []
    if missing is not None:
        found.append(
            f"{missing.n_titles_comparable:,} titles of {missing.group} have comparable artwork both with and without "
            f"{finding.question.component}, so what it does there is taken from other artwork."
        )
    return tuple(found)


def _by_one_effect(
    finding: Finding,
    local: LocalEffect,
    values: FloatArray,
    ranges: Mapping[str, FeatureRange],
    cautions: tuple[str, ...],
) -> Component:
    component = finding.question.component
    is_binary = finding.question.is_binary
    reach = None if is_binary else ranges.get(finding.question.treatment)
    held = values if reach is None else np.clip(values, reach.low, reach.high)
    names = {1.0: f"with {component}", 0.0: f"without {component}"}
    words = [names.get(v, "") if is_binary else f"{component} {significant(float(v))}" for v in values]
    return Component(
        finding,
        "condition" if is_binary else "slope",
        held[:, None],
        np.array([local.effect]),
        np.array([[local.std_error**2]]),
        local.degrees_of_freedom,
        tuple(words),
        local.where,
        local.is_local,
        local.is_exception,
        cautions,
    )


def _by_arms(
    finding: Finding, arms: ArmEffects, edges: tuple[float, ...], values: FloatArray, labels: Mapping[str, str]
) -> Component:
    """Contrasts with the reference; their covariance follows from the errors of all pairwise contrasts."""
    others = [arm for arm in arms.arms if arm != arms.reference]
    estimates = [arms.contrast(arm, arms.reference).estimate for arm in others]
    known = [(arm, estimate) for arm, estimate in zip(others, estimates, strict=True) if estimate is not None]
    errors = np.array([estimate.std_error for _, estimate in known])
    covariance = np.diag(errors**2)
    for i, (one, _) in enumerate(known):
        for j, (other, _) in enumerate(known[:i]):
            between = arms.contrast(one, other).estimate
            limit = errors[i] * errors[j]
            shared = 0.0 if between is None else (errors[i] ** 2 + errors[j] ** 2 - between.std_error**2) / 2
            covariance[i, j] = covariance[j, i] = np.clip(shared, -limit, limit)
    cut = [str(arm) if arm == arm else "" for arm in cut_arms(values, edges)]
    loadings = np.array([[float(arm == one) for one, _ in known] for arm in cut]).reshape(len(values), len(known))
    loadings[~np.isin(cut, [arms.reference, *(one for one, _ in known)])] = np.nan
    return Component(
        finding,
        "arms",
        loadings,
        np.array([estimate.effect for _, estimate in known]),
        nearest_covariance(covariance),
        min((estimate.degrees_of_freedom for _, estimate in known), default=np.inf),
        tuple(f"{finding.question.component}: {arm or 'in no arm'}" for arm in cut),
        "on average",
        False,
        cautions=_caution_of_average(finding, labels),
    )


def _by_curve(finding: Finding, curve: DoseResponse, values: FloatArray, labels: Mapping[str, str]) -> Component:
    effect, covariance = recover_spline(curve)
    knots = np.array(curve.knots)
    held = np.clip(values, curve.dose[0], curve.dose[-1])
    loadings = natural_spline(held, knots) - natural_spline(np.array([curve.reference]), knots)
    return Component(
        finding,
        "curve",
        loadings,
        effect,
        covariance,
        finding.estimate.degrees_of_freedom,
        tuple(f"{finding.question.component} {significant(float(v))}" for v in values),
        "on average",
        False,
        cautions=_caution_of_average(finding, labels),
    )


def _caution_of_average(finding: Finding, labels: Mapping[str, str]) -> tuple[str, ...]:
    clear = [row.modifier for row in finding.moderation if row.p_value < CLEAR and row.modifier in labels]
    if not clear:
        return ()
    component = finding.question.component
    return (f"what each amount of {component} does is an average; the effect of {component} differs by {clear[0]}.",)


def recover_spline(curve: DoseResponse) -> tuple[FloatArray, FloatArray]:
    """Coefficients of a curve's spline and their covariance, from the effects and standard errors that it reports.

    The effect of a dose is linear in the coefficients, and its squared error a quadratic form in their covariance, so
    25 doses determine both. With them, two doses near each other are told apart as exactly as the data allow; from the
    errors against the reference alone, they would never be.

    Returns
    -------
    array of shape (k,), array of shape (k, k)
        The covariance is positive semi-definite.
    """
    knots = np.array(curve.knots)
    basis = natural_spline(np.array(curve.dose), knots) - natural_spline(np.array([curve.reference]), knots)
    scale = np.abs(basis).max(axis=0)
    scaled = basis / scale
    effect = np.linalg.lstsq(scaled, np.array(curve.effect), rcond=None)[0]
    rows, columns = np.triu_indices(scaled.shape[1])
    products = scaled[:, rows] * scaled[:, columns] * np.where(rows == columns, 1.0, 2.0)
    packed = np.linalg.lstsq(products, np.array(curve.std_error) ** 2, rcond=None)[0]
    covariance = np.zeros((scaled.shape[1],) * 2)
    covariance[rows, columns] = covariance[columns, rows] = packed
    return effect / scale, nearest_covariance(covariance) / np.outer(scale, scale)


def nearest_covariance(matrix: FloatArray) -> FloatArray:
    """The matrix with its negative eigenvalues set to zero."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * values.clip(0)) @ vectors.T)
