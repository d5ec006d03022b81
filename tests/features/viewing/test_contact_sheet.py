from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from artwork_insights.errors import OutputError
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.table import read_table
from artwork_insights.features.viewing import contact_sheet as module
from artwork_insights.features.viewing.contact_sheet import write_contact_sheet
from tests.features.viewing.extraction import write_extraction

CHROMIUM = shutil.which("chromium")
WIDTHS_PX = (1280, 390)
HALF_PIXEL = 0.75  # of the screen: coordinates are written to a tenth of a pixel of the picture, edges lie anywhere
NASTY = '<script>alert(1)</script>" onload="x'


@pytest.fixture(scope="module")
def extracted(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheet")
    shutil.copytree(picture_folder, folder / "pictures")
    extract_features(find_sources([str(folder / "pictures")]), folder / "out", workers=1, embedding="none")
    return folder / "out"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Debian's package chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _rows(n: int, folder: Path, **values: Any) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (40, 60), "teal").save(folder / "a.png")
    size = {"location": str(folder / "a.png"), "width_px": 40, "height_px": 60}
    return [{"asset_id": f"asset {i}"} | size | values for i in range(n)]


def _cards(page: str) -> list[str]:
    return re.findall(r"<h3><span>(.*?)</span>", page)


def test_each_picture_stands_with_its_marks_palette_numbers_and_alternative_text(
    extracted: Path, tmp_path: Path
) -> None:
    sheet = write_contact_sheet(extracted, tmp_path / "new" / "s.html", sort_by="face_area_share_max")
    page = sheet.path.read_text()
    assert (sheet.n_shown, sheet.n_matching, sheet.n_measured, sheet.n_failures) == (3, 3, 3, 1)
    assert _cards(page)[0] == "face"  # the only one with a face comes first
    face = next(f for f in read_table(extracted, "faces").to_pylist() if f["asset_id"] == "face")
    n_faces = read_table(extracted, "features").to_pydict()["face_count"]
    assert page.count('<svg class="marks"') == sum(1 for count in n_faces if count)
    assert f"M{face['xmin']:.1f} {face['ymin']:.1f}H{face['xmax']:.1f}V{face['ymax']:.1f}" in page
    assert f"M{face['nose_x']:.1f} {face['nose_y']:.1f}h0" in page
    assert page.count('class="palette"') == 3 and page.count("data:image/jpeg;base64,") == 3
    assert len(re.findall(r'<img alt="Artwork \w+: [^"]+"', page)) == 3
    assert "1 image not measured" in page and "Not a readable JPEG" in page and "notes.txt" in page


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_in_a_browser_the_box_lies_on_the_face_and_nothing_is_fetched_or_overflows(
    extracted: Path, tmp_path: Path, browser: Browser, width_px: int
) -> None:
    path = write_contact_sheet(extracted, tmp_path / "s.html").path
    tab = browser.new_page(viewport={"width": width_px, "height": 900})
    requests: list[str] = []
    complaints: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.goto(path.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert {url.split(":")[0] for url in requests} <= {"file", "data"} and requests.count(path.as_uri()) == 1
    assert complaints == []
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    face = next(f for f in read_table(extracted, "faces").to_pylist() if f["asset_id"] == "face")
    picture, box = tab.evaluate(
        "(() => { const path = document.querySelector('.marks .line'); const art = path.closest('.art');"
        "const rectangle = part => { const r = part.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] };"
        "return [rectangle(art.querySelector('img')), rectangle(path)] })()"
    )
    scale = picture[2] / 512
    expected = [picture[0] + face["xmin"] * scale, picture[1] + face["ymin"] * scale,
                (face["xmax"] - face["xmin"]) * scale, (face["ymax"] - face["ymin"]) * scale]  # fmt: skip
    assert box == pytest.approx(expected, abs=HALF_PIXEL)
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")  # the first thing the keyboard reaches hides the marks
    assert tab.evaluate("getComputedStyle(document.querySelector('.marks')).display") == "none"
    assert float(tab.evaluate("parseFloat(getComputedStyle(document.querySelector('dd')).fontSize)")) >= 12
    tab.close()


def test_an_extraction_of_the_file_group_alone_gives_a_page(tmp_path: Path) -> None:
    folder = write_extraction(tmp_path / "plain", _rows(2, tmp_path / "p"))
    page = write_contact_sheet(folder, tmp_path / "s.html").path.read_text()
    assert _cards(page) == ["asset 0", "asset 1"]
    assert "marks" not in page.split("</style>")[1] and 'class="palette"' not in page


def test_names_and_reasons_cannot_smuggle_markup_in(tmp_path: Path) -> None:
    rows = _rows(1, tmp_path / NASTY.replace("/", "_"))
    rows[0]["asset_id"] = NASTY
    failures = [{"location": f"{NASTY}\n.jpg", "asset_id": NASTY, "message": f"{NASTY}: {NASTY}.", "error": "e"}]
    folder = write_extraction(tmp_path / "nasty", rows, failures=failures)
    page = write_contact_sheet(folder, tmp_path / "s.html").path.read_text()
    assert "<script" not in page and 'onload="' not in page
    assert page.count("&lt;script&gt;") >= 3


def test_near_duplicates_stand_under_a_heading_of_their_group(tmp_path: Path) -> None:
    rows = _rows(5, tmp_path / "p")
    for row, group in zip(rows, "3c39c", strict=True):
        row["picture_hash"] = group * 32
    folder = write_extraction(tmp_path / "twins", rows)
    sheet = write_contact_sheet(folder, tmp_path / "s.html", sort_by="duplicate_group")
    parts = sheet.path.read_text().split("<h2>Group ")
    assert [_cards(part) for part in parts[1:]] == [["asset 0", "asset 2"], ["asset 1", "asset 4"]]
    assert "4 pictures with a near-identical one (of 5 measured), group by group, the largest first." in sheet.sentence


def test_the_sentence_says_what_is_shown_of_what(tmp_path: Path) -> None:
    rows = _rows(9, tmp_path / "p")
    for i, row in enumerate(rows):
        row["clutter"] = i / 10
    folder = write_extraction(tmp_path / "nine", rows, finished=False)
    sheet = write_contact_sheet(
        folder, tmp_path / "s.html", sort_by="clutter", where="clutter > 0.25", limit=3, pick="spread", ascending=True
    )
    said = "3 of 6 pictures, evenly spread where clutter > 0.25 (of 9 measured), ordered by clutter, from low to high."
    assert sheet.sentence == f"{tmp_path / 's.html'}: {said}"
    page = sheet.path.read_text()
    assert "This extraction is under way: 9 of 9 images so far." in page
    assert re.findall(r"<small>#(\d)</small>", page) == ["1", "3", "6"]


def test_a_picture_that_is_gone_leaves_its_reason(tmp_path: Path) -> None:
    rows = _rows(2, tmp_path / "p")
    rows[1]["location"] = str(tmp_path / "gone.jpg")
    page = write_contact_sheet(write_extraction(tmp_path / "x", rows), tmp_path / "s.html").path.read_text()
    assert "The picture cannot be shown: There is no such file." in page
    assert page.count("<img ") == 1


def test_pictures_on_an_object_store_are_shown(tmp_path: Path) -> None:
    import fsspec

    rows = _rows(1, tmp_path / "p")
    with fsspec.open("memory://sheet/a.png", "wb") as file:
        file.write(Path(rows[0]["location"]).read_bytes())
    rows[0]["location"] = "memory://sheet/a.png"
    page = write_contact_sheet(write_extraction(tmp_path / "x", rows), tmp_path / "s.html").path.read_text()
    assert page.count("<img ") == 1


def test_a_disk_that_fills_leaves_the_earlier_page_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_extraction(tmp_path / "x", _rows(3, tmp_path / "p"))
    path = write_contact_sheet(folder, tmp_path / "out" / "s.html").path
    earlier = path.read_bytes()
    drawn = iter(range(2))

    def fill(*_: object) -> str:
        if next(drawn, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return "<li></li>"

    monkeypatch.setattr(module, "picture_card", fill)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\); what was finished before"):
        write_contact_sheet(folder, path)
    assert [p.name for p in path.parent.iterdir()] == ["s.html"] and path.read_bytes() == earlier


def test_an_earlier_sheet_is_replaced_and_any_other_file_is_not(tmp_path: Path) -> None:
    folder = write_extraction(tmp_path / "x", _rows(1, tmp_path / "p"))
    first = write_contact_sheet(folder, tmp_path / "s.html").path.read_bytes()
    assert write_contact_sheet(folder, tmp_path / "s.html").path.read_bytes() == first  # the same bytes every time
    (tmp_path / "report.html").write_text("<html>a report</html>")
    for name, sentence in (
        ("report.html", "is no contact sheet; name another"),
        ("s.jpg", "ends in .html"),
        ("x", "in .html"),
    ):
        with pytest.raises(OutputError, match=sentence):
            write_contact_sheet(folder, tmp_path / name)
    with pytest.raises(OutputError, match="is no extraction"):
        write_contact_sheet(tmp_path, tmp_path / "t.html")
