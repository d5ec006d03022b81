"""One self-contained HTML file: no script, no request, nothing that a title name could smuggle in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2

from artwork_insights.report import detector_words, forest_words, numbers, pair_words, sentences, serving_words
from artwork_insights.report.advice import AdviceBlock, advice_table
from artwork_insights.report.findings import StudyResult
from artwork_insights.report.opening import opening, studied
from artwork_insights.report.terms import Term, terms_used
from artwork_insights.report.views import FindingView, rows_in_words, view_finding

_TEMPLATES = Path(__file__).parent / "templates"
_FILTERS = {
    "count": numbers.count,
    "percent": numbers.percent,
    "p_is": numbers.p_is,
    "p_value": numbers.p_value,
    "plain": numbers.plain,
    "signed": numbers.signed,
    "significant": numbers.significant,
    "in_words": sentences.in_words,
    "capitalised": sentences.capitalised,
}
REFUSED_ANCHOR = "refused"


@dataclass(frozen=True, slots=True)
class ReportView:
    """A study result, ready to print."""

    result: StudyResult
    studied: str
    opening: tuple[str, str, str]
    advice: tuple[AdviceBlock, ...]
    findings: tuple[FindingView, ...]
    terms: tuple[Term, ...]
    interval: str
    rows: str


def environment() -> jinja2.Environment:
    """The template engine: everything is escaped, an unknown name is an error."""
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    engine.filters.update(_FILTERS)
    engine.globals["words"] = sentences
    engine.globals["forest_words"] = forest_words
    engine.globals["detector_words"] = detector_words
    engine.globals["pair_words"] = pair_words
    engine.globals["serving_words"] = serving_words
    return engine


def view_report(result: StudyResult, run_dir: Path) -> ReportView:
    """Draw and word a whole study; pictures are read from ``run_dir/pictures``."""
    anchors = [f"finding-{number}" for number in range(1, len(result.findings) + 1)]
    findings = tuple(
        view_finding(finding, anchor, result, run_dir) for finding, anchor in zip(result.findings, anchors, strict=True)
    )
    return ReportView(
        result=result,
        studied=studied(result),
        opening=opening(result),
        advice=advice_table(result, [view.scale for view in findings], anchors, REFUSED_ANCHOR),
        findings=findings,
        terms=terms_used(result),
        interval=numbers.interval_name(result.level),
        rows=rows_in_words(result),
    )


def write_page(text: str, path: Path) -> Path:
    """Write a page in one step, so that no half-written one is ever seen."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(text.encode("utf-8", "replace"))
    return part.replace(path)


def write_report(result: StudyResult, run_dir: Path) -> Path:
    """Write ``report.html`` into the run folder.

    Parameters
    ----------
    result : StudyResult
        Every number of the report.
    run_dir : Path
        Folder of the run; pictures are read from its ``pictures/`` and stand inside the report.

    Returns
    -------
    Path
        The report. The same result and pictures give the same bytes.
    """
    page = environment().get_template("report.html").render(report=view_report(result, run_dir))
    return write_page(page, run_dir / "report.html")
