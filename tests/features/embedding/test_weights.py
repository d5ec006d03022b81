from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding import weights as module
from artwork_insights.features.embedding.weights import (
    Backbone,
    cached_weights,
    download_weights,
    find_backbone,
    given_weights,
    load_network,
    read_backbones,
)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch hub cache; returns its checkpoints folder."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_the_manifest_names_the_files_and_digits_that_torchvision_publishes() -> None:
    for backbone in read_backbones().values():
        if backbone.purpose == "face_identity":
            continue
        kind, version = backbone.source.split()[-1].split(".")
        url = getattr(torchvision.models, kind)[version].url
        assert url.rsplit("/", 1)[-1] == backbone.file
        assert backbone.file.rsplit("-", 1)[-1].removesuffix(".pth") == backbone.sha256_prefix


def test_every_record_is_complete_and_the_face_identity_networks_are_among_them() -> None:
    backbones = read_backbones()
    assert {"squeezenet1_0", "mobilenet_v3_small", "resnet50", "face_vggface2", "face_casia_webface"} <= set(backbones)
    for backbone in backbones.values():
        assert backbone.licence and backbone.paper and backbone.dimension > 0 and len(backbone.mean) == 3


def test_an_unknown_backbone_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(WeightsError, match="did you mean 'resnet50'"):
        find_backbone("resnet5")


def test_weights_in_the_cache_are_used_only_when_their_checksum_is_right(hub: Path) -> None:
    backbone = find_backbone("squeezenet1_0")
    assert cached_weights(backbone) is None
    (hub / backbone.file).write_bytes(b"something else")
    with pytest.raises(WeightsError, match=r"is not that of squeezenet1_0 in models/manifest\.toml"):
        cached_weights(backbone)


def test_a_checksum_matches_in_full_or_by_its_published_digits() -> None:
    record = find_backbone("squeezenet1_0")
    digest = hashlib.sha256(b"weights").hexdigest()
    fields = {name: getattr(record, name) for name in Backbone.__dataclass_fields__}
    full = Backbone(**(fields | {"sha256": digest}))
    assert full.matches(digest) and not full.matches(digest[:-1] + "x")
    assert record.matches("b66bff10" + "0" * 56) and not record.matches(digest)


def test_a_file_of_ones_own_is_accepted_and_recorded_as_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(b"weights")
    found = given_weights(find_backbone("squeezenet1_0"), path)
    assert not found.listed and found.sha256 == hashlib.sha256(b"weights").hexdigest()
    with pytest.raises(WeightsError, match="no such weights file"):
        given_weights(find_backbone("squeezenet1_0"), tmp_path / "gone.pth")


def test_a_file_that_is_no_state_dict_of_the_architecture_is_refused(tmp_path: Path) -> None:
    backbone = find_backbone("squeezenet1_0")
    garbage, other = tmp_path / "garbage.pth", tmp_path / "other.pth"
    garbage.write_bytes(b"not a state dict")
    torch.save(torchvision.models.mobilenet_v3_small(weights=None).state_dict(), other)
    for path in (garbage, other):
        with pytest.raises(WeightsError, match="not a state dict of squeezenet1_0"):
            load_network(backbone, given_weights(backbone, path))


def test_a_face_identity_network_loads_its_weights_without_the_classifier(tmp_path: Path) -> None:
    from facenet_pytorch import InceptionResnetV1

    state = InceptionResnetV1().state_dict() | {"logits.weight": torch.zeros(3, 512), "logits.bias": torch.zeros(3)}
    path = tmp_path / "identity.pt"
    torch.save(state, path)
    backbone = find_backbone("face_vggface2")
    network = load_network(backbone, given_weights(backbone, path))
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 160, 160)).shape == (1, backbone.dimension)


def test_a_download_out_of_reach_is_one_sentence_that_says_what_to_do(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_reach(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(module.torch.hub, "download_url_to_file", out_of_reach)
    with pytest.raises(WeightsError, match=r"downloading .* failed .*--embedding layout"):
        download_weights(find_backbone("squeezenet1_0"))
    with pytest.raises(WeightsError, match="name it with --weights"):
        download_weights(find_backbone("face_vggface2"))
