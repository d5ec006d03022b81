"""Real ImageNet weights: the embedding equals torchvision's own features, pooled, and is the same every time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision

from artwork_insights.features.embedding.embedder import Embedder, choose_embedding
from artwork_insights.features.inputs.image import read_image, working_image
from artwork_insights.features.picture.colour import to_lab

REFERENCE_SHA256 = "9b546079d6dcbf1081f4a5bf256e259ae69fc13864cb790f0a9ec2d2146dfc44"
FORWARD_RTOL = 1e-4  # channels-last sums in another order


def test_squeezenet_gives_the_pooled_features_of_torchvision(reference_data: Path) -> None:
    path = reference_data / "weights" / "squeezenet1_0_imagenet.pth"
    choice = choose_embedding("squeezenet1_0", path)
    assert choice.weights is not None and choice.weights.sha256 == REFERENCE_SHA256
    assert not choice.weights.listed  # not the file that torchvision publishes, and recorded as such
    embedder = Embedder(choice)
    network = torchvision.models.squeezenet1_0(weights=None).eval()
    network.load_state_dict(torch.load(path, weights_only=True))
    normalise = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    for poster in sorted((reference_data / "posters" / "images").iterdir())[:3]:
        pixels = read_image(str(poster)).pixels
        working = working_image(pixels)
        vector = embedder.embed(pixels, working, to_lab(working))
        resized = cv2.resize(pixels, (224, 224), interpolation=cv2.INTER_AREA)
        batch = normalise(torchvision.transforms.functional.to_tensor(resized))[None]
        with torch.inference_mode():
            expected = torch.nn.functional.adaptive_avg_pool2d(network.features(batch), 1).flatten()
        assert vector is not None and vector.shape == (512,)
        np.testing.assert_allclose(vector, expected.numpy(), rtol=FORWARD_RTOL, atol=1e-5)
        np.testing.assert_array_equal(vector, embedder.embed(pixels, working, to_lab(working)))


def test_real_weights_know_a_poster_from_a_dog(reference_data: Path) -> None:
    """Control against weights that were never loaded: animals are nearer to animals than to posters."""
    embedder = Embedder(choose_embedding("squeezenet1_0", reference_data / "weights" / "squeezenet1_0_imagenet.pth"))

    def embed(paths: list[Path]) -> np.ndarray:
        pictures = [read_image(str(path)).pixels for path in paths]
        vectors = np.array([embedder.embed(pixels, pixels, to_lab(pixels[:2, :2])) for pixels in pictures])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    animals = embed(sorted((reference_data / "faces" / "no_face").iterdir())[::6])
    posters = embed(sorted((reference_data / "posters" / "images").iterdir())[::26])
    within = (animals @ animals.T)[~np.eye(len(animals), dtype=bool)].mean()
    assert within > (animals @ posters.T).mean() + 0.02
