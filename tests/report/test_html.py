"""The report: one safe file whose numbers are the result's."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from artwork_insights.report.findings import StudyResult, TruthRow, read_results, write_results
from artwork_insights.report.html import write_report
from artwork_insights.report.index import write_index
from artwork_insights.report.views import view_finding

VOID = {"meta", "img", "br", "hr", "input", "link"}
HOSTILE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Tags, attributes, text and rows of tables; complains of tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)
            if "td" in self.open or "th" in self.open:
                self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] for _, attrs in self.tags if attribute in attrs]


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("+", ""))


def assert_safe(page: Page, raw: str) -> None:
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "base", "form", "video"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert "http://" not in raw
    assert "https://" not in raw
    assert "@import" not in raw
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.values("src"))
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@pytest.fixture(scope="module")
def written(result: StudyResult, new_run_dir: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the rich result, drawn once."""
    run_dir = new_run_dir(tmp_path_factory.mktemp("run"))
    return write_report(result, run_dir).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(written: str) -> Page:
    return Page(written)


def test_the_page_is_safe_and_loads_nothing(page, written):
    assert_safe(page, written)
    assert all(link.startswith("#") for link in page.values("href"))
    assert set(re.findall(r"url\((.)", written)) <= {"#"}


def test_hostile_names_are_shown_as_text(page, result):
    assert HOSTILE in page.text
    assert result.findings[0].pairs[5].title in page.text
    assert any(HOSTILE in alt for alt in page.values("alt"))


def test_every_reference_inside_the_page_leads_somewhere_and_no_id_is_used_twice(page, written):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    asked = [link[1:] for link in page.values("href")] + page.values("aria-labelledby")
    assert set(asked) | set(re.findall(r"url\(#([^)]+)\)", written)) <= set(ids)


def test_figures_and_pictures_have_a_text_and_headings_come_in_order(page):
    assert all(attrs.get("aria-label") for tag, attrs in page.tags if tag == "svg")
    assert all(attrs.get("alt") for tag, attrs in page.tags if tag == "img")
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_parts_come_in_the_order_of_the_design(page):
    parts = (
        "In three sentences", "What to do", "Question 1 of 3", "Why this verdict", "For whom, and where",
        "The planted truth beside the estimate", "The same question, asked in other ways", "Who was compared with whom",
        "Why, and who responds", "How wrong could it be", "The artwork itself", "Question 2 of 3",
        "What could not be answered", "Notes on the data", "Words used here", "How it was made",
    )  # fmt: skip
    labels = " ".join(page.values("aria-label"))
    places = [page.text.find(part) for part in parts if part not in labels]
    assert -1 not in places
    assert places == sorted(places)


def test_the_headline_its_interval_and_its_relative_size_are_the_results(page, result):
    finding = result.findings[0]
    low, high = (1000 * limit for limit in finding.estimate.interval())
    assert f"+{1000 * finding.estimate.effect:.2f} takes per 1,000 impressions" in page.text
    assert f"From +{low:.2f} to +{high:.2f} (95 % interval)" in page.text
    relative = 100 * finding.estimate.effect / finding.base_rate
    assert f"+{relative:.1f} % (from" in page.text
    assert f"the base rate of artwork without a face, {1000 * finding.base_rate:.1f} takes" in page.text


def test_the_table_of_groups_reads_back(page, result):
    rows = {row[0]: row for row in page.rows if len(row) == 7}
    for group in result.findings[0].group_effects[:2]:
        row = rows[group.group]
        # the last finding with such a group overwrites: the second one has the effects with the other sign
        crowd = next(g for g in result.findings[1].group_effects if g.group == group.group)
        assert number(row[1]) == pytest.approx(1000 * crowd.estimate.effect, abs=0.00501)
        assert number(row[3]) == pytest.approx(1000 * crowd.shrunken_effect, abs=0.00501)
        assert number(row[6]) == crowd.estimate.n_titles


def test_truth_stands_beside_the_estimate(page, result):
    rows = {row[0]: row for row in page.rows if len(row) == 5 and row[4].strip() in ("yes", "no")}
    for truth in result.findings[0].truth:
        row = rows[truth.label]
        assert number(row[1]) == pytest.approx(1000 * truth.truth, abs=0.00501)
        assert number(row[2]) == pytest.approx(1000 * truth.estimate, abs=0.00501)
        assert (row[4].strip() == "yes") == truth.inside


def test_balance_checks_and_sensitivity_read_back(page, result):
    finding = result.findings[0]
    rows = {row[0]: row for row in page.rows}
    row = next(row for row in finding.balance if row.confounder == "clutter")
    assert number(rows["clutter"][2]) == pytest.approx(row.smd_after, abs=0.00501)
    assert [cell.strip() for cell in rows["equal weights gap"][1:4]] == ["2.6", "2", "failed"]
    assert [cell.strip() for cell in rows["forest agreement"][2:4]] == ["–", "for information"]
    e_value = next(row for row in page.rows if row[0] == "E-value")
    assert [cell.strip() for cell in e_value[1:3]] == ["1.49", "1.42"]
    assert f"explain {100 * finding.robustness.robustness_value:.1f}" in page.text


def test_another_number_in_the_result_is_another_number_on_the_page(result, run_dir):
    estimate = dataclasses.replace(result.findings[0].estimate, effect=0.0047123)
    changed = dataclasses.replace(result, findings=(dataclasses.replace(result.findings[0], estimate=estimate),))
    text = Page(write_report(changed, run_dir).read_text(encoding="utf-8")).text
    assert "+4.71 takes per 1,000 impressions" in text
    assert "+3.10 takes per 1,000 impressions" not in text


def test_pairs_show_pictures_rates_and_impressions_and_a_placeholder_where_a_picture_is_missing(page, result):
    shown = sum(tag == "img" for tag, _ in page.tags)
    assert shown == 2 * (2 + 1) + 2 * (2 + 1)  # two pairs and the lead pair, in two findings
    missing = sum(attrs.get("class") == "missing" for _, attrs in page.tags)
    assert missing == 2 * 4 + 2 * 1
    assert "120,411 impressions" in page.text
    pair = result.findings[0].pairs[3]
    assert f"{1000 * pair.treated_rate:.1f}" in page.text


def test_refused_hypotheses_notes_settings_and_seed_are_shown(page, result):
    assert "Does a warm palette make people choose a title?" in page.text
    assert result.refused[0].reason in page.text
    assert result.notes[0] in page.text
    assert result.feature_settings["mtcnn_sha256"] in page.text
    assert "artwork-insights 0.1.0" in page.text


def test_an_outcome_that_is_no_rate_keeps_its_own_unit(score_result, run_dir):
    text = Page(write_report(score_result, run_dir).read_text(encoding="utf-8")).text
    assert "per 1,000 impressions" not in text
    assert "Does a face change the imdb score?" in text
    assert "+0.120 imdb score" in text
    assert "the mean imdb score of artwork without a face, 6.40" in text


def test_the_same_result_gives_the_same_bytes_also_after_a_trip_through_the_file(result, run_dir):
    first = write_report(result, run_dir).read_bytes()
    write_results(result, run_dir / "results.json")
    assert write_report(read_results(run_dir / "results.json"), run_dir).read_bytes() == first
    assert sorted(path.name for path in run_dir.iterdir()) == ["pictures", "report.html", "results.json"]


def test_a_study_without_findings_still_has_a_report(make: Callable[..., StudyResult], run_dir):
    text = Page(write_report(make(findings=()), run_dir).read_text(encoding="utf-8")).text
    assert "Change nothing" in text
    assert "What could not be answered" in text


def test_numbers_that_are_not_known_are_called_so(finding, run_dir, result):
    unknown = dataclasses.replace(
        finding,
        estimate=dataclasses.replace(finding.estimate, std_error=math.nan),
        base_rate=math.nan,
        balance=(dataclasses.replace(finding.balance[0], smd_after=math.nan),),
        placebo=dataclasses.replace(finding.placebo, effects=(math.nan, 0.001)),
    )
    view = view_finding(unknown, "f", result, run_dir)
    assert view.relative is None
    text = Page(
        write_report(dataclasses.replace(result, findings=(unknown,)), run_dir).read_text(encoding="utf-8")
    ).text
    assert "From not known to not known" in text


def test_the_index_is_safe_too(result, tmp_path):
    folder = tmp_path / "2025-01-06"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    write_results(result, folder / "results.json")
    raw = write_index(tmp_path).read_text(encoding="utf-8")
    assert_safe(Page(raw), raw)
    assert HOSTILE not in raw


def read_page(result: StudyResult, run_dir: Path) -> Page:
    return Page(write_report(result, run_dir).read_text(encoding="utf-8"))


def test_every_interval_is_drawn_and_named_at_the_level_of_the_study(result, finding, run_dir):
    speaks_of_95 = {"mediation": (), "placebo": None, "truth": (), "forest": None}
    bare = dataclasses.replace(finding, **speaks_of_95)
    bare = dataclasses.replace(bare, robustness=dataclasses.replace(finding.robustness, alpha=0.1))
    text = read_page(dataclasses.replace(result, findings=(bare,), refused=(), level=0.9), run_dir).text
    low, high = (1000 * limit for limit in finding.estimate.interval(0.9))
    assert f"From +{low:.2f} to +{high:.2f} (90 % interval)" in text
    low, high = (100 * limit / finding.base_rate for limit in finding.estimate.interval(0.9))
    assert f"(from +{low:.1f} % to +{high:.1f} %)" in text
    group = finding.group_effects[0].estimate.interval(0.9)
    assert f"from +{1000 * group[0]:.2f} to +{1000 * group[1]:.2f}" in text
    assert "95 %" not in text


def test_a_finding_that_is_not_credible_shows_tests_and_no_claim_on_who_responds_or_why(result, finding, run_dir):
    failed = dataclasses.replace(finding.verdict, word="not_supported", credible=False)
    claims = (finding.moderation[0].sentence, finding.mediation[0].sentence, finding.forest.sentence)
    shown = read_page(dataclasses.replace(result, findings=(finding,)), run_dir).text
    hidden = read_page(
        dataclasses.replace(result, findings=(dataclasses.replace(finding, verdict=failed),)), run_dir
    ).text
    assert all(claim in shown for claim in claims)
    assert not any(claim in hidden for claim in claims)
    assert "Joint test of equal effects: F(5, 287)" in hidden
    assert "these numbers are associations" in hidden


def test_a_slope_has_no_propensities_and_says_how_much_variation_is_left(result, bare_finding, run_dir):
    page = read_page(dataclasses.replace(result, findings=(bare_finding,)), run_dir)
    assert "Everything that varies is used: 80 % of the variation of mean face area share is left" in page.text
    assert not any("Predicted chance" in label for label in page.values("aria-label"))
    assert "with the component and" not in page.text
    assert "Artworks alike in everything else still differ in the component." in page.text


def test_rows_are_artworks_where_there_are_no_countries(score_result, result, run_dir):
    assert "in a country" not in read_page(score_result, run_dir).text
    assert "rows (an artwork in a country)" in read_page(result, run_dir).text


def test_a_design_gap_without_failure_is_marked_as_information(result, finding, run_dir):
    gap = dataclasses.replace(finding.design_gap, passed=None, sentence="Both designs agree.")
    page = read_page(dataclasses.replace(result, findings=(dataclasses.replace(finding, design_gap=gap),)), run_dir)
    assert "Design gap. Both designs agree. for information" in page.text


def test_a_mediation_says_of_which_artworks_it_was_asked(page, result):
    assert f"Asked of: {result.findings[0].mediation[0].rule}." in page.text


def test_the_placebo_is_told_apart_from_the_headline(page):
    assert "inside titles (the partially linear one)" in page.text
    assert "+2.90, is that comparison’s own and not the headline" in page.text


def test_a_planted_share_is_shown_as_a_share_and_not_drawn_among_effects(result, finding, run_dir):
    share = TruthRow("mediated share", 0.4787, 0.471, 0.0436, True, is_share=True)
    changed = dataclasses.replace(finding, truth=(*finding.truth, share))
    page = read_page(dataclasses.replace(result, findings=(changed,)), run_dir)
    row = next(row for row in page.rows if row[0] == "mediated share")
    assert [cell.replace("\u202f", " ") for cell in row[1:4]] == ["48 %", "47 %", "4 %"]
    assert sum("mediated share" in word for word in page.words) == 1


def test_the_differences_in_mistakes_that_turn_the_sign_are_drawn_where_they_are_known(page, result, finding, run_dir):
    assert "What mistakes would turn the sign" in page.text
    assert sum(label.startswith("Differences in the detector's mistakes") for label in page.values("aria-label")) == 2
    assert "The dot is how often it errs at all" in page.text
    posters = dataclasses.replace(finding.detector, source="posters", accuracy=None)
    written = write_report(
        dataclasses.replace(result, findings=(dataclasses.replace(finding, detector=posters),)), run_dir
    )
    text = Page(written.read_text(encoding="utf-8")).text
    assert "What mistakes would turn the sign" in text
    assert "The dot is how often" not in text
