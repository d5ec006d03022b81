"""Networks named in ``models/manifest.toml``: what is known of each, and where its weights are."""

from __future__ import annotations

import hashlib
import pickle
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.error import URLError

import torch
from pydantic import TypeAdapter

from artwork_insights.errors import WeightsError, did_you_mean

MANIFEST = Path(__file__).parents[2] / "models" / "manifest.toml"


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network and its weights as recorded in the manifest.

    Attributes
    ----------
    name, architecture, file, source, paper, licence : str
        `file` is the name under which its publisher distributes the weights.
    purpose : {"artwork", "face_identity"}
        Whether it describes whole pictures or one face crop.
    input_size_px : int
        Side of the square input.
    mean, std : tuple of three float
        Normalisation of values scaled to [0, 1].
    dimension : int
        Length of the embedding.
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
    return Path(torch.hub.get_dir()) / "checkpoints"


def cached_weights(backbone: Backbone) -> Weights | None:
    """Weights in the cache, if they are there and right.

    Raises
    ------
    WeightsError
        When a file of that name is there and its checksum is wrong.
    """
    path = cache_folder() / backbone.file
    if not path.is_file():
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
    """Fetch weights with torchvision's own download into the cache, checked against the manifest.

    Raises
    ------
    WeightsError
        When torchvision does not publish them, the network is out of reach, or the checksum is wrong.
    """
    if backbone.purpose != "artwork":
        raise WeightsError(
            f"{backbone.name}: torchvision does not publish these weights; fetch {backbone.file} from "
            f"{backbone.source} and name it with --weights."
        )
    import torchvision  # late: it imports torch's compiler, which takes seconds

    kind, version = backbone.source.split()[-1].split(".")
    url = getattr(torchvision.models, kind)[version].url
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(folder / backbone.file), backbone.sha256_prefix, progress=False)
    except (URLError, OSError, RuntimeError) as error:
        raise WeightsError(
            f"{backbone.name}: downloading {backbone.file} failed ({error}); put the file into {folder}, "
            "name it with --weights, or use --embedding layout, which needs none."
        ) from error
    found = cached_weights(backbone)
    if found is None:
        raise WeightsError(f"{backbone.name}: the download left no file {backbone.file} in {folder}; try again.")
    return found


def load_network(backbone: Backbone, weights: Weights) -> torch.nn.Module:
    """Build the network without its classifier's use and load its weights; in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        When the file is no state dict of this architecture.
    """
    inception = backbone.architecture == "inception_resnet_v1"
    network = _build_network(backbone.architecture)
    try:
        state = torch.load(weights.path, map_location="cpu", weights_only=True)
        if inception:
            state = {key: value for key, value in state.items() if not key.startswith("logits.")}
        network.load_state_dict(state)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError, AttributeError, TypeError, KeyError) as error:
        raise WeightsError(
            f"{weights.path}: not a state dict of {backbone.architecture} ({type(error).__name__}); "
            "name the backbone these weights belong to with --embedding."
        ) from error
    return network.eval()


def _build_network(architecture: str) -> torch.nn.Module:
    network: torch.nn.Module
    if architecture == "inception_resnet_v1":
        from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

        network = InceptionResnetV1()
    else:
        import torchvision

        network = torchvision.models.get_model(architecture, weights=None)
    return network


def file_sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
