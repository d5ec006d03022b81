"""Contact sheets: the measured artwork on one page, with its faces, its palette and its main numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from artwork_insights.errors import ImageError, OutputError
from artwork_insights.features.extraction.durable import written_in_full
from artwork_insights.features.inputs.location import address_of
from artwork_insights.features.table import read_manifest
from artwork_insights.features.viewing.card import label, palette_of
from artwork_insights.features.viewing.page import (
    CLOSING,
    GENERATOR,
    failures_section,
    grouped_cards,
    key_line,
    page_opening,
    picture_card,
    reason,
    shape_of,
    spread_figure,
)
from artwork_insights.features.viewing.selection import GROUP_COLUMN, Pick, Row, Selection, select_pictures
from artwork_insights.features.viewing.thumbnail import make_thumbnail

_PICTURE_TALL_PX = 480  # half as much again as on the page, for screens of two dots per pixel
_RECOGNISED_BYTES = 400

Progress = Callable[[Iterable[Row]], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A contact sheet that was written.

    Attributes
    ----------
    path : Path
    n_shown, n_matching, n_measured, n_failures : int
        Pictures on the page, pictures that meet the condition, pictures of the extraction, and images that failed.
    sentence : str
        All of it in words.
    """

    path: Path
    n_shown: int
    n_matching: int
    n_measured: int
    n_failures: int
    sentence: str


def write_contact_sheet(
    folder: Path,
    out: Path,
    *,
    sort_by: str | None = None,
    ascending: bool = False,
    where: str | None = None,
    limit: int = 120,
    pick: Pick = "first",
    progress: Progress | None = None,
) -> ContactSheet:
    """Show the artwork of an extraction with face boxes, landmarks, palette and main numbers, and what failed and why.

    The page is one HTML file with its pictures inside: no script, no request. It is written under a temporary name and
    renamed, so that nothing half-written is left. Memory and time grow with `limit`, not with the extraction.

    Parameters
    ----------
    folder : Path
        An extraction; of one still under way, the shards that are done. Groups it lacks are left out of the page.
    out : Path
        HTML file to write. An earlier contact sheet is replaced, any other file is not.
    sort_by : str, optional
        Feature to order by, largest first, missing values last; the order of the input where it is left out.
        ``duplicate_group`` puts near-identical pictures side by side and leaves out the others.
    ascending : bool
        Smallest first.
    where : str, optional
        Condition such as ``face_count > 3``.
    limit : int
        Pictures at most.
    pick : {"first", "spread"}
        Where more pictures match than `limit`: the first ones in that order, or evenly spaced ones from the first to
        the last, which are the quantiles of the feature.
    progress : callable, optional
        Wraps the pictures to draw, as ``tqdm`` does.

    Raises
    ------
    OutputError
        When the folder is no extraction or holds no picture, a feature or the condition cannot be used, nothing meets
        the condition, or the page cannot be written.
    """
    _require_free(out)
    manifest = read_manifest(folder)
    chosen = select_pictures(folder, sort_by=sort_by, ascending=ascending, where=where, limit=limit, pick=pick)
    failures = _read_failures(folder)
    sentence = _summary(chosen, sort_by, ascending=ascending, where=where, pick=pick)
    cards = _draw_cards(chosen, str(manifest.get("location_base", "")), sort_by, progress)
    total = chosen.n_measured + len(failures)
    unfinished = f"This extraction is under way: {total:,} of {manifest['inputs']:,} images so far."
    opening = page_opening(
        folder.resolve().name,
        sentence,
        [] if manifest["finished"] else [unfinished],
        spread_figure(sort_by, chosen.values) if sort_by else "",
        key_line(faces=bool(chosen.faces), palette=any(map(palette_of, chosen.rows)), n_failures=len(failures)),
    )
    _write_whole(out, _page(opening, cards, sort_by, failures_section(failures)))
    n_shown = len(chosen.rows)
    return ContactSheet(out, n_shown, chosen.n_matching, chosen.n_measured, len(failures), f"{out}: {sentence}")


def _require_free(out: Path) -> None:
    if out.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{out}: a contact sheet is a page of HTML; choose a name that ends in .html.")
    if out.is_dir():
        raise OutputError(f"{out}: is a folder; name a file that ends in .html.")
    if out.exists():
        with out.open("rb") as file:
            ours = GENERATOR.encode() in file.read(_RECOGNISED_BYTES)
        if not ours:
            raise OutputError(f"{out}: is there already and is no contact sheet; name another file with --out.")


def _summary(chosen: Selection, sort_by: str | None, *, ascending: bool, where: str | None, pick: Pick) -> str:
    """What is shown, in one sentence."""
    n_shown, n_all = len(chosen.rows), chosen.n_matching
    if n_shown == n_all:
        shown = f"{n_all:,} picture{'s' if n_all != 1 else ''}"
    else:
        shown = f"{n_shown:,} of {n_all:,} pictures, {'evenly spread' if pick == 'spread' else 'the first'}"
    twins = " with a near-identical one" if sort_by == GROUP_COLUMN else ""
    condition = f" where {where}" if where else ""
    among = f" (of {chosen.n_measured:,} measured)" if n_all != chosen.n_measured else ""
    order = "in the order of the input"
    if sort_by == GROUP_COLUMN:
        order = f"group by group, the {'smallest' if ascending else 'largest'} first"
    elif sort_by is not None:
        order = f"ordered by {label(sort_by)}, from {'low to high' if ascending else 'high to low'}"
    return f"{shown}{twins}{condition}{among}, {order}."


def _read_failures(folder: Path) -> list[Row]:
    names = ["location", "message"]
    found: list[dict[str, Any]] = []
    for path in sorted((folder / "failures").glob("*.parquet")):
        try:
            found += pq.read_table(path, columns=names).to_pylist()
        except (OSError, pa.ArrowInvalid) as error:
            raise OutputError(f"{path}: cannot be read ({' '.join(str(error).split())}).") from error
    return found


def _draw_cards(
    chosen: Selection, base: str, sort_by: str | None, progress: Progress | None
) -> Iterator[tuple[Row, str]]:
    """Each picture's row and its card, one at a time."""
    for rank, row in zip(chosen.ranks.tolist(), progress(chosen.rows) if progress else chosen.rows, strict=True):
        location = str(row["location"])
        jpeg: bytes | str
        try:
            jpeg = make_thumbnail(address_of(location, base), round(_PICTURE_TALL_PX * shape_of(row)))
        except ImageError as error:
            jpeg = f"The picture cannot be shown: {reason({'location': location, 'message': str(error)})}"
        faces, feature = chosen.faces.get(row["asset_id"], []), None if sort_by == GROUP_COLUMN else sort_by
        yield row, picture_card(row, faces, jpeg, rank, feature)


def _page(opening: str, cards: Iterator[tuple[Row, str]], sort_by: str | None, failures: str) -> Iterator[str]:
    yield opening
    yield from grouped_cards(cards, sort_by)
    yield failures
    yield CLOSING


def _write_whole(out: Path, parts: Iterable[str]) -> None:
    with written_in_full(out) as part, part.open("wb") as file:
        for text in parts:
            file.write(text.encode("utf-8", "replace"))
        file.flush()
        os.fsync(file.fileno())
