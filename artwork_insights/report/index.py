"""The page over the dates of a scheduled study: each effect over time, each verdict, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from markupsafe import Markup

from artwork_insights.errors import OutputError
from artwork_insights.report.changes import changes_between
from artwork_insights.report.figures import plot_effect_over_dates
from artwork_insights.report.findings import Finding, Question, StudyResult, read_results
from artwork_insights.report.html import environment, write_page
from artwork_insights.report.numbers import Scale
from artwork_insights.report.sentences import question_in_words
from artwork_insights.report.svg import draw_svg
from artwork_insights.report.views import finding_scale

UNREADABLE = "Made by another version; this one cannot read its numbers."


@dataclass(frozen=True, slots=True)
class DatedRun:
    """One finished run.

    Attributes
    ----------
    day : date
        From the name of its folder.
    result : StudyResult or None
        None where this version of the package cannot read it.
    has_report : bool
        Whether there is a report to link to.
    changes : tuple of str
        What changed since the run before it.
    """

    day: date
    result: StudyResult | None
    has_report: bool
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One hypothesis on one date; `finding` is None where it was refused, for the `reason` given."""

    day: date
    finding: Finding | None
    scale: Scale | None
    reason: str
    has_report: bool


@dataclass(frozen=True, slots=True)
class HypothesisHistory:
    """One hypothesis over the dates, newest first; `figure` is None where it was never estimated."""

    name: str
    question: str
    rows: tuple[HistoryRow, ...]
    figure: Markup | None

    @property
    def interval_names(self) -> tuple[str, ...]:
        """What the intervals are called, newest first; several where the level was changed between runs."""
        return tuple(dict.fromkeys(row.scale.interval_name for row in self.rows if row.scale is not None))


def read_runs(folder: Path) -> tuple[DatedRun, ...]:
    """Read the finished runs below `folder`, oldest first; unfinished and other folders are passed over."""
    found: list[DatedRun] = []
    last: StudyResult | None = None
    for path in sorted(folder.iterdir()):
        day = _day_of(path)
        if day is None or not ((path / "results.json").is_file() and (path / "manifest.json").is_file()):
            continue
        has_report = (path / "report.html").is_file()
        try:
            result = read_results(path / "results.json")
        except OutputError:
            found.append(DatedRun(day, None, has_report, (UNREADABLE,)))
            continue
        changes = ("The first run.",) if last is None else changes_between(last, result)
        found.append(DatedRun(day, result, has_report, changes))
        last = result
    return tuple(found)


def _day_of(path: Path) -> date | None:
    try:
        day = date.fromisoformat(path.name)
    except ValueError:
        return None
    return day if path.is_dir() and day.isoformat() == path.name else None


def _row(run: DatedRun, name: str) -> HistoryRow | None:
    if run.result is None:
        return None
    for finding in run.result.findings:
        if finding.question.name == name:
            return HistoryRow(run.day, finding, finding_scale(finding, run.result), "", run.has_report)
    for refused in run.result.refused:
        if refused.question.name == name:
            return HistoryRow(run.day, None, None, refused.reason, run.has_report)
    return None


def _figure(rows: tuple[HistoryRow, ...], number: int) -> Markup | None:
    estimated = [(row.day, row.finding.estimate, row.scale) for row in rows if row.finding and row.scale]
    if not estimated:
        return None
    scale = estimated[-1][2]
    ax = plot_effect_over_dates([row[0] for row in estimated], [row[1] for row in estimated], scale)
    told = "; ".join(f"{day.isoformat()} {scale.effect(estimate.effect)}" for day, estimate, _ in estimated)
    return draw_svg(ax, f"history-{number}", f"Effect over the dates, in {scale.unit_with_per}: {told}")


def _histories(runs: tuple[DatedRun, ...]) -> tuple[HypothesisHistory, ...]:
    questions: dict[str, tuple[Question, StudyResult]] = {}
    for run in reversed(runs):
        if run.result is not None:
            asked = [f.question for f in run.result.findings] + [r.question for r in run.result.refused]
            for question in asked:
                questions.setdefault(question.name, (question, run.result))
    histories = []
    for number, (name, (question, result)) in enumerate(questions.items(), 1):
        rows = tuple(row for row in (_row(run, name) for run in runs) if row is not None)
        words = question_in_words(question, result.unit)
        histories.append(HypothesisHistory(name, words, tuple(reversed(rows)), _figure(rows, number)))
    return tuple(histories)


def write_index(folder: Path) -> Path:
    """Write ``index.html`` over the dated runs (``YYYY-MM-DD``) of `folder`.

    A run counts as finished when it holds ``results.json`` and ``manifest.json``; others are ignored.
    All links are relative, so that the folder can be moved or served.

    Parameters
    ----------
    folder : Path
        Holds the dated run folders.

    Returns
    -------
    Path
        The page. The same runs give the same bytes.
    """
    runs = read_runs(folder)
    named = [run.result.study for run in runs if run.result is not None]
    page = (
        environment()
        .get_template("index.html")
        .render(study=named[-1] if named else "scheduled study", runs=tuple(reversed(runs)), histories=_histories(runs))
    )
    return write_page(page, folder / "index.html")
