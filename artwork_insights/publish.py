"""Write a finished study into its folder: report, results, manifest, pictures; all of it or nothing."""

from __future__ import annotations

import json
import os
import platform
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from artwork_insights.advising.support import SUPPORT, Support, write_support
from artwork_insights.errors import ImageError, OutputError
from artwork_insights.report.findings import RESULTS, StudyResult, read_results, write_results
from artwork_insights.report.html import write_report
from artwork_insights.report.pictures import picture_name

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class StudyRun:
    """Results of a study and the cells behind each finding.

    Attributes
    ----------
    result : StudyResult
    cells : dict from hypothesis to DataFrame
        The very cells that were estimated, with their weights and groups.
    locations : dict from asset_id to str
        Where each artwork lies.
    support : Support or None
        What the study has seen, for `advise`.
    """

    result: StudyResult
    cells: dict[str, pd.DataFrame]
    locations: dict[str, str]
    support: Support | None = None


def write_run(run: StudyRun, out: Path, *, started: datetime, as_of: date | None = None) -> Path:
    """Write a run into a temporary sibling first, then into place, so that nothing half-written is ever seen."""
    require_folder(out)
    place = out.resolve()  # has a name also where `out` is the folder one stands in
    partial = place.with_name(f".{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        write_pictures(run, partial / "pictures")
        write_results(run.result, partial / RESULTS)
        if run.support is not None:
            write_support(run.support, partial / SUPPORT)
        write_report(run.result, partial)
        manifest = {
            "study": run.result.study,
            "version": run.result.version,
            "python": platform.python_version(),
            "as_of": None if as_of is None else as_of.isoformat(),
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        move_into_place(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out / "report.html"


def require_folder(out: Path) -> None:
    """Refuse a path that cannot become the folder of results, before anything is estimated.

    A folder that holds anything else than an earlier run is refused: nothing of the user's is ever written over.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; give a folder for the results.")
    if out.exists() and any(out.iterdir()) and not is_run(out):
        raise OutputError(f"{out} holds other files than an earlier run; give a new folder with --out.")
    above = next(parent for parent in out.resolve().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise OutputError(f"{out} cannot be written; give another folder with --out.")


def is_run(folder: Path) -> bool:
    """Whether a folder was written by an earlier run: its manifest names a study."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and "study" in manifest


def move_into_place(partial: Path, out: Path) -> None:
    """Move finished results over older ones; whatever else lies in `out` stays."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out / "pictures", ignore_errors=True)
    for path in sorted(
        partial.iterdir(), key=lambda path: path.name == MANIFEST
    ):  # the manifest last: it says finished
        path.replace(out / path.name)


def write_pictures(run: StudyRun, folder: Path) -> None:
    """Write a thumbnail of every artwork that the report shows; one that cannot be read is left out."""
    from artwork_insights.features.viewing.thumbnail import make_thumbnail

    folder.mkdir()
    shown = {a for f in run.result.findings for p in f.pairs for a in (p.treated_asset, p.control_asset)}
    for asset_id in sorted(shown):
        try:
            (folder / picture_name(asset_id)).write_bytes(make_thumbnail(run.locations[asset_id]))
        except ImageError:
            continue


def redraw(run_dir: Path) -> Path:
    """Draw the report of a finished run again, without estimating again."""
    if not (run_dir / RESULTS).exists():
        raise OutputError(f"{run_dir} holds no {RESULTS}; give the folder that `artwork-insights run` wrote.")
    return write_report(read_results(run_dir / RESULTS), run_dir)
