from __future__ import annotations

import hashlib
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from artwork_insights.errors import ImageError
from artwork_insights.features.inputs.image import decode_image, read_image, working_image
from artwork_insights.features.inputs.location import MAX_BYTES, read_bytes

PIXELS = np.random.default_rng(1).integers(0, 256, (30, 20, 3), dtype=np.uint8)


def _encoded(image: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_stored_in_any_exif_orientation_comes_out_upright(orientation: int) -> None:
    """The stored array is turned the opposite way, worked out with numpy rather than Pillow."""
    stored = {
        1: PIXELS, 2: PIXELS[:, ::-1], 3: PIXELS[::-1, ::-1], 4: PIXELS[::-1], 5: PIXELS.transpose(1, 0, 2),
        6: np.rot90(PIXELS, 1), 7: np.rot90(PIXELS, 2).transpose(1, 0, 2), 8: np.rot90(PIXELS, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    np.testing.assert_array_equal(decode_image(data, "twin").pixels, PIXELS)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_the_mode_is_that_of_the_file_and_not_of_what_it_was_converted_to(mode: str) -> None:
    image = (
        Image.fromarray(PIXELS[..., 0].astype(np.uint16)) if mode == "I;16" else Image.fromarray(PIXELS).convert(mode)
    )
    assert decode_image(_encoded(image), "mode").mode == mode
    assert decode_image(_encoded(Image.fromarray(PIXELS).convert("CMYK"), "JPEG"), "mode").mode == "CMYK"


def test_the_checksum_is_that_of_the_bytes_and_not_of_the_pixels() -> None:
    """SHA-256 as `hashlib` gives it for the file; the same pixels packed otherwise are another file."""
    tight, loose = (_encoded(Image.fromarray(PIXELS), compress_level=level) for level in (9, 0))
    first, second = decode_image(tight, "tight"), decode_image(loose, "loose", reduced=True)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.sha256 == hashlib.sha256(tight).hexdigest() != second.sha256
    assert decode_image(tight, "elsewhere").sha256 == first.sha256


def test_an_unreadable_exif_block_turns_nothing() -> None:
    data = _encoded(Image.fromarray(PIXELS), "JPEG", exif=b"Exif\x00\x00MM\x00*garbage")
    assert decode_image(data, "bad exif").pixels.shape == PIXELS.shape


def test_transparency_is_composited_on_white() -> None:
    rgba = np.dstack([np.zeros((4, 4, 3), np.uint8), np.array([[0, 128, 255, 255]] * 4, np.uint8)])
    pixels = decode_image(_encoded(Image.fromarray(rgba)), "clear").pixels
    assert pixels[0, :, 0].tolist() == [255, 127, 0, 0]


def test_a_transparent_colour_of_a_palette_image_is_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 200, 10, 20])
    image.putdata([0, 1])
    pixels = decode_image(_encoded(image, transparency=0), "palette").pixels
    assert pixels[0].tolist() == [[255, 255, 255], [200, 10, 20]]


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    wide = np.array([[0, 257, 32896, 65535]], np.uint16)
    data = _encoded(Image.fromarray(wide))
    assert decode_image(data, "wide").pixels[0, :, 1].tolist() == [0, 1, 128, 255]
    clipped = np.asarray(Image.open(BytesIO(data)).convert("L"))
    assert clipped[0].tolist() != [0, 1, 128, 255]  # Pillow's own conversion loses the picture


def test_cmyk_and_grey_become_rgb() -> None:
    ink = Image.new("CMYK", (3, 3), (0, 255, 255, 0))
    red = decode_image(_encoded(ink, "JPEG", quality=100), "ink").pixels[1, 1].astype(int)
    assert red[0] > 240 and red[1:].max() < 15
    grey = decode_image(_encoded(Image.new("L", (3, 3), 77)), "grey").pixels
    assert grey.shape == (3, 3, 3) and np.all(grey == 77)


def test_the_first_frame_of_an_animation_is_measured_and_the_frames_are_counted() -> None:
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "lime", "blue")]
    image = decode_image(_encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), "moving")
    assert image.frames == 3 and image.format == "GIF"
    assert image.pixels[0, 0].tolist() == [255, 0, 0]


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(12_000, 12_000), (10_000, 9_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_from_its_header(width: int, height: int) -> None:
    with pytest.raises(ImageError, match="pixels"):
        decode_image(_png_header(width, height), "bomb.png")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_an_error_and_not_a_grey_area(share: float) -> None:
    data = _encoded(Image.fromarray(np.tile(PIXELS, (8, 8, 1))), "JPEG")
    with pytest.raises(ImageError, match="damaged"):
        decode_image(data[: int(len(data) * share)], "cut.jpg")


@pytest.mark.parametrize("file_format", ["TIFF", "ICO", "PPM"])
def test_formats_outside_the_list_are_refused_with_a_sentence(file_format: str) -> None:
    with pytest.raises(ImageError, match=r"odd: not a readable JPEG, PNG, WebP, GIF or BMP image\."):
        decode_image(_encoded(Image.fromarray(PIXELS), file_format), "odd")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_anywhere_gives_an_image_or_an_image_error_and_nothing_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP"]))
    content = bytearray(_encoded(Image.fromarray(PIXELS), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode_image(bytes(content), "damaged")
    except ImageError as error:
        assert str(error).startswith("damaged: ")
    else:
        assert image.pixels.dtype == np.uint8 and image.pixels.ndim == 3


def test_missing_empty_and_oversized_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        read_image(str(tmp_path / "gone.jpg"))
    with pytest.raises(ImageError, match="not a file"):
        read_image(str(tmp_path))
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match="empty"):
        read_image(str(tmp_path / "empty.jpg"))
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ImageError, match="100 MB"):
        read_image(str(tmp_path / "huge.jpg"))


def test_file_addresses_and_object_stores_can_be_read(tmp_path: Path) -> None:
    import fsspec

    path = tmp_path / "a picture.png"
    Image.fromarray(PIXELS).save(path)
    np.testing.assert_array_equal(read_image(path.as_uri()).pixels, PIXELS)
    with fsspec.open("memory://bucket/picture.png", "wb") as file:
        file.write(path.read_bytes())
    assert read_bytes("memory://bucket/picture.png") == path.read_bytes()
    with pytest.raises(ImageError, match="memory://bucket/gone"):
        read_bytes("memory://bucket/gone.png")


def test_the_working_image_keeps_the_mean_and_never_enlarges() -> None:
    large = np.random.default_rng(2).integers(0, 256, (512, 300, 3), dtype=np.uint8)
    small = working_image(large)
    assert small.shape == (256, 150, 3)
    assert small.mean() == pytest.approx(large.mean(), abs=0.5)  # rounding to whole values
    assert working_image(PIXELS) is PIXELS
    assert working_image(np.zeros((1, 4000, 3), np.uint8)).shape == (1, 256, 3)
