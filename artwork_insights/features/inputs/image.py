"""Decode an image file to one convention: RGB, uint8, upright, on white."""

from __future__ import annotations

import hashlib
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from artwork_insights.errors import ImageError
from artwork_insights.features.inputs.location import read_bytes

ByteImage = npt.NDArray[np.uint8]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # Pillow opens MPO, JPEG of several frames, through its JPEG reader
MAX_PIXELS = 89_478_485
BACKGROUND = 255
WORKING_SIDE_PX = 256
SHARED_SIDE_PX = 500  # a reduced decode keeps this shorter side: 4 % of it is the 20 pixels of the smallest face
_FACTORS = (8, 4, 2)

_DAMAGE = (
    OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
_ON_ITS_SIDE = (_UPRIGHT[5], _UPRIGHT[6], _UPRIGHT[7], _UPRIGHT[8])
_WIDE_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """The first frame of an image file, upright.

    Attributes
    ----------
    pixels : uint8 array of shape (height, width, 3)
        Whole, or averaged over squares of 2, 4 or 8 pixels where it was decoded `reduced`.
        RGB in the file's own colour space (embedded profiles are not applied); the EXIF orientation is applied,
        transparency is composited on white, 16 bits are scaled to 8, CMYK is converted.
    format : str
        ``"JPEG"``, ``"MPO"``, ``"PNG"``, ``"WEBP"``, ``"GIF"`` or ``"BMP"``.
    n_bytes : int
        Size of the file.
    frames : int
        Number of frames; 1 for a still.
    width_px, height_px : int
        Of the upright original.
    mode : str
        Pixel format of the file in Pillow's words, before anything was converted: ``"RGB"``, ``"L"``, ``"P"``,
        ``"CMYK"``, ``"RGBA"``, ``"I;16"`` and so on.
    sha256 : str
        Of the file's bytes, 64 hexadecimal digits.
    """

    pixels: ByteImage
    format: str
    n_bytes: int
    frames: int
    width_px: int
    height_px: int
    mode: str
    sha256: str


def read_image(location: str, *, reduced: bool = False) -> DecodedImage:
    """Read and decode a file; see `decode_image`.

    Raises
    ------
    ImageError
        When the file cannot be read or is no sound image.
    """
    return decode_image(read_bytes(location), location, reduced=reduced)


def decode_image(data: bytes, location: str, *, reduced: bool = False) -> DecodedImage:
    """Decode the bytes of an image file.

    The size in the header is checked before any pixel is decoded, only the formats named in `FORMATS` are tried, and
    every pixel is loaded, so that a truncated file is an error rather than a grey area.

    Parameters
    ----------
    data : bytes
    location : str
        Named in the error.
    reduced : bool
        Decode a large image at half, a quarter or an eighth of its sides, as far as the shorter one keeps 500 pixels:
        JPEG does so in its transform, in a third of the time.

    Raises
    ------
    ImageError
        When the bytes are no image of these formats, are damaged, or hold more than 89 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data), formats=FORMATS)
            _check_size(image.size, location)
            file_format, mode, frames = str(image.format), image.mode, int(getattr(image, "n_frames", 1))
            size = image.size
            factor = _reduction(size) if reduced else 1
            if factor > 1:
                image.draft(None, (size[0] // factor, size[1] // factor))
            image.load()
            _check_size(image.size, location)
            reduced_already = image.size != size
            size = size if reduced_already else image.size
            turn = _turn_of(image)
            upright = _without_transparency(_transposed(image, turn) if turn is not None else image)
    except UnidentifiedImageError as error:
        raise ImageError(f"{location}: not a readable JPEG, PNG, WebP, GIF or BMP image.") from error
    except _DAMAGE as error:
        raise ImageError(f"{location}: the image is damaged or unsafe ({type(error).__name__}: {error}).") from error
    pixels = _to_bytes(upright) if reduced_already else _averaged(_to_bytes(upright), factor)
    width, height = size[::-1] if turn in _ON_ITS_SIDE else size
    digest = hashlib.sha256(data).hexdigest()
    return DecodedImage(pixels, file_format, len(data), frames, width, height, mode, digest)


def working_image(pixels: ByteImage) -> ByteImage:
    """Shrink to a longer side of at most 256 pixels by area averaging; the image that colour and composition see."""
    height, width = pixels.shape[:2]
    scale = WORKING_SIDE_PX / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _check_size(size: tuple[int, int], location: str) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"{location}: the image has no pixels ({width} x {height}).")
    if width * height > MAX_PIXELS:
        raise ImageError(f"{location}: {width} x {height} is more than {MAX_PIXELS / 1e6:.0f} million pixels.")


def _reduction(size: tuple[int, int]) -> int:
    """Factor by which both sides shrink so that the shorter one keeps `SHARED_SIDE_PX`: 1, 2, 4 or 8."""
    return next((factor for factor in _FACTORS if min(size) >= factor * SHARED_SIDE_PX), 1)


def _averaged(pixels: ByteImage, factor: int) -> ByteImage:
    """Means over squares of `factor` pixels: what JPEG's reduced decoding gives, for the other formats."""
    if factor == 1:
        return pixels
    height, width = pixels.shape[:2]
    size = (-(-width // factor), -(-height // factor))
    if (width, height) != (size[0] * factor, size[1] * factor):  # whole squares: exact, and quicker than parts of them
        beyond = size[1] * factor - height, size[0] * factor - width
        whole = cv2.copyMakeBorder(pixels, 0, beyond[0], 0, beyond[1], cv2.BORDER_REPLICATE)
        pixels = np.asarray(whole, dtype=np.uint8)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _turn_of(image: Image.Image) -> Image.Transpose | None:
    """What brings the image upright by its EXIF block; an unreadable block turns nothing, as in browsers."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGE:
        return None
    return _UPRIGHT.get(orientation) if isinstance(orientation, int) else None


def _transposed(image: Image.Image, method: Image.Transpose) -> Image.Image:
    turned = image.transpose(method)
    if "transparency" in image.info:
        turned.info["transparency"] = image.info["transparency"]
    return turned


def _without_transparency(image: Image.Image) -> Image.Image:
    """RGB on white; images of more than 8 bits stay as they are."""
    if image.mode in _WIDE_MODES:
        return image
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        straight = image.convert("RGBA")
        ground = Image.new("RGBA", straight.size, (BACKGROUND, BACKGROUND, BACKGROUND, 255))
        image = Image.alpha_composite(ground, straight)
    return image.convert("RGB")


def _to_bytes(image: Image.Image) -> ByteImage:
    """Pixels as uint8; grey of more than 8 bits is scaled (Pillow's own conversion clips it to white)."""
    if image.mode == "RGB":
        return np.array(image, dtype=np.uint8)
    values = np.asarray(image).astype(np.float64)
    grey = np.clip(np.rint(values * (255 / 65535)), 0, 255)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey = np.where(values == transparent, BACKGROUND, grey)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
