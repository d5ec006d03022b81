r"""The structural models of the synthetic catalogue, written as equations.

Indices: artwork i of title j, country c. ``bell`` is a bounded bell curve with mean 0 and variance 1 on
[-2.65, 2.65]: sqrt(28) (Beta(3, 3) - 1/2). ``s(x) = 1 / (1 + exp(-x))``. Aspect a = width / height, year y, series
flag r. Rates are takes per impression.

Both structures::

    U_j = bell                                         unobserved quality of the title: drives faces, counts and takes
    F_i ~ Bernoulli(p_ij)                              is there a face
    C_i | F_i = 1 ~ pi_j on 1..6, C_i = 0 otherwise    how many
    h_i = .10 + .30 s(.55 - 1.14 ln C_i + S_j + .45 Z_i)      face height in square roots of the frame's area, where
          Z_i ~ N(0, 1), S_j = .15 U_j + .35 bell             S_j is the title's own taste for close-ups; the faces of
                                                              one artwork differ by factors exp(-.1) .. exp(.1)
    A_i = mean of .8 h^2 over its faces                mean area share: falls as the count rises (faces share the frame)
    takes_ic ~ Binomial(n_ic, rate_ic)

Structure ``"additive"``::

    hump(y)  = exp(-((y - 2013) / 4.5)^2)
    bump(a)  = exp(-((a - 1) / .14)^2) for a < 1, exp(-((a - 1) / .30)^2) above       steep rise, slow fall
    p_ij     = s(alpha_g - .60 + .70 U_j + .9 hump(y) + .3 r + 1.5 bump(a))
    pi_j(c)  proportional to exp(T_j (c - 1)),  T_j = -.33 + .28 U_j + .22 bell
    rate_ijc = base_g + base_c + .0150 U_j + .0025 (U_j^2 - 1) + .012 hump(y) + .004 r        quality
               + .016 bump(a) + .00008 (L_i - 45) + .0050 bell_i + .0035 bell_ic              artwork
               + m_g k_c [C_i > 0] (.034 - .0047 (C_i - 1) + .43 (A_i - .067))                faces

Structure ``"logit"``::

    late(y)  = [y >= 2012]
    wave(a)  = sin(2 pi a / .8)
    p_ij     = s(alpha_g - .45 + .70 U_j + 1.0 late(y) - .3 r + .9 wave(a))
    pi_j     = 1 + Binomial(5, s(-.30 + .35 U_j + .30 bell))
    rate_ijc = exp(.16 U_j) s(base_g + base_c + .14 late(y) + .04 r + .14 wave(a) + .001 (L_i - 45)
               + .055 bell_i + .040 bell_ic + m_g k_c [C_i > 0] (.58 - .22 ln C_i + 2.5 (sqrt(A_i) - .255)))

In each, one genre has m_g = 0: there no face, however many or large, moves any rate in any country. Lightness L moves
the rate and not the faces, so that it confounds nothing. Numbers were fixed before any estimator was tuned on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Structure = Literal["additive", "logit"]

GENRES = ("Action", "Comedy", "Documentary", "Drama", "Horror", "Romance")
COUNTRIES = ("BR", "DE", "JP", "KR", "US")
MAX_FACES = 6
FACE_WIDTH_PER_HEIGHT = 0.80
SMALLEST_HEIGHT, HEIGHT_RANGE, HEIGHT_SPREAD = 0.10, 0.30, 0.10


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything about cells, except their faces, that moves the expected rate; each array has shape (n,).

    Attributes
    ----------
    genre, country : array of int
        Positions in `GENRES` and `COUNTRIES`.
    launch_year : array
        Calendar year.
    is_series : array
        1 for a series, 0 for a film.
    quality : array
        U_j, unobserved.
    aspect_ratio : array
        Width / height.
    lightness : array
        Mean CIE L* of the background, 0 to 100.
    noise : array
        The artwork's and the cell's own deviation, on the scale of the structure, unobserved.
    """

    genre: IntArray
    country: IntArray
    launch_year: FloatArray
    is_series: FloatArray
    quality: FloatArray
    aspect_ratio: FloatArray
    lightness: FloatArray
    noise: FloatArray


class StructuralModel(Protocol):
    """What a structure must say; see the equations above."""

    asset_noise: float
    cell_noise: float
    genre_multiplier: tuple[float, ...]
    country_multiplier: tuple[float, ...]

    def face_propensity(
        self, genre: IntArray, launch_year: FloatArray, is_series: FloatArray, quality: FloatArray, aspect: FloatArray
    ) -> FloatArray:
        """Probability of at least one face, shape (n,)."""

    def count_probabilities(self, quality: FloatArray, taste: FloatArray) -> FloatArray:
        """Probabilities of 1 to 6 faces given that there is one, shape (n, 6)."""

    def expected_rate(self, cells: Surroundings, face_count: FloatArray, mean_area: FloatArray) -> FloatArray:
        """Expected takes per impression; count and area of shape (n,) or (n, k), and so the result."""


def bell(rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
    """Draw from the bounded bell curve with mean 0 and variance 1 on [-2.65, 2.65]."""
    return np.asarray(np.sqrt(28.0) * (rng.beta(3.0, 3.0, size) - 0.5))


def expit(x: FloatArray) -> FloatArray:
    """Logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def central_height(face_count: FloatArray, size_taste: FloatArray, size_draw: FloatArray) -> FloatArray:
    """Central face height h_i in square roots of the frame's area, in (.10, .40); arguments broadcast, count >= 1."""
    return SMALLEST_HEIGHT + HEIGHT_RANGE * expit(0.55 - 1.14 * np.log(face_count) + size_taste + 0.45 * size_draw)


def height_factors(face_count: int) -> FloatArray:
    """Factors by which the faces of one artwork differ from its central height, shape (face_count,)."""
    return np.exp(np.linspace(HEIGHT_SPREAD, -HEIGHT_SPREAD, face_count) if face_count > 1 else np.zeros(face_count))


def mean_area_share(face_count: FloatArray, size_taste: FloatArray, size_draw: FloatArray) -> FloatArray:
    """Mean share of the frame that a face's box covers, A_i; arguments broadcast, count >= 1."""
    spread = np.array([1.0] + [float(np.mean(height_factors(count) ** 2)) for count in range(1, MAX_FACES + 1)])
    height = central_height(face_count, size_taste, size_draw)
    return np.asarray(FACE_WIDTH_PER_HEIGHT * height**2 * spread[np.asarray(face_count, dtype=np.int64)])


class AdditiveModel:
    """Structure ``"additive"``: effects add up in takes per impression."""

    asset_noise, cell_noise = 0.0050, 0.0035
    genre_face = (0.10, -0.15, -0.45, -0.10, -0.55, 0.00)
    genre_base = (0.098, 0.104, 0.092, 0.100, 0.094, 0.106)
    country_base = (0.004, -0.002, -0.008, 0.000, 0.007)
    genre_multiplier: tuple[float, ...] = (0.50, 1.10, 0.00, 1.40, 0.80, 1.60)
    country_multiplier: tuple[float, ...] = (1.15, 0.85, 0.70, 1.30, 1.00)

    def face_propensity(
        self, genre: IntArray, launch_year: FloatArray, is_series: FloatArray, quality: FloatArray, aspect: FloatArray
    ) -> FloatArray:
        """Probability of at least one face, shape (n,)."""
        era = 0.9 * _year_hump(launch_year) + 0.3 * is_series
        return expit(np.array(self.genre_face)[genre] - 0.60 + 0.70 * quality + era + 1.5 * _aspect_bump(aspect))

    def count_probabilities(self, quality: FloatArray, taste: FloatArray) -> FloatArray:
        """Probabilities of 1 to 6 faces given that there is one, shape (n, 6)."""
        tilt = -0.33 + 0.28 * quality + 0.22 * taste
        odds = np.exp(tilt[:, None] * np.arange(MAX_FACES))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def expected_rate(self, cells: Surroundings, face_count: FloatArray, mean_area: FloatArray) -> FloatArray:
        """Expected takes per impression; count and area of shape (n,) or (n, k), and so the result."""
        quality = 0.0150 * cells.quality + 0.0025 * (cells.quality**2 - 1.0)
        title = quality + 0.012 * _year_hump(cells.launch_year) + 0.004 * cells.is_series
        artwork = 0.016 * _aspect_bump(cells.aspect_ratio) + 0.00008 * (cells.lightness - 45.0) + cells.noise
        place = np.array(self.genre_base)[cells.genre] + np.array(self.country_base)[cells.country]
        gain = 0.034 - 0.0047 * (face_count - 1.0) + 0.43 * (mean_area - 0.067)
        return _spread(place + title + artwork, gain) + _face_part(self, cells, face_count, gain)


class LogitModel:
    """Structure ``"logit"``: effects on the logit scale, and a quality that multiplies the rate."""

    asset_noise, cell_noise = 0.055, 0.040
    genre_face = (-0.40, 0.10, 0.00, -0.30, 0.15, -0.10)
    genre_base = (-2.45, -2.30, -2.50, -2.38, -2.34, -2.42)
    country_base = (0.05, -0.03, -0.08, 0.07, 0.00)
    genre_multiplier: tuple[float, ...] = (1.60, 0.60, 1.20, 0.90, 0.00, 1.40)
    country_multiplier: tuple[float, ...] = (0.80, 1.20, 1.00, 0.75, 1.30)

    def face_propensity(
        self, genre: IntArray, launch_year: FloatArray, is_series: FloatArray, quality: FloatArray, aspect: FloatArray
    ) -> FloatArray:
        """Probability of at least one face, shape (n,)."""
        era = 1.0 * (launch_year >= 2012) - 0.3 * is_series
        return expit(np.array(self.genre_face)[genre] - 0.45 + 0.70 * quality + era + 0.9 * _aspect_wave(aspect))

    def count_probabilities(self, quality: FloatArray, taste: FloatArray) -> FloatArray:
        """Probabilities of 1 to 6 faces given that there is one, shape (n, 6)."""
        chance = expit(-0.30 + 0.35 * quality + 0.30 * taste)[:, None]
        further = np.arange(MAX_FACES)
        ways = np.array([1.0, 5.0, 10.0, 10.0, 5.0, 1.0])
        return np.asarray(ways * chance**further * (1.0 - chance) ** (MAX_FACES - 1 - further))

    def expected_rate(self, cells: Surroundings, face_count: FloatArray, mean_area: FloatArray) -> FloatArray:
        """Expected takes per impression; count and area of shape (n,) or (n, k), and so the result."""
        title = 0.14 * (cells.launch_year >= 2012) + 0.04 * cells.is_series
        artwork = 0.14 * _aspect_wave(cells.aspect_ratio) + 0.001 * (cells.lightness - 45.0) + cells.noise
        place = np.array(self.genre_base)[cells.genre] + np.array(self.country_base)[cells.country]
        gain = 0.58 - 0.22 * np.log(np.maximum(face_count, 1.0)) + 2.5 * (np.sqrt(mean_area) - 0.255)
        logit = _spread(place + title + artwork, gain) + _face_part(self, cells, face_count, gain)
        return np.asarray(_spread(np.exp(0.16 * cells.quality), gain) * expit(logit))


MODELS: dict[Structure, StructuralModel] = {"additive": AdditiveModel(), "logit": LogitModel()}


def _face_part(model: StructuralModel, cells: Surroundings, face_count: FloatArray, gain: FloatArray) -> FloatArray:
    response = np.array(model.genre_multiplier)[cells.genre] * np.array(model.country_multiplier)[cells.country]
    return np.where(face_count > 0, _spread(response, gain) * gain, 0.0)


def _spread(per_cell: FloatArray, like: FloatArray) -> FloatArray:
    return per_cell if like.ndim == 1 else per_cell[:, None]


def _year_hump(launch_year: FloatArray) -> FloatArray:
    return np.exp(-(((launch_year - 2013.0) / 4.5) ** 2))


def _aspect_bump(aspect: FloatArray) -> FloatArray:
    return np.exp(-(((aspect - 1.0) / np.where(aspect < 1.0, 0.14, 0.30)) ** 2))


def _aspect_wave(aspect: FloatArray) -> FloatArray:
    return np.sin(2.0 * np.pi * aspect / 0.8)
