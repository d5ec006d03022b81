"""The page over the dates, and what changed between two runs."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from artwork_insights.report.changes import NOTHING, changes_between
from artwork_insights.report.findings import Finding, StudyResult, write_results
from artwork_insights.report.index import UNREADABLE, read_runs, write_index


def with_finding(result: StudyResult, finding: Finding) -> StudyResult:
    return dataclasses.replace(result, findings=(finding, *result.findings[1:]))


def with_effect(result: StudyResult, effect: float) -> StudyResult:
    finding = result.findings[0]
    estimate = dataclasses.replace(finding.estimate, effect=effect)
    return with_finding(result, dataclasses.replace(finding, estimate=estimate))


def with_verdict(result: StudyResult, word: str) -> StudyResult:
    finding = result.findings[0]
    return with_finding(result, dataclasses.replace(finding, verdict=dataclasses.replace(finding.verdict, word=word)))


def add_run(folder: Path, day: str, result: StudyResult, report: bool = True) -> None:
    (folder / day).mkdir()
    write_results(result, folder / day / "results.json")
    (folder / day / "manifest.json").write_text("{}")
    if report:
        (folder / day / "report.html").write_text("report")


def test_equal_runs_have_not_changed(result):
    assert changes_between(result, result) == (NOTHING,)


@pytest.mark.parametrize(("moved", "is_told"), [(0.9, False), (1.1, True), (-1.1, True)])
def test_an_effect_is_told_when_it_moves_by_more_than_its_standard_error(result, moved, is_told):
    estimate = result.findings[0].estimate
    told = changes_between(result, with_effect(result, estimate.effect + moved * estimate.std_error))
    assert (told != (NOTHING,)) == is_told
    if is_told:
        assert f"A face: the effect {'rose' if moved > 0 else 'fell'} from +3.10 to" in told[0]


def test_a_changed_verdict_is_told(result):
    assert changes_between(result, with_verdict(result, "inconclusive")) == (
        "A face: the verdict was “Supported, with caveats” and is now “Not settled yet”.",
    )


def test_new_removed_and_refused_hypotheses_are_told(result):
    without = dataclasses.replace(result, findings=result.findings[:2])
    assert changes_between(without, result) == ("New question: a higher mean face area share.",)
    assert changes_between(result, without) == ("No longer asked: a higher mean face area share.",)
    refused = dataclasses.replace(result.refused[0], question=result.findings[2].question, reason="Too few titles.")
    now_refused = dataclasses.replace(without, refused=(*result.refused, refused))
    assert changes_between(result, now_refused) == (
        "A higher mean face area share can no longer be estimated: Too few titles.",
    )
    assert changes_between(now_refused, result) == (
        "A higher mean face area share could be estimated for the first time.",
    )


def test_counts_are_told(result):
    more = dataclasses.replace(result, n_assets=1940, n_titles=299)
    assert changes_between(result, more) == (
        "6 more artworks: 1,934 before, 1,940 now.",
        "1 fewer titles: 300 before, 299 now.",
    )


def test_unfinished_and_other_folders_are_passed_over(result, tmp_path):
    add_run(tmp_path, "2025-01-06", result)
    add_run(tmp_path, "2025-01-13", result)
    (tmp_path / "2025-01-13" / "manifest.json").unlink()
    (tmp_path / "2025-01-20").mkdir()
    add_run(tmp_path, "2025-02-30", result)
    add_run(tmp_path, "20250301", result)
    (tmp_path / "2025-03-01").write_text("a file")
    assert [run.day.isoformat() for run in read_runs(tmp_path)] == ["2025-01-06"]


def test_the_index_holds_every_effect_verdict_and_change_newest_first(result, tmp_path):
    add_run(tmp_path, "2025-01-06", with_verdict(result, "inconclusive"))
    add_run(tmp_path, "2025-01-13", with_effect(result, 0.0041))
    page = write_index(tmp_path)
    assert page == tmp_path / "index.html"
    text = page.read_text(encoding="utf-8")
    first = text[text.index("<article") : text.index("</article>")]
    assert re.findall(r"<a href=\"([^\"]+)\"", first) == ["2025-01-13/report.html", "2025-01-06/report.html"]
    assert re.findall(r'class="badge (\w+)"', first) == ["supported_with_caveats", "inconclusive"]
    assert re.findall(r'data-label="Effect">([^<]+)<', first) == ["+4.10", "+3.10"]
    assert "from +3.61 to +4.59" in first
    assert "<svg" in first
    assert "the verdict was “Not settled yet” and is now “Supported, with caveats”" in text
    assert "the effect rose from +3.10 to +4.10" in text
    assert text.count("Could not be estimated: 3 of 300 titles vary") == 2


def test_a_run_without_a_report_has_no_link(result, tmp_path):
    add_run(tmp_path, "2025-01-06", result, report=False)
    assert "<a " not in write_index(tmp_path).read_text(encoding="utf-8")


def test_a_run_that_cannot_be_read_is_named_and_does_not_break_the_page(result, tmp_path):
    add_run(tmp_path, "2025-01-06", result)
    add_run(tmp_path, "2025-01-13", result)
    add_run(tmp_path, "2025-01-20", result)
    (tmp_path / "2025-01-13" / "results.json").write_text('{"study": 1}')
    assert [run.changes for run in read_runs(tmp_path)] == [("The first run.",), (UNREADABLE,), (NOTHING,)]
    assert UNREADABLE in write_index(tmp_path).read_text(encoding="utf-8")


def test_an_empty_folder_has_an_index_that_says_so(tmp_path):
    assert "No run has finished yet." in write_index(tmp_path).read_text(encoding="utf-8")


def test_the_same_runs_give_the_same_bytes(result, tmp_path):
    add_run(tmp_path, "2025-01-06", result)
    assert write_index(tmp_path).read_bytes() == write_index(tmp_path).read_bytes()


def test_each_run_shows_its_interval_at_its_own_level(result, tmp_path):
    finding = result.findings[0]
    add_run(tmp_path, "2025-01-06", result)
    add_run(tmp_path, "2025-01-07", dataclasses.replace(result, level=0.9))
    text = write_index(tmp_path).read_text(encoding="utf-8").replace("\u202f", " ")
    for level in (0.95, 0.9):
        low, high = (1000 * limit for limit in finding.estimate.interval(level))
        assert f'from +{low:.2f} to +{high:.2f} <span class="small">({100 * level:.0f} % interval)' in text
    assert "lines their 90 % intervals" in text
    assert "The 95 % interval has become the 90 % interval." in text


def test_runs_of_one_level_name_it_in_the_head_of_the_column(result, tmp_path):
    add_run(tmp_path, "2025-01-06", dataclasses.replace(result, level=0.9))
    text = write_index(tmp_path).read_text(encoding="utf-8").replace("\u202f", " ")
    assert '<th scope="col" class="n">90 % interval</th>' in text
    assert "95 %" not in text
