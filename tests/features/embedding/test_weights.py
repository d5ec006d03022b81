from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision
from huggingface_hub.errors import LocalEntryNotFoundError

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding import weights as module
from artwork_insights.features.embedding.weights import (
    Backbone,
    cached_weights,
    download_weights,
    find_backbone,
    given_weights,
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
        if backbone.library != "torchvision":
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


def test_a_download_out_of_reach_is_one_sentence_that_says_what_to_do(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_reach(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", out_of_reach)
    with pytest.raises(WeightsError, match=r"downloading .* failed .*--embedding layout"):
        download_weights(find_backbone("squeezenet1_0"))
    with pytest.raises(WeightsError, match="name it with --weights"):
        download_weights(find_backbone("face_vggface2"))


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the Hugging Face hub."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def _put_into(cache: Path, repository: str, file: str, content: bytes) -> None:
    """Lay a file as huggingface_hub does: a revision's name, and the file under that revision."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "snapshots" / "abc" / file).write_bytes(content)


@pytest.mark.parametrize("name", ["dinov2_small", "clip_vit_b_32"])
def test_weights_in_the_cache_of_the_hub_are_found_with_their_checksum(hub_cache: Path, name: str) -> None:
    backbone = find_backbone(name)
    assert cached_weights(backbone) is None
    _put_into(hub_cache, backbone.repository, backbone.file, b"weights")
    found = cached_weights(backbone)
    assert found is not None and found.path.name == backbone.file
    assert found.sha256 == hashlib.sha256(b"weights").hexdigest()


def test_a_download_from_the_hub_lands_in_its_cache_or_is_one_sentence(
    hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = find_backbone("clip_vit_b_32")
    asked = []

    def out_of_reach(repository: str, file: str) -> str:
        asked.append((repository, file))
        raise LocalEntryNotFoundError("An error happened\nwhile trying to locate the file")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", out_of_reach)
    with pytest.raises(
        WeightsError, match=r"^clip_vit_b_32: downloading .* failed .* name the file with --weights"
    ) as e:
        download_weights(backbone)
    assert "\n" not in str(e.value) and asked == [(backbone.repository, backbone.file)]

    def deliver(repository: str, file: str) -> str:
        _put_into(hub_cache, repository, file, b"weights")
        return str(hub_cache / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", deliver)
    assert download_weights(backbone).sha256 == hashlib.sha256(b"weights").hexdigest()


def test_without_the_hub_s_client_nothing_is_in_its_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert cached_weights(find_backbone("dinov2_small")) is None


def test_the_manifest_says_of_timm_and_open_clip_what_they_say_themselves() -> None:
    import open_clip
    import timm

    for backbone in read_backbones().values():
        if backbone.library == "timm":
            published = timm.models.get_pretrained_cfg(backbone.architecture)
            assert published.hf_hub_id == backbone.repository
            assert (published.mean, published.std) == (backbone.mean, backbone.std)
        elif backbone.library == "open_clip":
            record = open_clip.pretrained.get_pretrained_cfg(backbone.architecture, backbone.source.split()[-1])
            assert record["hf_hub"].strip("/") == backbone.repository
            assert (record["mean"], record["std"]) == (backbone.mean, backbone.std)
            assert not record.get("quick_gelu")
