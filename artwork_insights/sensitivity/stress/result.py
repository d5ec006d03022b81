"""All that the stress tests of one hypothesis found."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.sensitivity.stress.halves import SplitHalves
from artwork_insights.sensitivity.stress.movement import Movement
from artwork_insights.sensitivity.stress.null_effects import NullEffect
from artwork_insights.sensitivity.stress.specification import SpecificationCurve
from artwork_insights.sensitivity.stress.stability import Carriers, SubsetStability


@dataclass(frozen=True, slots=True)
class Stress:
    """What attacks on one estimate found; effects are in the outcome's unit.

    Attributes
    ----------
    curve : SpecificationCurve
        Every way to make the estimate.
    halves : tuple of SplitHalves
        A/A tests, of the titles and of artworks without the component.
    null_effects : tuple of NullEffect
        Placebo outcome and negative control, where the study has them.
    random_cause, zero_confounder : Movement or None
        None where nothing was fitted anew.
    without_blocks : tuple of Movement
        Without each of the strongest observed confounders.
    subsets : SubsetStability or None
    carriers : Carriers or None
    """

    curve: SpecificationCurve
    halves: tuple[SplitHalves, ...]
    null_effects: tuple[NullEffect, ...]
    random_cause: Movement | None
    zero_confounder: Movement | None
    without_blocks: tuple[Movement, ...]
    subsets: SubsetStability | None
    carriers: Carriers | None
