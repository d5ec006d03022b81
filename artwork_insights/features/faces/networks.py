"""What the cascade asks of P-Net, R-Net and O-Net of MTCNN, and where their weights are.

They lie inside the wheel of `facenet_pytorch` 2.5.3. What runs them lies in modules of
its own, so that nobody imports a library that is not used.
"""

from __future__ import annotations

import hashlib
import importlib.util
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from artwork_insights.errors import WeightsError

FloatArray = npt.NDArray[np.float32]

NETWORKS = ("pnet", "rnet", "onet")
PROPOSAL_FIELD, PROPOSAL_STRIDE = 12, 2
POOLS = {"rnet": (3, 3, 0), "onet": (3, 3, 2, 0)}  # side of the pooling after each convolution


class Networks(ABC):
    """The three networks of the cascade; images are float32 of shape (n, height, width, 3), values 0 to 255."""

    @abstractmethod
    def propose(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Face scores, shape (rows, columns), and box shifts, shape (rows, columns, 4), of one pyramid level."""

    @abstractmethod
    def classify(self, name: str, crops: FloatArray) -> list[FloatArray]:
        """Scores, box shifts and, from ``"onet"`` but not from ``"rnet"``, landmarks of crops."""

    def refine(self, crops: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Scores, shape (n,), and box shifts, shape (n, 4), of crops of 24 pixels."""
        score, shift = self.classify("rnet", crops)
        return score, shift

    def output(self, crops: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Scores, shape (n,), box shifts, shape (n, 4), and landmarks, shape (n, 10), of crops of 48 pixels."""
        score, shift, points = self.classify("onet", crops)
        return score, shift, points


@cache
def describe_weights() -> str:
    """First digits of the checksum of all three files of weights."""
    return hashlib.sha256(b"".join(weights_path(name).read_bytes() for name in NETWORKS)).hexdigest()[:16]


def weights_path(name: str) -> Path:
    """File of weights of ``"pnet"``, ``"rnet"`` or ``"onet"``.

    Raises
    ------
    WeightsError
        When `facenet_pytorch` is not installed.
    """
    spec = importlib.util.find_spec("facenet_pytorch")
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError("the face detector needs the package facenet-pytorch 2.5.3; install it.")
    return Path(spec.submodule_search_locations[0]) / "data" / f"{name}.pt"
