"""Thousands of damaged files: each ends in pixels of the right shape or in an `ImageError` of one line."""

from __future__ import annotations

import gc
import re
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from artwork_insights.errors import ImageError
from artwork_insights.features.extraction.extract import extract_features, find_sources
from artwork_insights.features.inputs import image as module
from artwork_insights.features.inputs.image import MAX_PIXELS, DecodedImage, decode_image
from artwork_insights.features.table import read_table
from tests.features.inputs.mutants import HEIGHT_PX, MUTATIONS, WIDTH_PX, mutants, sound_files

N_MUTANTS, N_EXTRACTED, SEED = 5_117, 357, 20_261  # 43 and 3 times each of 17 files in each of 7 ways
SHARED_SIDE_PX = 12  # in place of 500, so that files of 72 x 100 pixels are decoded at a quarter
BYTES_PER_PIXEL = 24  # at most, at the worst moment: canvas, frame, background and composite of an animation, and RGB
KEPT_BYTES = 300e6  # what the allocator may hold on to after all of it
PROCESS = Path("/proc/self")

Decode = Callable[..., DecodedImage]


def judge(decode: Decode, data: bytes, name: str) -> str:
    """``"pixels"`` or ``"refused"``; an assertion that fails, or any other exception, is a fault of the decoder."""
    outcomes, images = [], []
    for reduced in (False, True):
        try:
            image = decode(data, name, reduced=reduced)
        except ImageError as error:
            assert re.fullmatch(rf"{re.escape(name)}: \S.*\.", str(error)), str(error)
            outcomes.append("refused")
            continue
        outcomes.append("pixels")
        images.append(image)
        height, width = image.height_px, image.width_px
        assert 1 <= height * width <= MAX_PIXELS
        factor = next((f for f in (8, 4, 2) if min(height, width) >= f * module.SHARED_SIDE_PX), 1) if reduced else 1
        assert image.pixels.shape == (-(-height // factor), -(-width // factor), 3)
        assert image.pixels.dtype == np.uint8
        assert image.n_bytes == len(data) and image.frames >= 1
    assert outcomes[0] == outcomes[1], "whole and reduced decoding disagree"
    assert len({(image.height_px, image.width_px, image.frames, image.format) for image in images}) <= 1
    return outcomes[0]


@pytest.fixture
def quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARED_SIDE_PX", SHARED_SIDE_PX)


def _resident(field: str) -> int:
    """Bytes of this process in memory: now (``VmRSS``) or at most since `_forget_peak` (``VmHWM``)."""
    found = re.search(rf"{field}:\s+(\d+) kB", (PROCESS / "status").read_text())
    assert found is not None
    return int(found.group(1)) * 1024


def _forget_peak() -> bool:
    try:
        (PROCESS / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def test_the_sound_files_are_decoded_and_reduced(quarter: None) -> None:
    files = sound_files()
    assert len(files) == 17
    for name, data in files.items():
        assert judge(decode_image, data, name) == "pixels"
        small = decode_image(data, name, reduced=True)
        assert sorted(small.pixels.shape[:2]) == [HEIGHT_PX // 4, WIDTH_PX // 4]
        assert (small.frames > 1) == (name.endswith("-moving") or name == "mpo")
    upright, turned = (decode_image(files[name], name).pixels.astype(int) for name in ("jpeg", "jpeg-turned"))
    assert np.abs(np.rot90(upright, -1) - turned).max() == 0


@pytest.mark.slow
def test_thousands_of_damaged_files_give_pixels_or_one_sentence(
    quarter: None, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also: no library writes to stderr, no Python warning gets out, memory stays bounded and comes back."""
    outcomes: Counter[tuple[str, str]] = Counter()
    gc.collect()
    before = _resident("VmRSS") if PROCESS.exists() else 0
    measured = _forget_peak()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, data in mutants(N_MUTANTS, SEED):
            way = next(way for way in MUTATIONS if f"-{way}-" in name)
            outcomes[way, judge(decode_image, data, name)] += 1
    assert capfd.readouterr().err == ""
    assert sum(outcomes.values()) == N_MUTANTS
    for way in MUTATIONS:  # a way that only ever refuses, or never does, tests half of the decoder
        assert min(outcomes[way, "pixels"], outcomes[way, "refused"]) >= 10, outcomes
    if measured:
        gc.collect()
        assert _resident("VmHWM") - before < BYTES_PER_PIXEL * MAX_PIXELS
        assert _resident("VmRSS") - before < KEPT_BYTES


def test_the_first_files_are_the_same_every_time_and_none_is_its_original() -> None:
    first, again = list(mutants(150, SEED)), list(mutants(150, SEED))
    assert first == again != list(mutants(150, SEED + 1))
    originals = set(sound_files().values())
    assert sum(data in originals for _, data in first) <= 4  # two equal chunks were swapped, or a length was right


def _raises(data: bytes, location: str, *, reduced: bool) -> DecodedImage:
    raise IndexError("index out of range")


def _says_two_lines(data: bytes, location: str, *, reduced: bool) -> DecodedImage:
    raise ImageError(f"{location}: damaged\nTraceback.")


def _never_reduces(data: bytes, location: str, *, reduced: bool) -> DecodedImage:
    return decode_image(data, location)


def _swaps_its_sides(data: bytes, location: str, *, reduced: bool) -> DecodedImage:
    image = decode_image(data, location, reduced=reduced)
    return DecodedImage(image.pixels.transpose(1, 0, 2), *(getattr(image, n) for n in DecodedImage.__slots__[1:]))


def _refuses_when_reduced(data: bytes, location: str, *, reduced: bool) -> DecodedImage:
    if reduced:
        raise ImageError(f"{location}: no.")
    return decode_image(data, location)


@pytest.mark.parametrize(
    "broken",
    [_raises, _says_two_lines, _never_reduces, _swaps_its_sides, _refuses_when_reduced],
    ids=lambda f: f.__name__,
)
def test_a_broken_decoder_is_noticed(quarter: None, broken: Decode) -> None:
    with pytest.raises((AssertionError, IndexError)):
        judge(broken, sound_files()["jpeg"], "sound.jpg")


def test_a_gif_that_ends_within_its_second_frame_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's count of the frames runs past the end of such a file with an IndexError."""
    data = sound_files()["gif-moving"]
    second = data.index(b"\x21\xf9\x04", data.index(b"\x21\xf9\x04") + 1)
    cut = [data[:n] for n in range(second - 2, second + 24)]
    assert {judge(decode_image, part, "cut.gif") for part in cut} == {"pixels", "refused"}
    monkeypatch.setattr(module, "_DAMAGE", tuple(error for error in module._DAMAGE if error is not IndexError))
    with pytest.raises(IndexError):  # control: not caught, it would end the run
        [judge(decode_image, part, "cut.gif") for part in cut]


@pytest.mark.slow
def test_an_extraction_accounts_for_every_damaged_file_exactly_once(tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    names = []
    for name, data in mutants(N_EXTRACTED, SEED + 1):
        names.append(name)
        (folder / name).write_bytes(data)
    extract_features(
        find_sources([str(folder)]), tmp_path / "out", features=("file", "colour"), device="cpu", workers=2
    )
    measured = read_table(tmp_path / "out", "features").to_pydict()
    failed = read_table(tmp_path / "out", "failures").to_pydict()
    found = [Path(location).name for location in measured["location"] + failed["location"]]
    assert sorted(found) == sorted(names)
    assert set(failed["stage"]) <= {"read", "decode"}  # no measuring process died of one
    assert min(len(measured["location"]), len(failed["location"])) > N_EXTRACTED // 10
    assert all("\n" not in message for message in failed["message"])
    assert min(measured["width_px"]) >= 1 and len(measured["palette_hex"]) == len(measured["location"])
