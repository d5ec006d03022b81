"""Measure candidate images exactly as the artwork of a study was measured."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from artwork_insights.catalog.columns import GROUPS
from artwork_insights.errors import OutputError, TableError
from artwork_insights.features.extraction.extract import extract_features, sources_of_assets
from artwork_insights.features.extraction.progress import Progress
from artwork_insights.features.table import read_feature_table, read_table

NEVER_NEEDED = ("duplicates", "embedding")
FEW_IMAGES = 8
"""Up to here one process is quicker than starting several."""


@dataclass(frozen=True, slots=True)
class MeasuredImages:
    """Features of the images that could be measured, and the reasons for the others.

    Attributes
    ----------
    frame : DataFrame of n rows
        Indexed by the name of the image; one column per feature.
    failures : dict from name to reason
    """

    frame: pd.DataFrame
    failures: dict[str, str]


def name_images(images: Sequence[str | Path]) -> dict[str, str]:
    """Name to show for each image, and where it lies: the file's name, or the path as given where two share a name.

    Raises
    ------
    TableError
        Without any image, or for a folder.
    """
    given = list(dict.fromkeys(str(image) for image in images))
    if not given or not all(text.strip() for text in given):
        raise TableError("no image was named, or one by an empty text; give the paths of the candidate images.")
    for text in given:
        if Path(text).is_dir():
            raise TableError(f"{text} is a folder; name the images in it, such as {text.rstrip('/')}/*.jpg.")
    short = [text.rstrip("/").rsplit("/", 1)[-1] for text in given]
    return {
        text if short.count(name) > 1 else name: text if "://" in text else str(Path(text).absolute())
        for text, name in zip(given, short, strict=True)
    }


def measure_images(
    images: Mapping[str, str], settings: Mapping[str, str], *, progress: Progress | None = None
) -> MeasuredImages:
    """Measure images into a temporary folder with the settings of a study's features.

    Parameters
    ----------
    images : mapping from name to location
    settings : mapping
        `StudyResult.feature_settings`, as ``group.setting``.
    progress : callable, optional
        Wraps the images, as ``tqdm`` does.

    Raises
    ------
    OutputError
        When this machine would measure otherwise than the study did.
    WeightsError
        When a detector that the study used is not installed here.
    """
    groups = [g for g in GROUPS if g not in NEVER_NEEDED and any(key.startswith(f"{g}.") for key in settings)]
    assets = pd.DataFrame({"asset_id": list(images), "location": list(images.values())})
    with tempfile.TemporaryDirectory(prefix="artwork-insights-") as folder:
        out = Path(folder) / "features"
        extract_features(
            sources_of_assets(assets),
            out,
            features=groups,
            mode=settings.get("faces.mode", "default"),  # type: ignore[arg-type]
            device="cpu",
            runtime=settings.get("faces.runtime", "auto"),  # type: ignore[arg-type]
            workers=1 if len(images) <= FEW_IMAGES else 0,
            embedding="none",
            progress=progress,
        )
        failed = read_table(out, "failures").to_pandas()
        failures = {
            str(asset): str(reason) for asset, reason in zip(failed["asset_id"], failed["message"], strict=True)
        }
        table = read_feature_table(out)
    _require_same(table.settings, settings)
    frame = table.frame.set_index("asset_id")
    return MeasuredImages(frame.loc[[name for name in images if name in frame.index]], failures)


def _require_same(here: Mapping[str, str], study: Mapping[str, str]) -> None:
    for key, value in here.items():
        if study.get(key) != value:
            raise OutputError(
                f"the study's artwork was measured with {key} = {study.get(key, 'nothing')!r} and the images here with "
                f"{value!r}, so they cannot be compared: measure and run the study again, or install what it used."
            )
