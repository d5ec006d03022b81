from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from artwork_insights.errors import WeightsError
from artwork_insights.features.embedding import embedder as module
from artwork_insights.features.embedding.embedder import Embedder, choose_embedding, network_input
from artwork_insights.features.embedding.weights import Weights, find_backbone
from artwork_insights.features.inputs.image import working_image
from artwork_insights.features.picture.colour import to_lab

FORWARD_RTOL = 1e-4  # channels-last sums in another order


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


def _random_weights(architecture: str, folder: Path) -> Path:
    torch.manual_seed(0)
    path = folder / f"{architecture}-random.pth"
    torch.save(torchvision.models.get_model(architecture, weights=None).state_dict(), path)
    return path


def test_auto_falls_to_layout_and_says_so() -> None:
    choice = choose_embedding()
    assert choice.name == "layout" and choice.dimension == 722
    assert choice.note.endswith("training-free layout descriptor.")


def test_auto_takes_a_backbone_whose_weights_are_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_hand(backbone: object) -> Weights | None:
        return Weights(Path("x.pth"), "ab", True) if backbone == find_backbone("resnet50") else None

    monkeypatch.setattr(module, "cached_weights", at_hand)
    choice = choose_embedding("auto")
    assert (choice.name, choice.dimension, choice.note) == ("resnet50", 2048, "")


def test_auto_never_downloads_and_a_name_does(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def download(backbone: object) -> Weights:
        asked.append(backbone.name)  # type: ignore[attr-defined]
        return Weights(Path("x.pth"), "ab", True)

    monkeypatch.setattr(module, "download_weights", download)
    choose_embedding("auto")
    assert asked == []
    choose_embedding("mobilenet_v3_small")
    assert asked == ["mobilenet_v3_small"]


def test_a_file_names_its_backbone_by_its_own_name_or_must_be_told(tmp_path: Path) -> None:
    path = _random_weights("squeezenet1_0", tmp_path)
    choice = choose_embedding("auto", path)
    assert choice.name == "squeezenet1_0"
    assert "not listed in the manifest" in choice.note
    other = path.rename(tmp_path / "mine.pth")
    with pytest.raises(WeightsError, match="say which network"):
        choose_embedding("auto", other)
    assert choose_embedding("squeezenet1_0", other).weights is not None


def test_weights_without_a_network_and_faces_as_artwork_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no use with --embedding layout"):
        choose_embedding("layout", tmp_path / "x.pth")
    with pytest.raises(WeightsError, match="describes one face"):
        choose_embedding("face_vggface2")


def test_none_gives_no_vector(astronaut: np.ndarray) -> None:
    choice = choose_embedding("none")
    assert choice.dimension == 0
    working = working_image(astronaut)
    assert Embedder(choice).embed(astronaut, working, to_lab(working)) is None


@pytest.mark.parametrize(
    "architecture", ["squeezenet1_0", "mobilenet_v3_small", "mobilenet_v3_large", "resnet18", "efficientnet_b0"]
)
def test_a_backbone_gives_what_its_classifier_would_be_fed(
    architecture: str, tmp_path: Path, astronaut: np.ndarray
) -> None:
    """Witness: the input of the average pooling inside torchvision's own forward pass, caught by a hook."""
    path = _random_weights(architecture, tmp_path)
    backbone = find_backbone(architecture)
    vector = Embedder(choose_embedding(architecture, path)).embed(astronaut, astronaut, to_lab(astronaut))
    network = torchvision.models.get_model(architecture, weights=None).eval()
    network.load_state_dict(torch.load(path, weights_only=True))
    caught: list[torch.Tensor] = []
    pooling = network.classifier[0] if architecture == "squeezenet1_0" else network.avgpool
    pooling.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0].detach()))
    with torch.inference_mode():
        network(network_input(astronaut, backbone))
    assert vector is not None and vector.shape == (backbone.dimension,)
    np.testing.assert_allclose(vector, caught[0].mean(dim=(2, 3))[0].numpy(), rtol=FORWARD_RTOL, atol=1e-5)


def test_a_transformer_gives_the_class_token_that_its_classifier_would_be_fed(
    tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a small member of the family that vit_b_16 belongs to."""

    def small(name: str = "vit_b_16", weights: object = None) -> torch.nn.Module:
        torch.manual_seed(0)
        family = torchvision.models.VisionTransformer
        return family(image_size=224, patch_size=32, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64).eval()

    monkeypatch.setattr(torchvision.models, "get_model", small)
    network = small()
    torch.nn.init.normal_(network.heads.head.weight)
    path = tmp_path / "vit_b_16-random.pth"
    torch.save(network.state_dict(), path)
    vector = Embedder(choose_embedding("vit_b_16", path)).embed(astronaut, astronaut, to_lab(astronaut))
    caught: list[torch.Tensor] = []
    network.encoder.register_forward_hook(lambda _, inputs, tokens: caught.append(tokens[:, 0].detach()))
    with torch.inference_mode():
        network(network_input(astronaut, find_backbone("vit_b_16")))
    assert vector is not None and vector.shape == (32,)
    np.testing.assert_allclose(vector, caught[0][0].numpy(), rtol=FORWARD_RTOL, atol=1e-5)


def test_the_longest_architecture_that_begins_a_file_s_name_is_meant(tmp_path: Path) -> None:
    for name, expected in (
        ("convnext_tiny-mine.pth", "convnext_tiny"),
        ("convnext_tiny.in12k_ft_in1k.pth", "timm_convnext_tiny"),
    ):
        (tmp_path / name).write_bytes(b"any")
        assert choose_embedding("auto", tmp_path / name).name == expected


def test_the_input_is_the_whole_picture_normalised() -> None:
    pixels = np.zeros((100, 50, 3), np.uint8)
    pixels[:, 25:] = 255
    batch = network_input(pixels, find_backbone("squeezenet1_0"))
    assert batch.shape == (1, 3, 224, 224)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(batch[0, :, 0, 0], -mean / std)
    torch.testing.assert_close(batch[0, :, -1, -1], (1 - mean) / std)


@pytest.mark.parametrize("architecture", ["mobilenet_v3_small", "squeezenet1_0"])
def test_a_backbone_gives_the_same_vector_in_openvino(architecture: str, tmp_path: Path, astronaut: np.ndarray) -> None:
    pytest.importorskip("openvino")
    choice = choose_embedding(architecture, _random_weights(architecture, tmp_path))
    assert choice.runs_in("openvino") == "openvino" and choose_embedding("layout").runs_in("openvino") == "torch"
    working = working_image(astronaut)
    pictures = [astronaut, np.ascontiguousarray(astronaut[:200, :150])]
    ours, theirs = (
        np.array([Embedder(choice, "cpu", runtime).embed(pixels, working, to_lab(working)) for pixels in pictures])
        for runtime in ("openvino", "torch")
    )
    assert ours.shape == (2, choice.dimension)
    np.testing.assert_allclose(ours, theirs, atol=FORWARD_RTOL * np.abs(theirs).max())
    assert np.abs(ours[0] - ours[1]).max() > FORWARD_RTOL * np.abs(ours).max()  # the control
