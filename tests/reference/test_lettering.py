"""Real posters carry lettering, real photographs of animals do not; looked at by eye where the numbers were set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from artwork_insights.features.inputs.image import read_image
from artwork_insights.features.picture.lettering import measure_lettering
from artwork_insights.features.text.detector import TextDetector

POSTERS_WITH_LETTERING = 0.95
PHOTOGRAPHS_MEAN_SHARE = 0.015  # some carry the photographer's name


def _measure(paths: list[Path]) -> list[dict[str, float]]:
    detector = TextDetector()
    return [measure_lettering(detector.detect(read_image(str(path)))) for path in paths]


def test_posters_have_lettering_and_animals_have_next_to_none(reference_data: Path) -> None:
    posters = _measure(sorted((reference_data / "posters" / "images").iterdir())[::9])
    animals = _measure(sorted((reference_data / "faces" / "no_face").iterdir())[::3])
    assert np.mean([values["text_line_count"] > 0 for values in posters]) >= POSTERS_WITH_LETTERING
    assert 0.08 < np.mean([values["text_area_share"] for values in posters]) < 0.2
    assert np.mean([values["text_area_share"] for values in animals]) < PHOTOGRAPHS_MEAN_SHARE
    assert np.median([values["text_area_share"] for values in animals]) == 0
