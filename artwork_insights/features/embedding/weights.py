"""Networks named in ``models/manifest.toml``: what is known of each, and where its weights are."""

from __future__ import annotations

import hashlib
import logging
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.error import URLError

from pydantic import TypeAdapter

from artwork_insights.errors import WeightsError, did_you_mean

Library = Literal["torchvision", "timm", "open_clip", "facenet_pytorch"]

MANIFEST = Path(__file__).parents[2] / "models" / "manifest.toml"


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network and its weights as recorded in the manifest.

    Attributes
    ----------
    name, architecture, file, source, paper, licence : str
        `architecture` is the library's name for the network, `file` that under which the weights are published.
    purpose : {"artwork", "face_identity"}
        Whether it describes whole pictures or one face crop.
    input_size_px : int
        Side of the square input.
    mean, std : tuple of three float
        Normalisation of values scaled to [0, 1].
    dimension : int
        Length of the embedding.
    library : {"torchvision", "timm", "open_clip", "facenet_pytorch"}
        What builds the network.
    repository : str
        Where timm and open_clip find the weights on the Hugging Face hub; empty for the others.
    sha256, sha256_prefix : str
        Checksum of the weights, or its leading digits as published; empty where unknown.
    """

    name: str
    architecture: str
    purpose: Literal["artwork", "face_identity"]
    file: str
    source: str
    paper: str
    licence: str
    input_size_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    dimension: int
    library: Library = "torchvision"
    repository: str = ""
    sha256: str = ""
    sha256_prefix: str = ""

    def matches(self, checksum: str) -> bool:
        """Whether a file with this sha256 is the one recorded; True where the manifest knows no checksum."""
        return checksum == self.sha256 if self.sha256 else checksum.startswith(self.sha256_prefix)


@dataclass(frozen=True, slots=True)
class Weights:
    """A weights file that was found.

    Attributes
    ----------
    path : Path
    sha256 : str
        Of the file.
    listed : bool
        Whether the checksum is the one in the manifest; False for a file of one's own.
    """

    path: Path
    sha256: str
    listed: bool


@cache
def read_backbones() -> dict[str, Backbone]:
    """All records of the manifest, by name, in its order."""
    text = MANIFEST.read_text(encoding="utf-8")
    reader = TypeAdapter(dict[str, Backbone])
    return reader.validate_python({name: {"name": name} | record for name, record in tomllib.loads(text).items()})


def find_backbone(name: str) -> Backbone:
    """Record of a backbone.

    Raises
    ------
    WeightsError
        When the manifest has none of that name.
    """
    known = read_backbones()
    if name not in known:
        raise WeightsError(
            f"embedding {name!r} is unknown{did_you_mean(name, known)}; "
            f"known are auto, layout, none, {', '.join(known)}."
        )
    return known[name]


def cache_folder() -> Path:
    """Where weights are kept: the ``checkpoints`` folder of torch hub, shared with torchvision and facenet-pytorch."""
    import torch  # late: it takes seconds, and most processes need no folder

    return Path(torch.hub.get_dir()) / "checkpoints"


def cached_weights(backbone: Backbone) -> Weights | None:
    """Weights in the cache of their library, if they are there and right.

    Raises
    ------
    WeightsError
        When a file of that name is there and its checksum is wrong.
    """
    path = cached_on_hub(backbone.repository, backbone.file) if backbone.repository else cache_folder() / backbone.file
    if path is None or not path.is_file():
        return None
    checksum = file_sha256(path)
    if not backbone.matches(checksum):
        raise WeightsError(
            f"{path}: sha256 {checksum[:16]}... is not that of {backbone.name} in models/manifest.toml "
            f"({(backbone.sha256 or backbone.sha256_prefix)[:16]}...): remove the file to download it again, "
            "or name it with --weights if it is your own."
        )
    return Weights(path, checksum, listed=True)


def given_weights(backbone: Backbone, path: Path) -> Weights:
    """Weights named by the user; a checksum that is not the manifest's is allowed, and recorded as not listed.

    Raises
    ------
    WeightsError
        When there is no such file.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file for {backbone.name}.")
    checksum = file_sha256(path)
    known = bool(backbone.sha256 or backbone.sha256_prefix)
    return Weights(path, checksum, listed=known and backbone.matches(checksum))


def download_weights(backbone: Backbone) -> Weights:
    """Fetch weights with their library's own download into its cache, checked against the manifest.

    Raises
    ------
    WeightsError
        When the library does not publish them, the network is out of reach, or the checksum is wrong.
    """
    if backbone.purpose != "artwork":
        raise WeightsError(
            f"{backbone.name}: torchvision does not publish these weights; fetch {backbone.file} from "
            f"{backbone.source} and name it with --weights."
        )
    try:
        folder = _download_from_hub(backbone) if backbone.repository else _download_from_torchvision(backbone)
    except (URLError, OSError, RuntimeError, ValueError) as error:
        place = f"hub repository {backbone.repository}" if backbone.repository else str(cache_folder())
        cure = "name the file" if backbone.repository else f"put the file into {place}, name it"
        raise WeightsError(
            f"{backbone.name}: downloading {backbone.file} failed ({_one_line(error)}); {cure} with --weights, "
            "or use --embedding layout, which needs none."
        ) from error
    found = cached_weights(backbone)
    if found is None:
        raise WeightsError(f"{backbone.name}: the download left no file {backbone.file} in {folder}; try again.")
    return found


def _download_from_torchvision(backbone: Backbone) -> Path:
    import torch
    import torchvision  # late: it imports torch's compiler, which takes seconds

    kind, version = backbone.source.split()[-1].split(".")
    url = getattr(torchvision.models, kind)[version].url
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    torch.hub.download_url_to_file(url, str(folder / backbone.file), backbone.sha256_prefix, progress=False)
    return folder


def _download_from_hub(backbone: Backbone) -> Path:
    import huggingface_hub
    from huggingface_hub.utils import logging as hub_log

    loudness = hub_log.get_verbosity()
    hub_log.set_verbosity(logging.ERROR)  # each of its retries is a warning; our one sentence says what came of them
    try:
        return Path(huggingface_hub.hf_hub_download(backbone.repository, backbone.file)).parent
    finally:
        hub_log.set_verbosity(loudness)


def cached_on_hub(repository: str, file: str) -> Path | None:
    """A file of the Hugging Face hub in the cache that timm and open_clip share; None where there is none."""
    if find_spec("huggingface_hub") is None:
        return None
    import huggingface_hub

    found = huggingface_hub.try_to_load_from_cache(repository, file)
    return Path(found) if isinstance(found, str) else None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def file_sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
