"""What one hypothesis is told about its mechanisms, beside Baron and Kenny's mediation and the moderation by groups."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.mechanisms.continuous_moderation import ContinuousModeration
from artwork_insights.mechanisms.joint_change import JointChange
from artwork_insights.mechanisms.joint_mediation import JointMediation
from artwork_insights.mechanisms.mediation_sensitivity import RhoCurve
from artwork_insights.mechanisms.natural_results import NaturalEffects


@dataclass(frozen=True, slots=True)
class Mechanisms:
    """Mechanisms of one hypothesis; empty where nothing was asked or could be answered.

    Attributes
    ----------
    natural : tuple of NaturalEffects
        One per mediation question and mediator.
    rho_curves : tuple of RhoCurve
        In the same order.
    joint_mediation : tuple of JointMediation
        Of the questions that name several mediators.
    moderation : tuple of ContinuousModeration
        By effect modifiers that are numbers.
    joint_changes : tuple of JointChange
        Moves between combinations that the catalogue holds.
    """

    natural: tuple[NaturalEffects, ...] = ()
    rho_curves: tuple[RhoCurve, ...] = ()
    joint_mediation: tuple[JointMediation, ...] = ()
    moderation: tuple[ContinuousModeration, ...] = ()
    joint_changes: tuple[JointChange, ...] = ()
