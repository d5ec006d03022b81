"""Each library's networks, on small ones of random weights that the tests save and load as users would theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding import embedder as embedder_module
from artwork_insights.features.embedding import networks as module
from artwork_insights.features.embedding.embedder import Embedder, EmbeddingChoice, choose_embedding, network_input
from artwork_insights.features.embedding.networks import load_network
from artwork_insights.features.embedding.weights import Backbone, find_backbone, given_weights, read_backbones
from artwork_insights.features.picture.colour import to_lab

FORWARD_RTOL, FORWARD_ATOL = 1e-4, 1e-5  # channels-last sums in another order
TINY_CLIP = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
    "text_cfg": {"context_length": 8, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


def _timm(architecture: str, side: int = 96) -> Backbone:
    return replace(find_backbone("timm_mobilenetv4_small"), architecture=architecture, input_size_px=side)


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    import open_clip

    path = tmp_path_factory.mktemp("clip") / "tiny-clip.json"
    path.write_text(json.dumps(TINY_CLIP))
    open_clip.add_model_config(path)
    return replace(find_backbone("clip_vit_b_32"), architecture="tiny-clip", input_size_px=64, dimension=24)


def _saved(network: torch.nn.Module, path: Path) -> Path:
    if path.suffix == ".safetensors":
        safetensors.torch.save_model(network, path)
    else:
        torch.save(network.state_dict(), path)
    return path


def _embed(backbone: Backbone, path: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.setattr(embedder_module, "find_backbone", lambda name: backbone)
    choice = EmbeddingChoice(backbone.name, backbone.dimension, given_weights(backbone, path))
    vector = Embedder(choice).embed(pixels, pixels, to_lab(pixels))
    assert vector is not None
    return vector


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize(
    "architecture", ["test_vit.r160_in1k", "test_convnext.r160_in1k", "test_efficientnet.r160_in1k"]
)
def test_timm_gives_what_its_own_classifier_would_be_fed(
    architecture: str, suffix: str, tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import timm

    torch.manual_seed(1)
    backbone = _timm(architecture, side=160)
    network = timm.create_model(architecture, pretrained=False).eval()
    vector = _embed(backbone, _saved(network, tmp_path / f"any{suffix}"), astronaut, monkeypatch)
    with torch.inference_mode():
        maps = network.forward_features(network_input(astronaut, backbone))
        expected = network.forward_head(maps, pre_logits=True)[0].numpy()
    np.testing.assert_allclose(vector, expected, rtol=FORWARD_RTOL, atol=FORWARD_ATOL)
    torch.manual_seed(2)
    other = _saved(timm.create_model(architecture, pretrained=False), tmp_path / f"other{suffix}")
    assert np.abs(_embed(backbone, other, astronaut, monkeypatch) - expected).max() > 0.01


def test_a_timm_transformer_of_another_input_size_has_its_positions_resampled(
    tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import timm

    torch.manual_seed(3)
    architecture = "test_vit.r160_in1k"
    network = timm.create_model(architecture, pretrained=False).eval()
    vector = _embed(_timm(architecture, side=96), _saved(network, tmp_path / "a.pth"), astronaut, monkeypatch)
    network.set_input_size(img_size=96)
    with torch.inference_mode():
        tokens = network.forward_features(network_input(astronaut, _timm(architecture, side=96)))
        expected = network.forward_head(tokens, pre_logits=True)[0].numpy()
    np.testing.assert_allclose(vector, expected, rtol=FORWARD_RTOL, atol=FORWARD_ATOL)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_open_clip_gives_its_encoded_image(
    tiny_clip: Backbone, suffix: str, tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip

    torch.manual_seed(4)
    network = open_clip.create_model("tiny-clip", load_weights=False).eval()
    vector = _embed(tiny_clip, _saved(network, tmp_path / f"any{suffix}"), astronaut, monkeypatch)
    with torch.inference_mode():
        expected = network.encode_image(network_input(astronaut, tiny_clip))[0].numpy()
    assert vector.shape == (24,)
    np.testing.assert_allclose(vector, expected, rtol=FORWARD_RTOL, atol=FORWARD_ATOL)


def test_a_face_identity_network_loads_its_weights_without_the_classifier(tmp_path: Path) -> None:
    from facenet_pytorch import InceptionResnetV1

    state = InceptionResnetV1().state_dict() | {"logits.weight": torch.zeros(3, 512), "logits.bias": torch.zeros(3)}
    path = tmp_path / "identity.pt"
    torch.save(state, path)
    backbone = find_backbone("face_vggface2")
    network = load_network(backbone, given_weights(backbone, path))
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 160, 160)).shape == (1, backbone.dimension)


@pytest.mark.parametrize("kind", ["garbage.pth", "garbage.safetensors", "other.pth", "other.safetensors", "nested.pth"])
@pytest.mark.parametrize("library", ["torchvision", "timm", "open_clip"])
def test_a_file_that_is_no_state_dict_of_the_architecture_is_refused(
    library: str, kind: str, tiny_clip: Backbone, tmp_path: Path
) -> None:
    """Also for timm, which by itself takes any file whose keys it does not know."""
    records = {
        "torchvision": find_backbone("squeezenet1_0"),
        "timm": _timm("test_vit.r160_in1k"),
        "open_clip": tiny_clip,
    }
    path = tmp_path / kind
    other = torchvision.models.mobilenet_v3_small(weights=None)
    if kind.startswith("garbage"):
        path.write_bytes(b"not a state dict")
    elif kind.startswith("other"):
        _saved(other, path)
    else:
        torch.save({"model": other.state_dict()}, path)
    backbone = records[library]
    with pytest.raises(WeightsError, match=f"not a state dict of {backbone.architecture}"):
        load_network(backbone, given_weights(backbone, path))


@pytest.mark.parametrize("name", [b.name for b in read_backbones().values() if b.library != "facenet_pytorch"])
def test_the_manifest_states_the_dimension_of_each_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built on the meta device: shapes without numbers."""
    import open_clip

    backbone = find_backbone(name)
    monkeypatch.setattr(module, "_read_state", lambda path: {})
    monkeypatch.setattr(
        torch.nn.Module, "load_state_dict", lambda *_, **__: torch.nn.modules.module._IncompatibleKeys([], [])
    )
    monkeypatch.setattr("open_clip.create_model", partial(open_clip.create_model, device="meta"))
    monkeypatch.setattr("open_clip.load_checkpoint", lambda *_, **__: None)
    monkeypatch.setattr("timm.models._builder.load_pretrained", lambda *_, **__: None)
    with torch.device("meta"):
        network = load_network(backbone, replace(given_weights(backbone, Path(__file__)), sha256=""))
        side = backbone.input_size_px
        assert network(torch.zeros(2, 3, side, side)).shape == (2, backbone.dimension)


@pytest.mark.parametrize(("name", "extra"), [("dinov2_small", "timm"), ("clip_vit_b_32", "open-clip")])
def test_a_library_that_is_missing_is_named_with_its_extra(
    name: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(WeightsError, match=rf"is not installed: pip install 'artwork-insights\[{extra}\]'\.$"):
        choose_embedding(name)


def test_no_library_is_imported_before_its_embedding_is_chosen() -> None:
    script = (
        "import sys\n"
        "from artwork_insights.features.embedding.embedder import Embedder, choose_embedding\n"
        "Embedder(choose_embedding('layout'))\n"
        "assert not {'timm', 'open_clip', 'torchvision', 'safetensors', 'huggingface_hub'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
