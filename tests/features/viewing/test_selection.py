from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artwork_insights.errors import OutputError
from artwork_insights.features.viewing.selection import Pick, Selection, select_pictures
from tests.features.viewing.extraction import write_extraction

LARGEST_MEGABYTES = 60  # of either heap, where the embeddings alone take 200 MB


def _select(
    folder: Path,
    *,
    sort_by: str | None = None,
    ascending: bool = False,
    where: str | None = None,
    limit: int = 100,
    pick: Pick = "first",
) -> Selection:
    return select_pictures(folder, sort_by=sort_by, ascending=ascending, where=where, limit=limit, pick=pick)


def _ids(selection: Selection) -> list[str]:
    return [row["asset_id"] for row in selection.rows]


@pytest.fixture
def five(tmp_path: Path) -> Path:
    clutter = [0.3, None, 0.1, 0.5, 0.1]
    rows = [
        {"asset_id": name, "location": f"{name}.jpg", "clutter": value, "face_count": i, "image_format": "PNG"}
        for i, (name, value) in enumerate(zip("abcde", clutter, strict=True))
    ]
    return write_extraction(tmp_path / "five", rows, shard_size=2)


def test_the_order_is_that_of_the_feature_with_missing_values_last_and_ties_as_they_came(five: Path) -> None:
    assert _ids(_select(five)) == list("abcde")
    assert _ids(_select(five, sort_by="clutter")) == list("daceb")
    assert _ids(_select(five, sort_by="clutter", ascending=True)) == list("ceadb")
    assert _ids(_select(five, sort_by="clutter", limit=2)) == list("da")


def test_a_condition_leaves_out_what_does_not_meet_it_and_what_is_undecided(five: Path) -> None:
    chosen = _select(five, where="clutter < 0.4 and face_count >= 1", sort_by="face_count")
    assert (_ids(chosen), chosen.n_matching, chosen.n_measured) == (list("ec"), 2, 5)
    assert _ids(_select(five, where="not clutter < 0.4")) == ["d"]


def test_an_even_spread_takes_the_quantiles_by_rank(tmp_path: Path) -> None:
    values = np.random.default_rng(3).permutation(101) ** 3
    rows = [{"asset_id": f"{v}", "location": "x", "colourfulness": float(v)} for v in values]
    folder = write_extraction(tmp_path / "many", rows, shard_size=9)
    chosen = _select(folder, sort_by="colourfulness", limit=5, pick="spread", ascending=True)
    expected = np.quantile(values, [0, 0.25, 0.5, 0.75, 1], method="nearest")
    assert [float(i) for i in _ids(chosen)] == expected.tolist()
    assert chosen.ranks.tolist() == [1, 26, 51, 76, 101]
    assert np.sort(chosen.values).tolist() == np.sort(values).tolist()
    first = _select(folder, sort_by="colourfulness", limit=5, ascending=True)
    assert [float(i) for i in _ids(first)] == np.sort(values)[:5].tolist()  # control: the first ones are others


def test_near_duplicates_stand_side_by_side_and_the_others_are_left_out(tmp_path: Path) -> None:
    hashes = [None if group is None else group * 32 for group in ("3", "c", "5", "c", "9", "3", "c", None)]
    rows = [{"asset_id": str(i), "location": "x", "picture_hash": h} for i, h in enumerate(hashes)]
    folder = write_extraction(tmp_path / "twins", rows, shard_size=3)
    assert _ids(_select(folder, sort_by="duplicate_group")) == ["1", "3", "6", "0", "5"]
    assert _ids(_select(folder, sort_by="duplicate_group", ascending=True)) == ["0", "5", "1", "3", "6"]
    with pytest.raises(OutputError, match="groups are shown whole"):
        _select(folder, sort_by="duplicate_group", pick="spread")
    alone = write_extraction(tmp_path / "alone", rows[:1])
    with pytest.raises(OutputError, match="no picture has a near-identical one among 1"):
        _select(alone, sort_by="duplicate_group")
    plain = write_extraction(tmp_path / "plain", [{"asset_id": "a", "location": "x"}])
    with pytest.raises(OutputError, match="has no duplicates features; add them"):
        _select(plain, sort_by="duplicate_group")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"sort_by": "cluter"}, r"sort by 'cluter': there is no such feature \(did you mean 'clutter'\?\)"),
        ({"sort_by": "lightness_mean"}, r"has no colour features; add them with .* --features colour\."),
        ({"where": "face_cuont > 3"}, r"no such feature \(did you mean 'face_count'\?\)"),
        ({"where": "face_count >"}, r"cannot read 'the end'"),
        ({"where": "image_format == 3"}, r"'image_format' is text; a condition compares numbers"),
        ({"where": "face_count > 9"}, r"no picture meets 'face_count > 9' among 5; there is nothing to draw"),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_a_sentence(five: Path, asked: dict[str, str], sentence: str) -> None:
    with pytest.raises(OutputError, match=sentence) as caught:
        _select(five, **asked)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_lists_damaged_shards_and_empty_folders_are_refused(tmp_path: Path) -> None:
    folder = write_extraction(tmp_path / "x", [{"asset_id": "a", "location": "x", "palette_hex": ["#000000"]}])
    with pytest.raises(OutputError, match="it is a list"):
        _select(folder, sort_by="palette_hex")
    (folder / "features" / "00000.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(OutputError, match="cannot be read"):
        _select(folder)
    with pytest.raises(OutputError, match=r"has no features/\*\.parquet"):
        _select(tmp_path)
    with pytest.raises(OutputError, match="no image could be measured"):
        _select(_empty(tmp_path / "none"))


def _empty(folder: Path) -> Path:
    (folder / "features").mkdir(parents=True)
    schema = pa.schema([("asset_id", pa.string()), ("location", pa.string()), ("clutter", pa.float64())])
    pq.write_table(schema.empty_table(), folder / "features" / "00000.parquet")
    return folder


CHOOSE = """
chosen = select_pictures(
    folder, sort_by="clutter", ascending=False, where=None, limit=100, pick="spread"
)
"""
READ_ALL = "chosen = pq.read_table(folder / 'features')"
MEASURED = """
import sys, tracemalloc
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from artwork_insights.features.viewing.selection import select_pictures
folder = Path(sys.argv[1])
tracemalloc.start()
{work}
print(tracemalloc.get_traced_memory()[1], pa.default_memory_pool().max_memory())
"""


def _peaks(folder: Path, work: str) -> tuple[int, int]:
    """Bytes of Python's heap and of Arrow's at most, in a process of its own: Arrow's peak is never forgotten."""
    command = [sys.executable, "-c", MEASURED.format(work=work), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    python, arrow = done.stdout.split()
    return int(python), int(arrow)


def test_memory_does_not_grow_with_a_large_extraction(tmp_path: Path) -> None:
    """100,000 rows with an embedding of 512 numbers, 200 MB in all."""
    (tmp_path / "features").mkdir()
    n, dimension = 10_000, 512
    clutter = np.random.default_rng(5).random(10 * n)
    wide = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(n * dimension, np.float32)), dimension)
    for shard in range(10):
        part = slice(shard * n, (shard + 1) * n)
        ids = pa.array([f"{i}" for i in range(part.start, part.stop)])
        table = pa.table({"asset_id": ids, "location": ids, "clutter": clutter[part], "embedding": wide})
        pq.write_table(table, tmp_path / "features" / f"{shard:05d}.parquet")
    python, arrow = _peaks(tmp_path, CHOOSE)
    assert 0 < python < LARGEST_MEGABYTES * 1e6
    assert 0 < arrow < LARGEST_MEGABYTES * 1e6
    assert _peaks(tmp_path, READ_ALL)[1] > LARGEST_MEGABYTES * 1e6  # control
    chosen = _select(tmp_path, sort_by="clutter", limit=100, pick="spread")
    assert [row["clutter"] for row in chosen.rows][::99] == [clutter.max(), clutter.min()]
    assert "embedding" not in chosen.rows[0]
