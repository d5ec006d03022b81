"""Draws the artwork of a synthetic catalogue as image files: backdrop, faces of the planted sizes, lettering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from artwork_insights.catalog.synthetic import SyntheticCatalogue
from artwork_insights.features.render.backdrop import PALETTES, draw_backdrop
from artwork_insights.features.render.faces import PORTRAITS, FacePlacement, paste_face, place_faces
from artwork_insights.features.render.lettering import band_height_px, draw_lettering
from artwork_insights.features.render.photographs import read_portrait

ImageArray = npt.NDArray[np.uint8]
Progress = Callable[[Iterable[Path]], Iterable[Path]]

JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True)
class ArtworkPlan:
    """What one picture has to show; a row of `SyntheticCatalogue.artwork`.

    Attributes
    ----------
    width_px, height_px : int
        Frame.
    face_heights : tuple of float
        Height of each face in square roots of the frame's area; empty for none.
    background : {"gradient", "photograph", "texture"}
        Kind of backdrop.
    palette : str
        A key of `render_backdrop.PALETTES`.
    background_lightness : float
        Mean CIE L* of the backdrop before faces and lettering.
    lettering, lettering_position : str
        The name, and "top" or "bottom".
    render_seed : int
        Decides everything else.
    """

    width_px: int
    height_px: int
    face_heights: tuple[float, ...]
    background: str
    palette: str
    background_lightness: float
    lettering: str
    lettering_position: str
    render_seed: int


@dataclass(frozen=True, slots=True)
class RenderedArtwork:
    """A picture and where its faces are.

    Attributes
    ----------
    pixels : uint8 array of shape (height, width, 3)
        RGB.
    faces : tuple of FacePlacement
        In the order of `ArtworkPlan.face_heights`.
    """

    pixels: ImageArray
    faces: tuple[FacePlacement, ...]


def plans_of(catalogue: SyntheticCatalogue) -> dict[str, ArtworkPlan]:
    """Return what to draw for each asset, by its location."""
    artwork = catalogue.assets.merge(catalogue.artwork, on="asset_id", validate="one_to_one")
    plans = {}
    for row in artwork.to_dict("records"):
        plans[str(row["location"])] = ArtworkPlan(
            width_px=int(row["width_px"]),
            height_px=int(row["height_px"]),
            face_heights=tuple(float(height) for height in row["face_heights"]),
            background=str(row["background"]),
            palette=str(row["palette"]),
            background_lightness=float(row["background_lightness"]),
            lettering=str(row["lettering"]),
            lettering_position=str(row["lettering_position"]),
            render_seed=int(row["render_seed"]),
        )
    return plans


def render_artwork(plan: ArtworkPlan) -> RenderedArtwork:
    """Draw one picture; the same plan gives the same pixels."""
    rng = np.random.default_rng(plan.render_seed)
    palette = PALETTES[plan.palette]
    canvas = draw_backdrop(
        rng, plan.width_px, plan.height_px, plan.background, palette, plan.background_lightness,
        hero=not plan.face_heights,
    )  # fmt: skip
    band = band_height_px(plan.height_px)
    margin = round(0.08 * plan.height_px)
    top, bottom = (band, plan.height_px - margin) if plan.lettering_position == "top" else (0, plan.height_px - band)
    heights_px = np.array(plan.face_heights) * np.sqrt(plan.width_px * plan.height_px)
    faces = place_faces(rng, heights_px, plan.width_px, plan.height_px, top, bottom)
    for face in sorted(faces, key=lambda placement: placement.box[3]):
        paste_face(rng, canvas, face, palette)
    lettered = draw_lettering(rng, canvas, plan.lettering, plan.lettering_position, palette)
    return RenderedArtwork((lettered * 255 + 0.5).astype(np.uint8), faces)


def render_catalogue(
    catalogue: SyntheticCatalogue, folder: Path, *, workers: int = 2, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Draw every asset's picture as a JPEG file at its location under `folder`.

    Parameters
    ----------
    folder : Path
        The catalogue's folder; ``images/`` is made in it. Files that exist are drawn again.
    workers : int
        Threads; pixels are moved outside Python's lock.
    progress : callable or None
        Wraps the paths as they are finished, for example ``tqdm``.

    Returns
    -------
    tuple of Path
        Files written, in the order of `catalogue.assets`. The bytes depend on the catalogue alone, not on `workers`.
    """
    plans = [(folder / location, plan) for location, plan in plans_of(catalogue).items()]
    for parent in {path.parent for path, _ in plans}:
        parent.mkdir(parents=True, exist_ok=True)
    for portrait in PORTRAITS:
        read_portrait(portrait)  # cut once, before the threads start
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        finished: Iterator[Path] = pool.map(_draw_file, plans)
        return tuple(finished if progress is None else progress(finished))


def _draw_file(task: tuple[Path, ArtworkPlan]) -> Path:
    path, plan = task
    Image.fromarray(render_artwork(plan).pixels).save(path, format="JPEG", quality=JPEG_QUALITY)
    return path
