"""Damaged image files: small sound ones of every kind the extractor reads, and ways to break them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
from PIL import Image

HEIGHT_PX, WIDTH_PX = 72, 100
_ORIENTATION = 0x0112
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
PNG_START = b"\x89PNG\r\n\x1a\n"


def picture(seed: int = 0) -> np.ndarray:
    """Soft colours with some noise, 72 x 100."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    soft = np.stack([120 + 90 * np.sin(x / 17 + k) * np.cos(y / 13 + k) for k in range(3)], axis=2)
    return np.clip(soft + rng.normal(0, 6, soft.shape), 0, 255).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Bytes of an image file."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def interlaced_png(pixels: np.ndarray) -> bytes:
    """An RGB picture in the seven passes of Adam7, which Pillow reads and does not write."""
    height, width = pixels.shape[:2]
    rows = b"".join(
        b"\0" + line.tobytes() for top, left, down, right in _ADAM7 for line in pixels[top::down, left::right]
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return PNG_START + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def sound_files() -> dict[str, bytes]:
    """Seventeen sound files by name: every format, and the variants that take other ways through the decoders."""
    pixels = picture()
    rgb = Image.fromarray(pixels)
    alpha = rgb.copy()
    alpha.putalpha(Image.fromarray(pixels[..., 0]))
    frames = [Image.fromarray(picture(seed)) for seed in (1, 2)]
    turned = Image.Exif()
    turned[_ORIENTATION] = 6
    moving: dict[str, object] = {"save_all": True, "append_images": frames, "duration": 40}
    return {
        "jpeg": encoded(rgb, "JPEG"),
        "jpeg-progressive": encoded(rgb, "JPEG", progressive=True, subsampling=0),
        "jpeg-cmyk": encoded(rgb.convert("CMYK"), "JPEG"),
        "jpeg-grey": encoded(rgb.convert("L"), "JPEG"),
        "jpeg-turned": encoded(rgb, "JPEG", exif=turned),
        "mpo": encoded(rgb, "MPO", save_all=True, append_images=frames),
        "png": encoded(rgb, "PNG"),
        "png-alpha": encoded(alpha, "PNG"),
        "png-palette": encoded(rgb.quantize(32), "PNG", transparency=3),
        "png-16": encoded(Image.fromarray(pixels[..., 0].astype(np.uint16) * 257), "PNG"),
        "png-interlaced": interlaced_png(pixels),
        "webp": encoded(rgb, "WEBP"),
        "webp-lossless": encoded(alpha, "WEBP", lossless=True),
        "webp-moving": encoded(rgb, "WEBP", **moving),
        "gif": encoded(rgb, "GIF"),
        "gif-moving": encoded(rgb, "GIF", transparency=0, **moving),
        "bmp": encoded(rgb, "BMP"),
    }


def pieces(data: bytes) -> list[bytes]:
    """A file cut where its own format cuts it: chunks of PNG and WebP, segments of JPEG; others in eight parts."""
    if data.startswith(PNG_START):
        return [PNG_START, *_lengths(data, 8, lambda at: 12 + struct.unpack_from(">I", data, at)[0])]
    if data.startswith(b"RIFF"):
        return [data[:12], *_lengths(data, 12, lambda at: 8 + (struct.unpack_from("<I", data, at + 4)[0] + 1) // 2 * 2)]
    if data.startswith(b"\xff\xd8"):
        end = data.index(b"\xff\xda")
        segments = list(_lengths(data[:end], 2, lambda at: 2 + struct.unpack_from(">H", data, at + 2)[0]))
        return [data[:2], *segments, data[end:]]
    step = max(len(data) // 8, 1)
    return [data[at : at + step] for at in range(0, len(data), step)]


def _lengths(data: bytes, start: int, size: Callable[[int], int]) -> Iterator[bytes]:
    while start < len(data):
        end = start + size(start)
        yield data[start:end]
        start = end


def _truncated(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(1, len(data)))]


def _flipped(data: bytes, rng: np.random.Generator) -> bytes:
    content = bytearray(data)
    reach = len(content) if rng.random() < 0.5 else min(len(content), 64)  # half of the time the header alone
    for _ in range(int(rng.integers(1, 17))):
        content[int(rng.integers(reach))] ^= 1 << int(rng.integers(8))
    return bytes(content)


def _overwritten(data: bytes, rng: np.random.Generator) -> bytes:
    at, length = int(rng.integers(len(data))), int(rng.integers(1, 65))
    filling = rng.bytes(length) if rng.random() < 0.5 else bytes([int(rng.choice([0, 255]))]) * length
    return data[:at] + filling[: len(data) - at] + data[at + length :]


def _spliced(data: bytes, rng: np.random.Generator) -> bytes:
    files = list(sound_files_once().values())
    other = files[int(rng.integers(len(files)))]
    if rng.random() < 0.5:
        return data[: int(rng.integers(1, min(len(data), 80)))] + other[int(rng.integers(len(other))) :]
    head, tail = pieces(data), pieces(other)
    return b"".join(head[: int(rng.integers(1, len(head) + 1))] + tail[int(rng.integers(len(tail))) :])


def _relengthed(data: bytes, rng: np.random.Generator) -> bytes:
    """Write another length into a chunk or segment; a PNG's checksum is made to fit, so that it is not the guard."""
    parts = pieces(data)
    i = int(rng.integers(1, len(parts)))
    length = int(rng.choice([0, 1, 2, 7, 255, 65535, 2**24, 2**31 - 1, 2**32 - 1]))
    part = bytearray(parts[i])
    if data.startswith(PNG_START):
        part[:4] = struct.pack(">I", length)
    elif data.startswith(b"RIFF") and len(part) >= 8:
        part[4:8] = struct.pack("<I", length)
    elif data.startswith(b"\xff\xd8") and len(part) >= 4:
        part[2:4] = struct.pack(">H", length % 65536)
    else:
        part[:2] = struct.pack("<H", length % 65536)
    return b"".join([*parts[:i], bytes(part), *parts[i + 1 :]])


def _resized(data: bytes, rng: np.random.Generator) -> bytes:
    """Write another size into the header, so that there are too few or too many pixels for it."""
    width, height = (int(v) for v in rng.choice([0, 1, 3, 99, 101, 1000, 3000, 60_000], 2))
    if data.startswith(PNG_START):
        body = struct.pack(">II", width, height) + data[24:29]
        return data[:8] + png_chunk(b"IHDR", body) + data[33:]
    if data.startswith(b"\xff\xd8"):
        at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]
    if data.startswith(b"GIF"):
        return data[:6] + struct.pack("<HH", width, height) + data[10:]
    if data.startswith(b"BM"):
        return data[:18] + struct.pack("<ii", width, height) + data[26:]
    return data[:26] + struct.pack("<HH", width & 0x3FFF, height & 0x3FFF) + data[30:]


def _rearranged(data: bytes, rng: np.random.Generator) -> bytes:
    """Swap, repeat or drop chunks or segments."""
    parts = pieces(data)
    i, j = (int(v) for v in rng.integers(1, len(parts), 2))
    match int(rng.integers(3)):
        case 0:
            parts[i], parts[j] = parts[j], parts[i]
        case 1:
            parts.insert(j, parts[i])
        case _:
            del parts[i]
    return b"".join(parts)


MUTATIONS: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "truncated": _truncated, "flipped": _flipped, "overwritten": _overwritten, "spliced": _spliced,
    "relengthed": _relengthed, "resized": _resized, "rearranged": _rearranged,
}  # fmt: skip

_FILES: dict[str, bytes] = {}


def sound_files_once() -> dict[str, bytes]:
    """The same files without encoding them again."""
    if not _FILES:
        _FILES.update(sound_files())
    return _FILES


def mutants(n: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of `n` damaged files: every kind in every way in turn, some broken twice."""
    ways = [(kind, way) for way in MUTATIONS for kind in sound_files_once()]
    for i in range(n):
        kind, way = ways[i % len(ways)]
        rng = np.random.default_rng([seed, i])
        data = MUTATIONS[way](sound_files_once()[kind], rng)
        if rng.random() < 0.25:
            data = _flipped(data, rng)
        yield f"{kind}-{way}-{i}", data
