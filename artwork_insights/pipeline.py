"""The whole method on one page, in the order it happens."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from artwork_insights.catalog.catalog import Catalog, read_catalog
from artwork_insights.design.assigning import assign_component
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.cells import Cells, describe_artwork, join_tables
from artwork_insights.errors import ImageError, NotIdentifiedError, OutputError
from artwork_insights.features.table import FeatureTable, read_feature_table
from artwork_insights.fitting import fit_hypothesis, present_modifiers, with_popularity
from artwork_insights.inquiry import Inquiry, inquire, phrase_question, seed_of
from artwork_insights.mining.split import mining_half
from artwork_insights.report.findings import (
    Finding,
    OutcomeUnit,
    RefusedHypothesis,
    StudyResult,
    read_results,
    write_results,
)
from artwork_insights.report.html import write_report
from artwork_insights.report.pictures import picture_name
from artwork_insights.study import Hypothesis, Study

Progress = Callable[[str], None]
RESULTS = "results.json"
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
    """

    result: StudyResult
    cells: dict[str, pd.DataFrame]
    locations: dict[str, str]


def run_study(study: Study, out: Path, *, as_of: date | None = None, progress: Progress | None = None) -> StudyResult:
    """Run a study and write ``report.html``, ``results.json``, ``manifest.json`` and ``pictures/`` into a folder.

    Parameters
    ----------
    study : Study
        From `artwork_insights.study.read_study`.
    out : Path
        Made where missing. A finished run in it is replaced only when the new one is complete.
    as_of : date, optional
        Rows of the log and states of titles after this date are left out.
    progress : callable, optional
        Told in one short sentence what happens next.

    Raises
    ------
    ArtworkInsightsError
        One sentence; nothing is written then.
    """
    started = datetime.now(UTC)
    run = estimate_study(study, as_of=as_of, progress=progress)
    write_run(run, out, started=started, as_of=as_of)
    return run.result


def estimate_study(study: Study, *, as_of: date | None = None, progress: Progress | None = None) -> StudyRun:
    """Do everything but write the report: read, measure what is not measured yet, and estimate."""
    tell = progress or (lambda _: None)
    tell("reading the tables")
    catalog = read_catalog(study.data, as_of=as_of)
    features = measure_features(study, catalog, progress)
    outcome = study.data.outcome
    catalog, split_notes = keep_half(catalog, study)
    cells = join_tables(catalog, features, outcome.column if outcome else None)
    findings: list[Finding] = []
    refused: list[RefusedHypothesis] = []
    estimated: dict[str, pd.DataFrame] = {}
    for hypothesis in study.hypothesis:
        tell(f"estimating {hypothesis.name}")
        try:
            inquiry: Inquiry = inquire(
                cells,
                hypothesis,
                study.estimation,
                study.mediation,
                study_seed=study.study.seed,
                is_rate=outcome is None,
                title_names=name_titles(catalog.titles),
            )
        except NotIdentifiedError as error:
            refused.append(RefusedHypothesis(phrase_question(hypothesis, cells), str(error)))
            continue
        findings.append(inquiry.finding)
        estimated[hypothesis.name] = inquiry.cells
    if not findings:
        raise NotIdentifiedError(f"no hypothesis can be answered: {refused[0].question.name}: {refused[0].reason}")
    result = StudyResult(
        study=study.study.name,
        version=version("artwork-insights"),
        seed=study.study.seed,
        unit=OutcomeUnit(outcome.column if outcome else "take rate", outcome is None),
        titles_used=study.study.titles,
        n_assets=cells.frame["asset_id"].nunique(),
        n_titles=cells.frame["title_id"].nunique(),
        n_cells=len(cells.frame),
        n_impressions=None if cells.impressions is None else int(cells.impressions.sum()),
        n_countries=None if cells.impressions is None else cells.frame["country"].nunique(),
        notes=(*catalog.notes, *split_notes, *cells.notes),
        findings=tuple(findings),
        refused=tuple(refused),
        feature_settings=features.settings,
    )
    locations = dict(zip(catalog.assets["asset_id"], catalog.assets["location"], strict=True))
    return StudyRun(result, estimated, locations)


def estimate_with_features(study: Study, features: FeatureTable, hypothesis: Hypothesis) -> tuple[float, float]:
    """Headline effect and standard error of one hypothesis with other features than those of the study's folder."""
    catalog, _ = keep_half(read_catalog(study.data), study)
    outcome = study.data.outcome
    cells = join_tables(catalog, features, outcome.column if outcome else None)
    fitted = fit_hypothesis(
        cells, hypothesis, study.estimation, seed_of(study.study.seed, hypothesis.name), ("mundlak",)
    )
    estimate = fitted.headline.estimate(fitted.estimand)
    return estimate.effect, estimate.std_error


def measure_features(study: Study, catalog: Catalog, progress: Progress | None = None) -> FeatureTable:
    """Read the features of a study; measure them first where they are not there."""
    folder = study.data.features
    if not (folder / MANIFEST).exists():
        from artwork_insights.features.extract import extract_features
        from artwork_insights.features.sources import sources_of_assets

        if progress is not None:
            progress(f"measuring {len(catalog.assets):,} artworks into {folder.name}")
        settings = study.extraction
        extract_features(
            sources_of_assets(catalog.assets),
            folder,
            device=settings.device,
            workers=settings.workers,
            embedding=settings.embedding,
        )
    return read_feature_table(folder)


def keep_half(catalog: Catalog, study: Study) -> tuple[Catalog, tuple[str, ...]]:
    """Keep the confirming half of the titles where the study says so."""
    if study.study.titles == "all":
        return catalog, ()
    ids = catalog.titles["title_id"]
    confirming = set(ids[~mining_half(list(ids), study.study.seed)])
    assets = catalog.assets[catalog.assets["title_id"].isin(confirming)].reset_index(drop=True)
    impressions = catalog.impressions
    if impressions is not None:
        impressions = impressions[impressions["asset_id"].isin(set(assets["asset_id"]))].reset_index(drop=True)
    titles = catalog.titles[ids.isin(confirming)].reset_index(drop=True)
    note = f"Effects are estimated on the confirming half, {len(titles):,} of {len(ids):,} titles, unseen by mining."
    return Catalog(assets, titles, impressions, catalog.popularity, catalog.notes), (note,)


def name_titles(titles: pd.DataFrame) -> pd.Series:
    """Name to show for each title_id: column ``name`` or ``title`` where there is one."""
    column = next((name for name in ("name", "title") if name in titles), "title_id")
    return pd.Series(titles[column].to_numpy(), index=titles["title_id"])


def check_study(study: Study) -> tuple[Diagnostic, ...]:
    """Check a study and its design without reading an outcome: who has the component, in how many titles.

    Raises
    ------
    ArtworkInsightsError
        One sentence for the first fault.
    """
    catalog = read_catalog(study.data)
    if not (study.data.features / MANIFEST).exists():
        raise OutputError(
            f"{study.data.features} holds no features yet; make them with `artwork-insights extract`, then check again."
        )
    features = read_feature_table(study.data.features)
    artwork, notes = describe_artwork(catalog, features)
    position = pd.Index(features.frame["asset_id"]).get_indexer(pd.Index(artwork["asset_id"]))
    embedding = None if features.embedding is None else features.embedding[position].astype(np.float64)
    cells = Cells(artwork, np.zeros(len(artwork)), np.ones(len(artwork)), None, embedding, notes)
    found = [Diagnostic("tables", None, None, None, note) for note in (*catalog.notes, *notes)]
    for hypothesis in study.hypothesis:
        in_log = {"country"} if catalog.impressions is not None else set()
        assigned = assign_component(
            artwork,
            hypothesis.expression,
            confounders=[name for name in with_popularity(cells, hypothesis.confounders) if name not in in_log],
            effect_modifiers=[m for m in present_modifiers(cells, hypothesis.effect_modifiers) if m not in in_log],
            embedding=embedding,
        )
        assignment = assigned.assignment
        n_varying = len(np.unique(assignment.title[assignment.in_varying_title()]))
        text = f"{hypothesis.name}: {assignment.n_assets:,} artworks of {assignment.n_titles:,} titles"
        if assignment.is_binary:
            text += f", {int(assignment.treatment.sum()):,} with the component"
        text += f"; {n_varying:,} titles have artworks that differ in it."
        found.append(Diagnostic("assignment", float(n_varying), 10.0, n_varying >= 10, text))
        found += [Diagnostic("confounders", None, None, None, f"{hypothesis.name}: {w}") for w in assigned.warnings]
    return tuple(found)


def write_run(run: StudyRun, out: Path, *, started: datetime, as_of: date | None = None) -> Path:
    """Write a run into a temporary sibling first, then into place, so that nothing half-written is ever seen."""
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; give a folder for the results.")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        write_pictures(run, partial / "pictures")
        write_results(run.result, partial / RESULTS)
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
    from artwork_insights.features.thumbnail import make_thumbnail

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
