"""Writes a first study file: looks at the tables and images of a folder and fills in what it recognises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from artwork_insights.catalog.confounders import is_identifier, is_number, title_covariates
from artwork_insights.catalog.inventory import ROLES, Inventory, take_inventory
from artwork_insights.catalog.tables import collect, open_engine, open_table
from artwork_insights.catalog.titles import read_titles
from artwork_insights.errors import OutputError, TableError
from artwork_insights.study import CROSS

STUDY_FILE = "study.toml"
_WRITTEN_ASSETS = "assets.csv"
_OUTCOME = re.compile(r"score|rating|take|completion")
_CLAIMS = (
    "A face in the artwork raises",
    "More than three faces in the artwork raise",
    "Every further face in the artwork raises",
)


def write_starter(folder: Path) -> Path:
    """Write ``study.toml`` into a folder from the files found there.

    Where there is no asset table but images are named after the titles (``t1.jpg``, ``t1_2.jpg``), an ``assets.csv``
    is written beside it.

    Returns
    -------
    Path
        The study file; it passes `artwork_insights.study.read_study`.

    Raises
    ------
    OutputError
        When the folder has a study file already; it is never overwritten.
    TableError
        When a table that every study needs is not there; names what was found and what to do.
    """
    if not folder.is_dir():
        raise TableError(f"{folder} is not a folder; give the folder that holds your tables and images.")
    path = folder / STUDY_FILE
    if path.exists():
        raise OutputError(f"{path} is there already and is never overwritten; move it away to write a new one.")
    with open_engine() as engine:
        inventory = take_inventory(engine, folder)
        titles = read_titles(engine, _required(inventory, "titles", folder)).frame
        if "impressions" in inventory.near:
            raise TableError(inventory.near["impressions"])
        smallest = _smallest_effect(engine, inventory.tables.get("impressions"))
    assets = None if "assets" in inventory.tables else _assets_by_name(folder, inventory, titles["title_id"])
    text = _study_text(folder, inventory, titles, smallest)
    if assets is not None:
        assets.to_csv(folder / _WRITTEN_ASSETS, index=False, mode="x")
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def _required(inventory: Inventory, role: str, folder: Path) -> Path:
    if role in inventory.tables:
        return inventory.tables[role]
    needed = ", ".join(ROLES[role])
    images = f", though {len(inventory.images)} images" if inventory.images and role == "assets" else ""
    raise TableError(
        inventory.near.get(role)
        or f"{folder} holds no {role} table{images}: write {role}.csv (or .parquet) with the columns {needed}"
        + (", or name the images after their title_id (t1.jpg, t1_2.jpg)." if images else ".")
    )


def _assets_by_name(folder: Path, inventory: Inventory, title_ids: Iterable[str]) -> pd.DataFrame:
    """An asset table from the images' names, where at least half of them begin with a title's identifier."""
    known = set(title_ids)
    owners = {path: _owner(path.stem, known) for path in inventory.images}
    named = {path: owner for path, owner in owners.items() if owner}
    if "assets" in inventory.near or not named or len(named) * 2 < len(owners) or (folder / _WRITTEN_ASSETS).exists():
        _required(inventory, "assets", folder)
    rows = [(path.stem, owner, path.relative_to(folder).as_posix()) for path, owner in named.items()]
    return pd.DataFrame(rows, columns=list(ROLES["assets"])).drop_duplicates("asset_id")


def _owner(stem: str, title_ids: set[str]) -> str | None:
    cuts = [len(stem), *(match.start() for match in re.finditer(r"[_\-. ]", stem))]
    return next((stem[:cut] for cut in sorted(cuts, reverse=True) if stem[:cut] in title_ids), None)


def _title_outcome(titles: pd.DataFrame, folder: Path) -> str:
    numeric = [str(name) for name in titles.columns if is_number(titles[name]) and not is_identifier(str(name))]
    likely = [name for name in numeric if _OUTCOME.search(name.lower())]
    if not numeric:
        needed = ", ".join(ROLES["impressions"])
        raise TableError(
            f"{folder} holds no outcome: add an impression log with the columns {needed}, "
            "or a numeric column to the titles table."
        )
    return (likely or numeric[::-1])[0]


def _smallest_effect(engine: Any, log: Path | None) -> float | None:
    """One hundredth of the log's take rate, to one significant digit."""
    if log is None:
        return None
    table = open_table(engine, log, ROLES["impressions"])
    sums = {name: table.rows[name].try_cast("float64").sum() for name in ("impressions", "takes")}
    shown, taken = collect(table, table.rows.aggregate([sums["impressions"], sums["takes"]])).iloc[0]
    return float(f"{taken / shown / 100:.0e}") if shown > 0 and taken > 0 else None


def _study_text(folder: Path, inventory: Inventory, titles: pd.DataFrame, smallest: float | None) -> str:
    log = inventory.tables.get("impressions")
    outcome = None if log else _title_outcome(titles, folder)
    covariates = title_covariates(titles, outcome)
    modifiers = [name for name in ("genre", "country") if name in covariates]
    if log:
        modifiers = [*(name for name in modifiers if name != "country"), "country"]
    paths = {"assets": folder / _WRITTEN_ASSETS, **inventory.tables}
    shown = {role: _quoted(path.relative_to(folder).as_posix()) for role, path in paths.items()}
    return _TEMPLATE.format(
        name=_study_name(folder),
        assets=shown["assets"],
        titles=shown["titles"],
        outcome=_outcome_lines(shown, outcome),
        popularity=f"popularity = {shown['popularity']}  # from elsewhere\n" if "popularity" in shown else "",
        spare="".join(f"# not used: {_quoted(path.name)}, its place is taken\n" for path in inventory.spare),
        smallest=f"smallest_effect_of_interest = {smallest}" if smallest else "# smallest_effect_of_interest = 0.1",
        unit="takes per impression" if log else "the unit of the outcome",
        statements=[_quoted(f"{claim} {outcome or 'take rate'}.") for claim in _CLAIMS],
        confounders=_quoted([*covariates, "aspect_ratio"]),
        modifiers=_quoted(modifiers),
        crossed=_quoted([*modifiers, CROSS.join(modifiers)] if len(modifiers) == 2 else modifiers),
    )


def _outcome_lines(shown: Mapping[str, str], outcome: str | None) -> str:
    if outcome is None:
        return f"impressions = {shown['impressions']}  # asset_id, country, impressions, takes"
    return (
        f'outcome = {{ table = "titles", column = {_quoted(outcome)} }}'
        '  # there is no impression log here; with one, write impressions = "..." instead'
    )


def _quoted(value: str | Sequence[str]) -> str:
    """TOML of a string or a list of strings; JSON's quoting is a part of TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _study_name(folder: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).lstrip("_.-")
    return name[:80] or "study"


_TEMPLATE = """\
# A first study file, filled in from the files of this folder; change what you know better.
# Next: `artwork-insights check study.toml` looks at the design without reading an outcome,
# then `artwork-insights run study.toml --out run` writes run/report.html.

[study]
name = "{name}"  # shown in the report
seed = 7  # the same seed and files give the same numbers
titles = "all"  # "confirming": only the half of the titles that `mine` did not look at

[data]  # paths are read from the folder of this file
assets = {assets}  # asset_id, title_id, location of the image
titles = {titles}  # title_id, and what was known of a title before its artwork was shown
{outcome}
{popularity}features = "features"  # made by `artwork-insights extract`; made on the way where it is missing
{spare}
[[hypothesis]]  # one causal question; `artwork-insights columns` lists the features a treatment can name
name = "face_present"
statement = {statements[0]}
source = "consumer_insight"  # or "mined", "prior"
treatment = "face_present"  # a feature, or a condition such as face_count > 3
{smallest}  # in {unit}; effects nearer to zero count as none
confounders = {confounders}  # what drives both the artwork and the outcome, known before
effect_modifiers = {crossed}  # groups to give the effect for; "a x b" is every pair of them

[[hypothesis]]
name = "more_than_three_faces"
statement = {statements[1]}
source = "consumer_insight"
treatment = "face_count > 3"
{smallest}
confounders = {confounders}
effect_modifiers = {modifiers}

[[hypothesis]]
name = "number_of_faces"
statement = {statements[2]}
source = "consumer_insight"
treatment = "face_count"
arms = [0, 1, 2, 3]  # lower edges: no face, 1, 2, 3 or more, each compared with every other
confounders = {confounders}
effect_modifiers = {modifiers}

[[mediation]]  # does the second carry the effect of the first?
treatment = "face_count"
mediator = "face_area_share_mean"

# [extraction]  # how features are measured where they are made on the way
# embedding = "auto"  # a backbone of models/manifest.toml, or "layout", which needs no weights
# device = "auto"  # or "cpu", "cuda"

# [estimation]
# folds = 5  # cross-fitting, folds grouped by title
# trim = 0.05  # assets that were almost sure (or almost never) to have the component are left out
"""
