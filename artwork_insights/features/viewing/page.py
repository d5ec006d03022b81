"""A contact sheet as one HTML page: pictures inside it, boxes as vectors over them, no script and no request."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from artwork_insights.features.faces.detector import LANDMARKS
from artwork_insights.features.viewing.card import all_numbers, describe, label, main_numbers, palette_of, quantity
from artwork_insights.features.viewing.selection import GROUP_COLUMN, Row
from artwork_insights.features.viewing.sheet_style import STYLE

GENERATOR = "artwork-insights contact-sheet"
_NARROWEST, _WIDEST = 0.56, 2.4  # shapes of a card; a picture beyond them is framed
_CARD_PX = 210  # about the width of an upright picture on the page
_SMALLEST_POINTED_PX = 20
_BARS = 48
_LISTED_FAILURES = 200
_OPENING = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="{GENERATOR}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
"""
_BOX_KEY = (
    '<svg viewBox="0 0 26 26" aria-hidden="true"><rect x="4.5" y="3.5" width="17" height="19" fill="none" '
    'stroke="#ffd23f" stroke-width="1.5"/><path d="M9.5 10h0M16.5 10h0M13 14h0M10 18h0M16 18h0" stroke="#ffd23f" '
    'stroke-width="2.4" stroke-linecap="round"/></svg>'
)


def page_opening(title: str, sentence: str, notes: Sequence[str], spread: str, key: str) -> str:
    """Everything above the pictures.

    Parameters
    ----------
    title, sentence : str
        Plain text.
    notes : sequence of str
        Warnings, plain text.
    spread, key : str
        HTML of `spread_figure` and `key_line`.
    """
    warnings = "".join(f'<p class="warn">{escape(note)}</p>' for note in notes)
    return (
        f"{_OPENING}<title>{escape(title)} – contact sheet</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><div><h1>{escape(title)}</h1><p class="lead">{escape(sentence)}</p>{warnings}</div>{spread}'
        "</header>\n"
        f"<main>\n{key}\n"
    )


def key_line(*, faces: bool, palette: bool, n_failures: int) -> str:
    """What the marks mean, the switch that hides them, and the way to the failures."""
    parts = []
    if faces:
        parts += [
            '<label><input type="checkbox" id="show-marks" checked> Show faces</label>',
            f"<span>{_BOX_KEY} face found, with eyes, nose and corners of the mouth</span>",
        ]
    if palette:
        strip = "".join(f'<i style="background:{colour}"></i>' for colour in ("#264653", "#2a9d8f", "#e9c46a"))
        parts.append(f'<span><span class="strip">{strip}</span> palette, as wide as its share of the pixels</span>')
    if n_failures:
        word = "image" if n_failures == 1 else "images"
        parts.append(f'<a href="#failures">{n_failures:,} {word} not measured</a>')
    return f'<div class="key">{"".join(parts)}</div>' if parts else ""


def spread_figure(name: str, values: npt.NDArray[np.float64]) -> str:
    """Histogram of a feature over all matching pictures; nothing where it has fewer than two different values."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() == known.max():
        return ""
    counts, _ = np.histogram(known, bins=_BARS)
    heights = counts / counts.max() * 62
    bars = "".join(
        f'<rect x="{i * 10 + 0.5}" y="{64 - max(h, 1.2):.1f}" width="9" height="{max(h, 1.2):.1f}"/>'
        for i, h in enumerate(heights)
        if h
    )
    low, middle, high = ((quantity(name, float(v))) for v in (known.min(), np.median(known), known.max()))
    said = f"{label(name)} from {low[0]} to {high[0]}, median {middle[0]}"
    return (
        f'<figure class="spread"><svg viewBox="0 0 {_BARS * 10} 64" preserveAspectRatio="none" role="img" '
        f'aria-label="Histogram: {escape(said)}"><g fill="#9fbfd6">{bars}</g></svg><figcaption><span>{escape(low[0])}'
        f"</span><span>{escape(label(name))}, median {escape(' '.join(middle).strip())}</span>"
        f"<span>{escape(high[0])}</span></figcaption></figure>"
    )


def grouped_cards(rows: Iterable[tuple[Row, str]], sort_by: str | None) -> Iterator[str]:
    """Cards in their list; by near-duplicate group each group is a list under its own heading."""
    before: object = None
    opened, n_groups = False, 0
    for row, card in rows:
        if not opened or (sort_by == GROUP_COLUMN and row[GROUP_COLUMN] != before):
            n_groups += 1
            heading = f"<h2>Group {n_groups:,}</h2>\n" if sort_by == GROUP_COLUMN else ""
            yield f'{"</ul>" if opened else ""}{heading}<ul class="sheet">\n'
            before, opened = row.get(GROUP_COLUMN), True
        yield card
    yield "</ul>\n"


def picture_card(row: Row, faces: Sequence[Row], jpeg: bytes | str, rank: int, sort_by: str | None) -> str:
    """One picture with its marks, palette and numbers.

    Parameters
    ----------
    row : dict
        Its features.
    faces : sequence of dict
        Boxes and landmarks in pixels of the upright original.
    jpeg : bytes or str
        The picture, or the sentence that says why it cannot be shown.
    rank : int
        Its place in the order, from 1.
    sort_by : str or None
    """
    width, height = row.get("width_px") or 1, row.get("height_px") or 1
    shape = shape_of(row)
    if isinstance(jpeg, str):
        inside = f'<p class="gone">{escape(jpeg)}</p>'
    else:
        upright = " upright" if width / height < shape else ""
        source = base64.b64encode(jpeg).decode("ascii")
        inside = (
            f'<div class="art{upright}" style="--picture:{width / height:.5g}"><img alt="{escape(describe(row))}" '
            f'width="{width}" height="{height}" loading="lazy" src="data:image/jpeg;base64,{source}">'
            f"{_marks(faces, width, height)}</div>"
        )
    colours = palette_of(row)
    said = escape(", ".join(f"{colour} {share:.0%}" for colour, share in colours))
    strip = "".join(
        f'<i style="flex:{share:.4f};background:{colour}" title="{colour} {share:.0%}"></i>'
        for colour, share in colours
    )
    palette = f'<div class="palette" role="img" aria-label="Palette: {said}">{strip}</div>' if colours else ""
    return (
        f'<li class="card" style="--shape:{shape:.4g}"><div class="frame">{inside}</div>{palette}<div class="words">'
        f"<h3><span>{escape(_visible(row['asset_id']))}</span><small>#{rank:,}</small></h3>{_numbers(row, sort_by)}"
        f"{_details(row, faces)}</div></li>\n"
    )


def shape_of(row: Row) -> float:
    """Width over height of a picture's frame on the page."""
    width, height = row.get("width_px") or 1, row.get("height_px") or 1
    return float(min(max(width / height, _NARROWEST), _WIDEST))


def _marks(faces: Sequence[Row], width: int, height: int) -> str:
    """Boxes and landmarks as two layers, dark under light, so that they stand out on any picture."""
    if not faces:
        return ""
    boxes, dots = [], []
    for face in faces:
        left, top, right, bottom = (face[side] for side in ("xmin", "ymin", "xmax", "ymax"))
        boxes.append(f"M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z")
        if (right - left) / width * _CARD_PX >= _SMALLEST_POINTED_PX:
            dots += [f"M{face[f'{point}_x']:.1f} {face[f'{point}_y']:.1f}h0" for point in LANDMARKS]
    paths = [("", "".join(boxes))] + ([("dots ", "".join(dots))] if dots else [])
    layers = [f'<path class="{kind}{layer}" d="{path}"/>' for kind, path in paths for layer in ("shade", "line")]
    return (
        f'<svg class="marks" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(layers)}</svg>"
    )


def _numbers(row: Row, sort_by: str | None) -> str:
    pairs = main_numbers(row, sort_by)
    lines = [_line(name, found, "sorted" if sort_by and i == 0 else "") for i, (name, found) in enumerate(pairs)]
    return f"<dl>{''.join(lines)}</dl>" if lines else ""


def _line(name: str, found: tuple[str, str], kind: str = "") -> str:
    number, unit = found
    small = f" <small>{escape(unit)}</small>" if unit else ""
    return f"<div{f' class={kind}' if kind else ''}><dt>{escape(name)}</dt><dd>{escape(number)}{small}</dd></div>"


def _details(row: Row, faces: Sequence[Row]) -> str:
    groups = all_numbers(row)
    n_numbers = sum(len(pairs) for _, pairs in groups)
    parts = [f"<h4>{escape(group)}</h4><dl>{''.join(_line(*pair) for pair in pairs)}</dl>" for group, pairs in groups]
    boxes = [
        _line(
            f"face {i}", (f"{f['xmax'] - f['xmin']:.0f} × {f['ymax'] - f['ymin']:.0f}", f"px, score {f['score']:.2f}")
        )
        for i, f in enumerate(faces, start=1)
    ]
    if boxes:
        parts.append(f"<h4>boxes</h4><dl>{''.join(boxes)}</dl>")
    where = f'<p class="where">{escape(_visible(row["location"]))}</p>'
    return f"<details><summary>All {n_numbers} numbers</summary>{where}{''.join(parts)}</details>"


def _visible(text: object) -> str:
    """Text with control characters, such as line breaks in a file name, as spaces."""
    return "".join(character if character.isprintable() else " " for character in str(text))


def failures_section(failures: Sequence[Row]) -> str:
    """Why images could not be measured: reasons with their numbers, the most frequent first, and the images of each."""
    if not failures:
        return ""
    by_reason: dict[str, list[tuple[Row, str]]] = defaultdict(list)
    for failure in failures:
        message = reason(failure)
        by_reason[re.sub(r" \(.*\)", "", message)].append((failure, message))
    parts = []
    for said, found in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        room = _LISTED_FAILURES
        items = "".join(
            f"<li>{escape(_visible(f['location']))}<span>{escape(_visible(message))}</span></li>"
            for f, message in found[:room]
        )
        more = f"<li>and {len(found) - room:,} more, in failures/*.parquet</li>" if len(found) > room else ""
        heading = f"<b>{len(found):,}</b> {escape(_visible(said))}"
        parts.append(f"<details><summary>{heading}</summary><ul>{items}{more}</ul></details>")
    word = "image" if len(failures) == 1 else "images"
    heading = f"<h2>{len(failures):,} {word} not measured <small>by reason</small></h2>"
    return f'<section id="failures">{heading}{"".join(parts)}</section>\n'


def reason(failure: Row) -> str:
    """A failure's message without the file name in front of it."""
    message, name = str(failure["message"]), PurePosixPath(str(failure["location"])).name
    _, found, rest = message.partition(f"{name}: ")
    said = rest if found else message
    return said[:1].upper() + said[1:]


CLOSING = "</main>\n</body>\n</html>\n"
