"""What is known about confounders that nobody measured, for one estimate: bounds, yardsticks, and matched pairs."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.sensitivity.observed_confounders import ConfounderBenchmark
from artwork_insights.sensitivity.omitted_variables import ConfoundingContour, OmittedVariableBounds
from artwork_insights.sensitivity.rosenbaum import RosenbaumBounds


@dataclass(frozen=True, slots=True)
class UnseenConfounding:
    """How strong something unseen would have to be, said in three ways.

    Attributes
    ----------
    bounds : OmittedVariableBounds
        Of the headline, beside a confounder as strong as the strongest observed one (3 % and 3 % where none is).
    contour : ConfoundingContour
        The effect and its limit over all strengths.
    benchmarks : tuple of ConfounderBenchmark
        Observed confounders, strongest first.
    pairs : RosenbaumBounds or None
        Over matched pairs of artworks; None for a continuous treatment, or where too few titles have a pair.
    matched_within : {"title", "genre and country", "genre", "country", "nothing"} or None
        What the two of a pair share besides their chance of having the component; None without pairs.
    """

    bounds: OmittedVariableBounds
    contour: ConfoundingContour
    benchmarks: tuple[ConfounderBenchmark, ...]
    pairs: RosenbaumBounds | None
    matched_within: str | None
