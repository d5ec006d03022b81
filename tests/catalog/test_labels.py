"""Label tables: what people saw, how they were drawn, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from artwork_insights.catalog.labels import carried_by, read_labels, seen_columns
from artwork_insights.errors import TableError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    return path


def test_a_table_is_read_with_its_holes(tmp_path: Path) -> None:
    frame = read_labels(written(tmp_path, "asset_id,location,face_count,probability\na1,x.jpg,2,0.5\na2,y.jpg,,0.25\n"))
    assert seen_columns(frame) == ("face_count",)
    np.testing.assert_array_equal(frame["face_count"], [2, np.nan])
    assert list(frame["wave"]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("asset_id,probability\na1,0.5\n", "no column of what was seen"),
        ("asset_id,face_count,probability\na1,1,0\n", "above 0 and at most 1"),
        ("asset_id,face_count,probability\na1,1,1.5\n", "above 0 and at most 1"),
        ("asset_id,face_count\na1,1\na1,2\n", "there twice"),
        ("asset,face_count\na1,1\n", "lacks 'asset_id'"),
        ("asset_id,face_count,wave\na1,1,first\n", "'wave' is text"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TableError, match=told):
        read_labels(written(tmp_path, text))


def test_labels_stand_for_all_artworks(tmp_path: Path) -> None:
    """Witness: the expected sum over drawings is the number of artworks, for two waves with unequal probabilities."""
    rng = np.random.default_rng(3)
    n, sums, totals = 400, [], []
    value = rng.normal(size=n) + 3
    for _ in range(300):
        lines = ["asset_id,face_count,probability,wave"]
        for wave, size in ((1, 60), (2, 120)):
            probability = np.linspace(0.5, 1.5, n) * size / n
            drawn = np.flatnonzero(rng.random(n) < probability)
            lines += [f"a{at:03d},{value[at]},{probability[at]},{wave}" for at in drawn]
        frame = read_labels(written(tmp_path, "\n".join(lines) + "\n")) if not sums else _frame(lines)
        carries = carried_by(frame, np.ones(len(frame), dtype=bool), n)
        sums.append(carries.sum())
        totals.append(sum(carries[f"a{at:03d}"] * value[at] for at in range(n) if f"a{at:03d}" in carries.index))
    assert np.mean(sums) == pytest.approx(n, rel=0.02)
    assert np.mean(totals) == pytest.approx(value.sum(), rel=0.02)


def _frame(lines: list[str]):  # type: ignore[no-untyped-def]
    import io

    import pandas as pd

    return pd.read_csv(io.StringIO("\n".join(lines))).astype({"wave": float})


def test_artworks_drawn_and_not_labelled_leave_the_rest_to_stand_for_them(tmp_path: Path) -> None:
    frame = read_labels(written(tmp_path, "asset_id,face_count,probability\na1,1,0.5\na2,,0.5\na3,0,0.5\na4,,0.5\n"))
    carries = carried_by(frame, frame["face_count"].notna().to_numpy(), 8)
    assert dict(carries) == {"a1": 4.0, "a3": 4.0}


def test_labels_without_probability_count_as_drawn_evenly(tmp_path: Path) -> None:
    frame = read_labels(written(tmp_path, "asset_id,face_count\na1,1\na2,0\n"))
    assert dict(carried_by(frame, np.array([True, True]), 50)) == {"a1": 25.0, "a2": 25.0}
