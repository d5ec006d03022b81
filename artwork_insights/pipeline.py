"""The whole method on one page, in the order it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from artwork_insights.advising.leftover import describe_seen
from artwork_insights.catalog.catalog import Catalog, read_catalog
from artwork_insights.design.assigning import assign_component
from artwork_insights.design.missing import FEWEST_COMPARABLE_TITLES
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.cells import Cells, describe_artwork, join_tables
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.errors import NotIdentifiedError, OutputError
from artwork_insights.features.table import FeatureTable, read_feature_table
from artwork_insights.inquiry.answer import estimated_cells, phrase_question, seed_of
from artwork_insights.inquiry.asking import Asking, ask
from artwork_insights.inquiry.conclude import conclude
from artwork_insights.inquiry.detector_cells import read_detector
from artwork_insights.inquiry.fitting import fit_hypothesis, present_modifiers, with_popularity
from artwork_insights.mining.split import mining_half
from artwork_insights.publish import StudyRun, require_folder, write_run
from artwork_insights.report.findings import Finding, OutcomeUnit, RefusedHypothesis, StudyResult
from artwork_insights.study import Hypothesis, Study, single_modifiers
from artwork_insights.study_names import groups_asked, is_measured, refuse_unknown_names

Progress = Callable[[str], None]
Track = Callable[[Iterable[Any]], Iterable[Any]]


def run_study(
    study: Study,
    out: Path,
    *,
    as_of: date | None = None,
    progress: Progress | None = None,
    track: Track | None = None,
) -> StudyResult:
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
    track : callable, optional
        Wraps the images still to measure, as ``tqdm`` does.

    Raises
    ------
    ArtworkInsightsError
        One sentence; nothing is written then.
    """
    started = datetime.now(UTC)
    require_folder(out)
    run = estimate_study(study, as_of=as_of, progress=progress, track=track)
    write_run(run, out, started=started, as_of=as_of)
    return run.result


def estimate_study(
    study: Study, *, as_of: date | None = None, progress: Progress | None = None, track: Track | None = None
) -> StudyRun:
    """Do everything but write the report: read, measure what is not measured yet, and estimate."""
    tell = progress or (lambda _: None)
    tell("reading the tables")
    catalog = read_catalog(study.data, as_of=as_of)
    refuse_unknown_names(study, catalog)
    features = measure_features(study, catalog, progress, track)
    outcome = study.data.outcome
    catalog, split_notes = keep_half(catalog, study)
    conditions = [hypothesis.expression for hypothesis in study.hypothesis]
    cells = join_tables(catalog, features, outcome.column if outcome else None, conditions)
    outcome_column = outcome.column if outcome else None
    asking = Asking(
        cells, study.estimation, study.mediation, study.joint_change, study.checks, read_detector(study),
        study.study.seed, outcome_column, name_titles(catalog.titles),
    )  # fmt: skip
    findings: list[Finding] = []
    refused: list[RefusedHypothesis] = []
    estimated: dict[str, pd.DataFrame] = {}
    for hypothesis, answer in zip(study.hypothesis, ask(asking, study.hypothesis, tell), strict=True):
        if isinstance(answer, NotIdentifiedError):
            refused.append(RefusedHypothesis(phrase_question(hypothesis, cells, outcome_column), str(answer)))
            continue
        findings.append(answer.finding)
        estimated[hypothesis.name] = answer.cells
    if not findings:
        raise NotIdentifiedError(f"no hypothesis can be answered: {refused[0].question.name}: {refused[0].reason}")
    result = StudyResult(
        study=study.study.name,
        version=version("artwork-insights"),
        seed=study.study.seed,
        unit=OutcomeUnit(outcome.column if outcome else "take rate", outcome is None),
        titles_used=study.study.titles,
        level=study.estimation.level,
        n_assets=cells.frame["asset_id"].nunique(),
        n_titles=cells.frame["title_id"].nunique(),
        n_cells=len(cells.frame),
        n_impressions=None if cells.impressions is None else int(cells.impressions.sum()),
        n_countries=None if cells.impressions is None else cells.frame["country"].nunique(),
        notes=(*catalog.notes, *split_notes, *cells.notes),
        findings=conclude(findings, study, is_rate=outcome is None),
        refused=tuple(refused),
        feature_settings=features.settings,
    )
    locations = dict(zip(catalog.assets["asset_id"], catalog.assets["location"], strict=True))
    arm_edges = {hypothesis.name: hypothesis.arms for hypothesis in study.hypothesis if hypothesis.arms}
    return StudyRun(result, estimated, locations, describe_seen(cells, result, arm_edges))


def estimate_with_features(
    study: Study, features: FeatureTable, hypothesis: Hypothesis
) -> tuple[EffectEstimate, pd.DataFrame]:
    """Headline of one hypothesis with other features than those of the study's folder, and the cells it speaks of."""
    catalog, _ = keep_half(read_catalog(study.data), study)
    outcome = study.data.outcome
    cells = join_tables(catalog, features, outcome.column if outcome else None, [hypothesis.expression])
    fitted = fit_hypothesis(
        cells, hypothesis, study.estimation, seed_of(study.study.seed, hypothesis.name), ("mundlak",)
    )
    return fitted.headline.estimate(fitted.estimand), estimated_cells(cells, fitted)


def measure_features(
    study: Study, catalog: Catalog, progress: Progress | None = None, track: Track | None = None
) -> FeatureTable:
    """Read the features of a study; measure them first where they are not there."""
    folder = study.data.features
    if not is_measured(folder):
        from artwork_insights.features.extraction.extract import extract_features
        from artwork_insights.features.inputs.sources import sources_of_assets

        if progress is not None:
            progress(f"measuring {len(catalog.assets):,} artworks into {folder.name}")
        settings = study.extraction
        summary = extract_features(
            sources_of_assets(catalog.assets),
            folder,
            features=groups_asked(study),
            device=settings.device,
            workers=settings.workers,
            embedding=settings.embedding,
            progress=track,
        )
        if progress is not None:
            progress(summary.sentence)
        if summary.n_features == 0:
            raise OutputError(
                f"none of the {summary.n_failures:,} artworks could be measured; the reasons lie in {folder}/failures: "
                f"mend the locations, remove {folder} and run again."
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
    return replace(catalog, assets=assets, titles=titles, impressions=impressions), (note,)


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
    refuse_unknown_names(study, catalog)
    if not is_measured(study.data.features):
        raise OutputError(
            f"{study.data.features} holds no features yet; make them with `artwork-insights extract`, then check again."
        )
    features = read_feature_table(study.data.features)
    catalog, split_notes = keep_half(catalog, study)
    artwork, notes = describe_artwork(catalog, features)
    position = pd.Index(features.frame["asset_id"]).get_indexer(pd.Index(artwork["asset_id"]))
    embedding = None if features.embedding is None else features.embedding[position].astype(np.float64)
    cells = Cells(artwork, np.zeros(len(artwork)), np.ones(len(artwork)), None, embedding, notes)
    found = [Diagnostic("tables", None, None, None, note) for note in (*catalog.notes, *split_notes, *notes)]
    in_log = {"country"} if catalog.impressions is not None else set()
    in_log |= {"popularity"} if catalog.popularity is not None else set()
    for hypothesis in study.hypothesis:
        assigned = assign_component(
            artwork,
            hypothesis.expression,
            confounders=[name for name in with_popularity(cells, hypothesis.confounders) if name not in in_log],
            effect_modifiers=[
                m for m in single_modifiers(present_modifiers(cells, hypothesis.effect_modifiers)) if m not in in_log
            ],
            embedding=embedding,
        )
        assignment = assigned.assignment
        n_varying = len(np.unique(assignment.title[assignment.in_varying_title()]))
        text = f"{hypothesis.name}: {assignment.n_assets:,} artworks of {assignment.n_titles:,} titles"
        if assignment.is_binary:
            text += f", {int(assignment.treatment.sum()):,} with the component"
        text += f"; {n_varying:,} titles have artworks that differ in it."
        least = FEWEST_COMPARABLE_TITLES
        found.append(Diagnostic("assignment", float(n_varying), float(least), n_varying >= least, text))
        found += [Diagnostic("confounders", None, None, None, f"{hypothesis.name}: {w}") for w in assigned.warnings]
    return tuple(found)
