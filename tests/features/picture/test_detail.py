from __future__ import annotations

import cv2
import numpy as np
import pytest

from artwork_insights.features.picture.colour import to_lab
from artwork_insights.features.picture.detail import (
    centre_detail_share,
    detail_entropy,
    haar_details,
    laplacian_variance,
)
from artwork_insights.features.render.photographs import read_photograph

ENTROPY_ATOL = 0.03  # bits; the coarsest level of 256 x 256 noise has 1,024 coefficients


def _lightness(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(to_lab(pixels)[..., 0])


def test_a_step_of_lightness_has_the_sharpness_worked_out_by_hand() -> None:
    """Laplacian of a step of height h: +h on one column and -h on the next, 0 elsewhere; variance 2 h^2 / width."""
    lightness = np.zeros((20, 40), np.float32)
    lightness[:, 20:] = 100
    assert laplacian_variance(lightness) == pytest.approx(2 * 100**2 / 40, rel=1e-4)


def test_the_wavelet_is_orthonormal() -> None:
    """Detail at three scales and the mean hold the whole power of the picture (Parseval)."""
    lightness = np.random.default_rng(1).uniform(0, 100, (64, 32)).astype(np.float32)
    details = haar_details(lightness)
    assert [detail.shape for detail in details] == [(3, 32, 16), (3, 16, 8), (3, 8, 4)]
    blocks = lightness.reshape(8, 8, 4, 8).mean(axis=(1, 3)) * 8
    power = sum(float((detail**2).sum()) for detail in details) + float((blocks**2).sum())
    assert power == pytest.approx(float((lightness**2).sum()), rel=1e-5)


@pytest.mark.parametrize("sigma", [2.0, 8.0])
def test_the_entropy_of_noise_is_that_of_a_normal_distribution(sigma: float) -> None:
    """White noise stays white noise of the same spread under an orthonormal transform: log2(sigma sqrt(2 pi e))."""
    noise = np.random.default_rng(2).normal(50, sigma, (1024, 1024)).astype(np.float32)
    expected = np.log2(sigma * np.sqrt(2 * np.pi * np.e))
    assert detail_entropy(haar_details(noise)) == pytest.approx(expected, abs=ENTROPY_ATOL)


def test_a_ramp_needs_fewer_bits_than_the_same_values_shuffled() -> None:
    ramp = np.tile(np.linspace(0, 100, 256, dtype=np.float32), (128, 1))
    shuffled = np.random.default_rng(3).permuted(ramp, axis=1)
    assert detail_entropy(haar_details(ramp)) < 0.25 * detail_entropy(haar_details(shuffled))


def test_detail_that_lies_evenly_is_a_quarter_in_the_middle() -> None:
    for shape in ((256, 176), (101, 37)):
        checks = (np.indices(shape).sum(axis=0) % 2 * 100).astype(np.float32)
        shifted = np.pad(checks, ((0, 0), (0, 0)))
        assert centre_detail_share(haar_details(shifted)) == pytest.approx(0.25, abs=1e-3)


def test_a_sharp_subject_on_a_blurred_ground_has_its_detail_in_the_middle() -> None:
    """The control is the same picture sharp all over; blurring the subject instead turns it round."""
    picture = cv2.resize(np.asarray(read_photograph("gravel")), (256, 256), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(picture, (0, 0), 4)
    subject = np.zeros((256, 256, 1), bool)
    subject[64:192, 64:192] = True
    sharp, shallow, inverted = (
        centre_detail_share(haar_details(_lightness(pixels)))
        for pixels in (picture, np.where(subject, picture, blurred), np.where(subject, blurred, picture))
    )
    assert sharp == pytest.approx(0.25, abs=0.05)
    assert shallow > 0.75
    assert inverted < 0.1


def test_a_picture_too_small_for_a_wavelet_has_no_detail() -> None:
    for shape in ((1, 1), (1, 50), (50, 1)):
        details = haar_details(np.ones(shape, np.float32))
        assert (details, detail_entropy(details), centre_detail_share(details)) == ([], 0.0, 0.25)
