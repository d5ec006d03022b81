"""The report in a real browser: no request, no error, no sideways scrolling at desktop and phone width."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from artwork_insights.report.findings import StudyResult, write_results
from artwork_insights.report.html import write_report
from artwork_insights.report.index import write_index

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's package chromium is not installed")
WIDTHS_PX = (1280, 390)


@dataclass
class Visit:
    """What a page did while it was open."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def overflow_px(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def visit(browser: Browser, path: Path, width_px: int) -> Visit:
    page = browser.new_page(viewport={"width": width_px, "height": 900})
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    return seen


def foreign(requests: list[str], path: Path) -> list[str]:
    return [url for url in requests if url != path.as_uri() and not url.startswith("data:")]


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_the_report_makes_no_request_and_fits(browser, result: StudyResult, run_dir, width_px):
    path = write_report(result, run_dir)
    seen = visit(browser, path, width_px)
    assert path.as_uri() in seen.requests
    assert foreign(seen.requests, path) == []
    assert seen.complaints == []
    assert seen.overflow_px <= 0
    assert seen.page.title() == "which_faces – artwork insights"
    assert seen.page.locator("svg.chart").count() >= 15
    assert seen.page.evaluate("document.querySelectorAll('script').length") == 0
    seen.page.close()


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_the_index_makes_no_request_and_fits(browser, result: StudyResult, tmp_path, width_px):
    for day in ("2025-01-06", "2025-01-13"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "manifest.json").write_text("{}")
        write_results(result, tmp_path / day / "results.json")
    path = write_index(tmp_path)
    seen = visit(browser, path, width_px)
    assert foreign(seen.requests, path) == []
    assert seen.complaints == []
    assert seen.overflow_px <= 0
    seen.page.close()


def test_the_policy_stops_a_page_that_was_tampered_with_and_this_test_would_see_it(browser, result, run_dir):
    path = write_report(result, run_dir)
    image, script = '<img src="http://127.0.0.1:9/a.png">', '<script>document.title = "owned"</script>'
    smuggled = f'{image}{script}<p style="width:3000px">wide</p>'
    path.write_text(path.read_text(encoding="utf-8").replace("</main>", f"{smuggled}</main>"), encoding="utf-8")
    seen = visit(browser, path, 390)
    assert any("Content Security Policy" in complaint for complaint in seen.complaints)
    assert seen.page.title() != "owned"
    assert seen.overflow_px > 0
    seen.page.close()
