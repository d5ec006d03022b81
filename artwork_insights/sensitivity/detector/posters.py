"""How well our own face detector did on posters that people labelled: a default for information, never an answer.

The counts are those behind the table "What the detector gets wrong" in docs/extraction.md, of the `default` detector at
its own threshold, which `benchmarks/thresholds.py` prints.
"""

from __future__ import annotations

import numpy as np

from artwork_insights.expression import Expression
from artwork_insights.sensitivity.detector.rates import DetectorRates

N_POSTERS = 200
"""Posters that were labelled."""
MOST_FACES = 12
POSTER_RATES = {
    1: DetectorRates(139 / 146, 48 / 54, 146, 54),
    2: DetectorRates(88 / 97, 96 / 103, 97, 103),
    4: DetectorRates(22 / 27, 169 / 173, 27, 173),
}
"""Rates of "at least 1, 2 and 4 faces"."""


def poster_rates(treatment: Expression) -> DetectorRates | None:
    """Rates of a component of faces on the labelled posters; None for any other component.

    The component is known by what it says of 0, 1, 2, ... faces, however it is written.
    """
    faces = np.arange(MOST_FACES + 1.0)
    if set(treatment.names) == {"face_present"}:
        return POSTER_RATES[1] if list(treatment.evaluate({"face_present": np.array([0.0, 1.0])})) == [0, 1] else None
    if set(treatment.names) != {"face_count"} or treatment.is_plain_feature:
        return None
    says = treatment.evaluate({"face_count": faces})
    return next((rates for least, rates in POSTER_RATES.items() if np.array_equal(says, faces >= least)), None)
