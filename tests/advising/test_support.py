"""What a study has seen: written, read back, refused where it is not what it should be, and held against new images."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.advising.components import apply_finding
from artwork_insights.advising.outside import find_outside
from artwork_insights.advising.support import SUPPORT, Support, read_support, summarise_support, write_support
from artwork_insights.design.missing import MissingComparison
from artwork_insights.errors import OutputError
from tests.report.conftest import make_finding, make_overlap, make_question

NAMES = ("lightness_mean", "contrast_rms", "clutter", "symmetry")
CONFOUNDED = make_question(confounders=("genre", "lightness_mean"))


def draw(n: int, seed: int) -> pd.DataFrame:
    """Artwork whose contrast follows its lightness."""
    rng = np.random.default_rng(seed)
    light = rng.normal(50, 10, n)
    return pd.DataFrame(
        {
            "asset_id": [f"A{i}" for i in range(n)],
            "title_id": [f"T{i // 4}" for i in range(n)],
            "genre": np.repeat(["Drama", "Comedy"], n // 2),
            "aspect_ratio": rng.uniform(0.6, 1.8, n),
            "lightness_mean": light,
            "contrast_rms": 0.01 * light + rng.normal(0, 0.02, n),
            "clutter": rng.gamma(3, 0.1, n),
            "symmetry": rng.normal(0, 0.3, n),
            "face_present": rng.random(n) < 0.5,
            "face_area_share_mean": np.where(rng.random(n) < 0.5, 0.1, np.nan),
        }
    )


@pytest.fixture(scope="module")
def support() -> Support:
    return summarise_support(draw(800, 1), [make_finding(question=CONFOUNDED)], {"face_count": (0.0, 1.0)})


def reasons(support: Support, frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return find_outside(frame, support, (), {})


def test_what_was_seen_is_read_back_as_it_was_written(support, tmp_path):
    write_support(support, tmp_path / SUPPORT)
    assert read_support(tmp_path) == support
    assert support.titles["T0"] == {"genre": "Drama"}
    assert support.look is not None
    assert "face_area_share_mean" not in support.look.features  # not every artwork has it


@pytest.mark.parametrize(
    ("change", "said"),
    [(None, "holds no support.json"), ({"version": 99}, "version 99"), ({"titles": 3}, "damaged"), ("{", "damaged")],
)
def test_a_run_that_lacks_it_is_refused_with_what_to_do(support, tmp_path: Path, change, said):
    write_support(support, tmp_path / SUPPORT)
    text = json.loads((tmp_path / SUPPORT).read_text())
    (tmp_path / SUPPORT).unlink()
    if change is not None:
        (tmp_path / SUPPORT).write_text(change if isinstance(change, str) else json.dumps(text | change))
    with pytest.raises(OutputError, match=rf"{said}.*run the study again"):
        read_support(tmp_path)


def test_few_images_of_the_same_kind_are_called_outside(support):
    """2 of 100 by the one range and 1 of 100 by the distance, in expectation."""
    found = reasons(support, draw(2000, 2))
    assert 0.01 < np.mean([bool(reason) for reason in found]) < 0.05


def test_an_image_beyond_a_confounder_s_range_is_called_outside_by_its_name(support):
    frame = draw(4, 3).assign(lightness_mean=[50.0, 50.0, 95.0, 50.0], contrast_rms=[0.5, 0.5, 0.95, 0.5])
    found = reasons(support, frame)
    assert [bool(reason) for reason in found] == [False, False, True, False]
    assert any("lightness is 95" in sentence for sentence in found[2])


def test_a_combination_that_was_never_seen_is_called_outside_though_each_measure_is_usual(support):
    usual = (
        draw(2, 5).head(1).assign(aspect_ratio=1.0, lightness_mean=62.0, contrast_rms=0.62, clutter=0.3, symmetry=0.0)
    )
    odd = usual.assign(contrast_rms=0.38)
    assert reasons(support, usual) == [()]
    (sentence,) = reasons(support, odd)[0]
    assert "as a whole it is unlike the study's artwork" in sentence


def test_a_side_that_the_title_s_genre_hardly_has_is_outside():
    missing = MissingComparison("genre", "Documentary", 140, 2, 48, 1, 9, 0, "", "")
    finding = make_finding(overlap=dataclasses.replace(make_overlap(), missing=(missing,)), moderation=())
    labels = {"genre": "Documentary"}
    component = apply_finding(finding, np.array([0.0, 1.0]), labels, arm_edges=None, ranges={})
    support = summarise_support(draw(40, 1), [finding], {})
    found = find_outside(pd.DataFrame(index=range(2)), support, (component,), labels)
    assert found[0] == ()
    assert "2 of 140 artworks of Documentary in the study are with a face" in found[1][0]
    assert "is taken from other artwork" in component.cautions[0]
    elsewhere = find_outside(pd.DataFrame(index=range(2)), support, (component,), {"genre": "Drama"})
    assert elsewhere == [(), ()]


def test_treatments_that_go_together_inside_titles_are_known_to():
    frame = draw(400, 6).assign(bright=lambda f: f["lightness_mean"])
    findings = [
        make_finding(question=make_question(name, name, treatment=name, confounders=()))
        for name in ("lightness_mean", "contrast_rms", "clutter")
    ]
    likeness = {(row.first, row.second): row.correlation for row in summarise_support(frame, findings, {}).likenesses}
    within = frame[["lightness_mean", "contrast_rms"]] - frame.groupby("title_id")[
        ["lightness_mean", "contrast_rms"]
    ].transform("mean")
    assert likeness["lightness_mean", "contrast_rms"] == pytest.approx(within.corr().iloc[0, 1])
    assert abs(likeness["lightness_mean", "clutter"]) < 0.2
