"""Contact sheets: the measured artwork on a page, with its faces, its palette and its main numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from artwork_insights.catalog.columns import SCALAR_FEATURES
from artwork_insights.errors import ImageError, OutputError, did_you_mean
from artwork_insights.features.faces.detector import LANDMARKS
from artwork_insights.features.inputs.image import read_image
from artwork_insights.features.inputs.location import address_of
from artwork_insights.features.table import read_feature_table, read_manifest, read_table
from artwork_insights.features.viewing.thumbnail import fit_width

_PICTURE_PX, _TALLEST_PX, _MARGIN, _GAP = 232, 348, 48, 24
_PALETTE_PX, _CAPTION_PX, _HEADER_PX = 10, 58, 96
_PAPER, _CARD, _INK, _QUIET = "#f4f1ea", "#ffffff", "#22201c", "#8a857a"
_BOX_COLOUR, _BOX_SHADE = "#ffd23f", "#1c1a17"
_SMALLEST_POINTED_PX = 28
_JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True)
class _Card:
    """What is drawn of one asset."""

    name: str
    address: str
    values: Mapping[str, Any]
    faces: pd.DataFrame
    caption: tuple[str, str]


def write_contact_sheet(
    folder: Path, out: Path, *, sort_by: str | None = None, columns: int = 8, limit: int = 200
) -> tuple[Path, ...]:
    """Draw the artwork of an extraction with face boxes, landmarks, palette and main numbers.

    Parameters
    ----------
    folder : Path
        A finished extraction.
    out : Path
        Image file to write, ``.jpg`` or ``.png``. Where one page is not enough the others get ``-2``, ``-3`` and so on.
    sort_by : str, optional
        Feature to order by, largest first; missing values last. The order of the input where it is left out.
    columns : int
        Pictures in a row.
    limit : int
        Pictures on a page.

    Returns
    -------
    tuple of Path
        The pages.

    Raises
    ------
    OutputError
        When the folder is no finished extraction, is empty, the feature is unknown, or the file's suffix is neither.
    """
    if out.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise OutputError(f"{out}: a contact sheet is written as .jpg or .png; choose such a name.")
    if out.exists() and not out.stem.startswith("contact-sheet"):
        raise OutputError(f"{out} is there already and may be an artwork; name a new file with --out.")
    cards = _read_cards(folder, sort_by)
    pages = [cards[i : i + limit] for i in range(0, len(cards), limit)]
    paths = []
    for number, page in enumerate(pages):
        path = out if number == 0 else out.with_stem(f"{out.stem}-{number + 1}")
        order = f"by {sort_by.replace('_', ' ')}, largest first" if sort_by else "in the order of the input"
        turn = f" · page {number + 1} of {len(pages)}" if len(pages) > 1 else ""
        subtitle = f"{len(cards):,} images {order}{turn}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _draw_page(page, min(columns, len(cards)), folder.resolve().name, subtitle).save(path, quality=_JPEG_QUALITY)
        paths.append(path)
    return tuple(paths)


def _read_cards(folder: Path, sort_by: str | None) -> list[_Card]:
    if sort_by is not None and sort_by not in SCALAR_FEATURES:
        hint = did_you_mean(sort_by, SCALAR_FEATURES)
        raise OutputError(f"sort by {sort_by!r}: there is no such feature{hint}; artwork-insights columns lists them.")
    frame = read_feature_table(folder).frame
    if frame.empty:
        raise OutputError(f"{folder}: no image could be measured, so there is nothing to draw; see failures/*.parquet.")
    base = read_manifest(folder).get("location_base", "")
    palettes = read_table(folder, "features").select(["palette_hex", "palette_share"]).to_pylist()
    records = [row | palette for row, palette in zip(frame.to_dict("records"), palettes, strict=True)]
    if sort_by is not None:
        order = frame[sort_by].reset_index(drop=True).sort_values(ascending=False, kind="stable", na_position="last")
        records = [records[i] for i in order.index]
    faces = dict(iter(read_table(folder, "faces").to_pandas().groupby("asset_id")))
    none = pd.DataFrame()
    return [
        _Card(
            name=str(row["asset_id"]),
            address=address_of(str(row["location"]), base),
            values=row,
            faces=faces.get(row["asset_id"], none),
            caption=caption(row, sort_by),
        )
        for row in records
    ]


def caption(values: Mapping[str, Any], sort_by: str | None = None) -> tuple[str, str]:
    """Two short lines under a picture: its faces, and its colour or the feature it was sorted by."""
    count = int(values["face_count"])
    share = values["face_area_share_total"]
    first = "no face" if count == 0 else f"{count} face{'s' if count > 1 else ''} · {share:.1%} of the frame"
    if sort_by is None or sort_by in ("face_count", "face_present", "face_area_share_total"):
        return first, f"lightness {values['lightness_mean']:.0f} · colourfulness {values['colourfulness']:.0f}"
    value = values[sort_by]
    return first, f"{sort_by.replace('_', ' ')} {_number(value)}"


def _number(value: object) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.3g}"
    return str(value)


def _draw_page(cards: Sequence[_Card], columns: int, title: str, subtitle: str) -> Image.Image:
    """A page of cards, in rows as tall as their tallest picture."""
    tiles = [_draw_card(card) for card in cards]
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    width = 2 * _MARGIN + columns * _PICTURE_PX + (columns - 1) * _GAP
    height = 2 * _MARGIN + _HEADER_PX + sum(max(tile.height for tile in row) + _GAP for row in rows) - _GAP
    page = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(page)
    room = width - 2 * _MARGIN
    pen.text((_MARGIN, _MARGIN - 8), _shorten(pen, title, _font(34), room), _INK, _font(34))
    pen.text((_MARGIN, _MARGIN + 40), _shorten(pen, subtitle, _font(18), room), _QUIET, _font(18))
    top = _MARGIN + _HEADER_PX
    for row in rows:
        for i, tile in enumerate(row):
            page.paste(tile, (_MARGIN + i * (_PICTURE_PX + _GAP), top))
        top += max(tile.height for tile in row) + _GAP
    return page


def _draw_card(card: _Card) -> Image.Image:
    """Picture with boxes, palette strip and caption."""
    picture = _draw_picture(card)
    tile = Image.new("RGB", (_PICTURE_PX, picture.height + _PALETTE_PX + _CAPTION_PX), _CARD)
    tile.paste(picture, ((_PICTURE_PX - picture.width) // 2, 0))
    pen = ImageDraw.Draw(tile)
    left = 0.0
    for colour, share in zip(card.values["palette_hex"], card.values["palette_share"], strict=True):
        right = left + share * _PICTURE_PX
        if round(right) > round(left):
            strip = (round(left), picture.height + 2, round(right) - 1, picture.height + _PALETTE_PX - 1)
            pen.rectangle(strip, fill=colour)
        left = right
    top = picture.height + _PALETTE_PX
    room = _PICTURE_PX - 16
    lines = ((card.name, 14, _INK, 5), (card.caption[0], 12, _QUIET, 23), (card.caption[1], 12, _QUIET, 38))
    for text, size, colour, y in lines:
        pen.text((8, top + y), _shorten(pen, text, _font(size), room), colour, _font(size))
    return tile


def _draw_picture(card: _Card) -> Image.Image:
    """The picture at the card's width, its faces boxed; a note in its place where it is gone."""
    try:
        pixels = read_image(card.address).pixels
    except ImageError:
        picture = Image.new("RGB", (_PICTURE_PX, _PICTURE_PX), _PAPER)
        ImageDraw.Draw(picture).text((16, _PICTURE_PX // 2), "the image is no longer there", _QUIET, _font(14))
        return picture
    height, width = pixels.shape[:2]
    drawn_width = min(_PICTURE_PX, max(round(width * _TALLEST_PX / height), 1))
    picture = Image.fromarray(fit_width(pixels, drawn_width))
    if picture.width < drawn_width:
        size = (drawn_width, max(round(height * drawn_width / width), 1))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    _draw_faces(picture, card.faces, picture.width / width)
    return picture


def _draw_faces(picture: Image.Image, faces: pd.DataFrame, scale: float) -> None:
    pen = ImageDraw.Draw(picture)
    for face in faces.to_dict("records"):
        box = tuple(float(face[side]) * scale for side in ("xmin", "ymin", "xmax", "ymax"))
        pen.rounded_rectangle(tuple(v + 1 for v in box), 4, outline=_BOX_SHADE, width=2)
        pen.rounded_rectangle(box, 4, outline=_BOX_COLOUR, width=2)
        if box[2] - box[0] < _SMALLEST_POINTED_PX:
            continue
        radius = max(1.5, (box[2] - box[0]) / 36)
        for landmark in LANDMARKS:
            x, y = float(face[f"{landmark}_x"]) * scale, float(face[f"{landmark}_y"]) * scale
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_BOX_COLOUR, outline=_BOX_SHADE)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _shorten(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> str:
    """Cut a text in the middle until it fits; control characters become spaces."""
    text = "".join(character if character.isprintable() else " " for character in text)
    if pen.textlength(text, font) <= room:
        return text
    keep = len(text) - 1
    while keep > 2 and pen.textlength(f"{text[: keep // 2]}…{text[-(keep // 2) :]}", font) > room:
        keep -= 1
    return f"{text[: keep // 2]}…{text[-(keep // 2) :]}"
