"""The demo: a catalogue whose truth is known, made, measured and studied as a user would, truth beside estimate."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from artwork_insights.catalog.synthetic import SyntheticCatalogue, make_catalogue, planted_features, write_catalogue
from artwork_insights.catalog.synthetic_model import Structure
from artwork_insights.catalog.synthetic_truth import true_effect, true_mediation
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.errors import OutputError
from artwork_insights.features.table import read_feature_table
from artwork_insights.pipeline import Progress, Track, estimate_study, estimate_with_features
from artwork_insights.publish import StudyRun, write_run
from artwork_insights.report.findings import Finding, TruthRow
from artwork_insights.study import Study, read_study

TITLES = 300
Planted = dict[str, tuple[EffectEstimate, pd.DataFrame]]
STUDY = """\
# The demo's study, as `artwork-insights init` would help you to write it.
[study]
name = "demo"
seed = {seed}

[data]
assets = "assets.csv"
impressions = "impressions.parquet"
titles = "titles.csv"
features = "features"

[extraction]
embedding = "layout"       # needs no weights; "auto" takes a trained backbone where one is at hand

[[hypothesis]]
name = "face_present"
statement = "A face in the artwork makes more people choose the title."
source = "consumer_insight"
treatment = "face_present"
smallest_effect_of_interest = 0.002   # two more takes per 1,000 impressions
confounders = ["genre", "launch_year", "format", "aspect_ratio"]
effect_modifiers = ["genre", "country", "genre x country"]

[[hypothesis]]
name = "many_faces"
statement = "More than three faces in the artwork make fewer people choose the title."
source = "prior"
treatment = "face_count > 3"
smallest_effect_of_interest = 0.002
confounders = ["genre", "launch_year", "format", "aspect_ratio"]
effect_modifiers = ["genre", "country"]

[[hypothesis]]
name = "face_count"
statement = "Every further face makes fewer people choose the title."
source = "consumer_insight"
treatment = "face_count"
smallest_effect_of_interest = 0.002
confounders = ["genre", "launch_year", "format", "aspect_ratio"]
effect_modifiers = ["genre", "country"]
arms = [0, 1, 2, 3]        # beside the slope: no face, 1, 2, 3 or more, each against every other

[[mediation]]
treatment = "face_count"
mediator = "face_area_share_mean"
"""
NAIVE = "naive difference in means"
AVERAGE = "average"
PLANTED = "average, treatment as planted"
MEDIATED = "share of the effect of face count that face size carries"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Where the report is, and the truth table in text.

    Attributes
    ----------
    report : Path
    table : str
        One line per quantity with truth, estimate, standard error and whether the interval holds the truth.
    run : StudyRun
    """

    report: Path
    table: str
    run: StudyRun


def run_demo(
    out: Path,
    *,
    titles: int = TITLES,
    seed: int = 7,
    structure: Structure = "additive",
    progress: Progress | None = None,
    track: Track | None = None,
) -> DemoResult:
    """Make a catalogue of image files, run the whole job on it, and hold the planted truth beside the estimates.

    Parameters
    ----------
    out : Path
        New folder, or one that an earlier demo of the same size and seed made (its images and features are reused).
    titles : int
        Number of titles; about 7 artworks each.
    seed : int
    structure : {"additive", "logit"}
        Structural model, see `artwork_insights.catalog.synthetic_model`.
    progress, track : callables, optional
        As in `artwork_insights.pipeline.run_study`.

    Raises
    ------
    OutputError
        When `out` holds something else.
    """
    started = datetime.now(UTC)
    tell = progress or (lambda _: None)
    catalogue = make_catalogue(structure, seed, titles)
    prepare_folder(catalogue, out, f"{structure} {seed} {titles}", tell)
    study = read_study(out / "study.toml")
    run = estimate_study(study, progress=progress, track=track)
    planted = estimate_planted(study, catalogue, tell)
    run = replace(run, result=replace(run.result, findings=hold_truth(run, catalogue, planted)))
    agreement = describe_detection(catalogue, out / "features")
    report = write_run(run, out / "report", started=started)
    return DemoResult(report, f"{tabulate(run.result.findings)}\n{agreement}", run)


def prepare_folder(catalogue: SyntheticCatalogue, out: Path, mark: str, tell: Progress) -> None:
    """Write tables, study file and pictures, unless an earlier demo of the same mark has done so."""
    made = out / ".demo"
    if made.exists() and made.read_text(encoding="utf-8") == mark:
        return
    if out.exists() and any(out.iterdir()):
        raise OutputError(f"{out} holds something else than this demo; give a new folder with --out.")
    from artwork_insights.features.render.artwork import render_catalogue

    write_catalogue(catalogue, out)
    (out / "study.toml").write_text(STUDY.format(seed=catalogue.seed), encoding="utf-8")
    tell(f"drawing {len(catalogue.assets):,} artworks")
    render_catalogue(catalogue, out, workers=os.cpu_count() or 1)
    made.write_text(mark, encoding="utf-8")


def estimate_planted(study: Study, catalogue: SyntheticCatalogue, tell: Progress) -> Planted:
    """Estimate of each hypothesis with the treatment as planted, beside that as detected, and its cells."""
    tell("estimating once more with the planted treatment")
    planted = planted_features(catalogue)
    features = read_feature_table(study.data.features)
    treatments = ["face_present", "face_count", "face_area_share_total"]
    exact = features.frame.drop(columns=treatments).merge(planted[["asset_id", *treatments]], on="asset_id")
    return {
        hypothesis.name: estimate_with_features(study, replace(features, frame=exact), hypothesis)
        for hypothesis in study.hypothesis
        if is_planted(hypothesis.treatment)
    }


def is_planted(treatment: str) -> bool:
    """Whether the structural model knows the effect of a treatment."""
    return treatment in ("face_present", "face_count > 3")


def hold_truth(run: StudyRun, catalogue: SyntheticCatalogue, planted: Planted) -> tuple[Finding, ...]:
    """Attach the truth, computed over the very cells that each estimate speaks of."""
    return tuple(
        replace(finding, truth=truth_rows(finding, run.cells[finding.question.name], catalogue, planted))
        if is_planted(finding.question.treatment)
        else finding
        for finding in run.result.findings
    )


def truth_rows(
    finding: Finding, cells: pd.DataFrame, catalogue: SyntheticCatalogue, planted: Planted
) -> tuple[TruthRow, ...]:
    """Average, groups, planted treatment, naive contrast and mediated share, each beside its truth."""
    treatment = finding.question.treatment
    rows = [_row(AVERAGE, true_effect(catalogue, treatment, cells), finding.estimate)]
    for group in finding.group_effects:
        if group.modifier not in cells:  # a crossing: its cells are shown, too many for a table of truths
            continue
        inside = cells[cells[group.modifier].astype(str) == group.group]
        truth = true_effect(catalogue, treatment, inside)
        rows.append(_row(f"{group.modifier}: {group.group}", truth, group.estimate))
    estimate, planted_cells = planted[finding.question.name]
    rows.append(_row(PLANTED, true_effect(catalogue, treatment, planted_cells), estimate))
    everywhere = catalogue.impressions[["asset_id", "country"]]
    rows.append(_row(NAIVE, true_effect(catalogue, treatment, everywhere), finding.naive))
    for mediation in finding.mediation:
        share = mediation.proportion_mediated
        if share is not None:
            error = mediation.sobel_std_error / abs(mediation.total.coefficient)
            truth = true_mediation(catalogue).mediated_share
            rows.append(TruthRow(MEDIATED, truth, share, error, abs(share - truth) <= 1.96 * error, is_share=True))
    return tuple(rows)


def _row(label: str, truth: float, estimate: EffectEstimate) -> TruthRow:
    low, high = estimate.interval(0.95)
    return TruthRow(label, truth, estimate.effect, estimate.std_error, low <= truth <= high)


def describe_detection(catalogue: SyntheticCatalogue, features: Path) -> str:
    """How well the planted faces were detected."""
    found = read_feature_table(features).frame[["asset_id", "face_count"]]
    both = planted_features(catalogue)[["asset_id", "face_count"]].merge(found, on="asset_id", suffixes=("", "_found"))
    planted, detected = both["face_count"].to_numpy(), both["face_count_found"].to_numpy()
    has_face, has_many = planted > 0, planted > 3
    return (
        f"Detected as planted: a face {np.mean(detected[has_face] > 0):.1%}, "
        f"none {np.mean(detected[~has_face] == 0):.1%}, "
        f"more than 3 {np.mean(detected[has_many] > 3):.1%}, not more {np.mean(detected[~has_many] <= 3):.1%}, "
        f"exact count {np.mean(planted == detected):.1%} of {len(both):,} artworks."
    )


def tabulate(findings: Sequence[Finding]) -> str:
    """The truth table as text: takes per 1,000 impressions."""
    blocks = []
    for finding in findings:
        if not finding.truth:
            continue
        lines = [
            f"{finding.question.name} ({finding.question.treatment}), takes per 1,000 impressions",
            f"  {'':<58}{'truth':>8}{'estimate':>10}{'error':>8}  inside 95 %",
        ]
        for row in finding.truth:
            scale: Callable[[float], float] = (lambda x: x) if row.is_share else (lambda x: 1000 * x)
            numbers = f"{scale(row.truth):>8.2f}{scale(row.estimate):>10.2f}{scale(row.std_error):>8.2f}"
            lines.append(f"  {row.label:<58}{numbers}  {'yes' if row.inside else 'no'}")
        blocks.append("\n".join([*lines, f"  {summarise_truth(finding)}"]))
    return "\n".join(blocks)


def summarise_truth(finding: Finding) -> str:
    """One line: how many groups hold, how wide the errors are, how wrong the naive contrast is."""
    rows = {row.label: row for row in finding.truth}
    groups = [row for row in finding.truth if ": " in row.label]
    average, naive = rows[AVERAGE], rows[NAIVE]
    inside = sum(row.inside for row in groups)
    near = sum(abs(row.estimate - row.truth) <= 3 * row.std_error for row in groups)
    spread = float(np.std([row.truth for row in groups if row.label.startswith("genre: ")]))
    middle = float(np.median([row.std_error for row in groups]))
    off = abs(naive.estimate - naive.truth) / naive.std_error
    return (
        f"{inside} of {len(groups)} groups inside their intervals, {near} within 3 errors; error of the average "
        f"{_share(average.std_error, abs(average.truth))} of the truth; median group error {_share(middle, spread)} of "
        f"the spread between genres; the naive contrast is off by {off:.0f} errors."
    )


def _share(part: float, whole: float) -> str:
    """In percent; a catalogue of one genre has no spread between genres."""
    return f"{part / whole:.0%}" if whole else "an unknown share"
