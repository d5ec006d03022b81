"""Files as they come: what is read, and the sentence for what is not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from artwork_insights.catalog.tables import collect, open_engine, open_table, require_columns
from artwork_insights.errors import TableError


def read(path: Path, required: tuple[str, ...] = ("a", "b")) -> pd.DataFrame:
    with open_engine() as engine:
        table = open_table(engine, path, required)
        return collect(table, table.rows)


def written(folder: Path, content: bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_missing_column_is_named_as_the_style_page_shows() -> None:
    with pytest.raises(TableError) as caught:
        require_columns("takes.parquet", ["assetid", "takes", "shown"], ["asset_id", "impressions", "takes"])
    assert str(caught.value) == (
        "takes.parquet lacks 'asset_id' (did you mean 'assetid'?), 'impressions'. Found: assetid, takes, shown."
    )


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [["1", "2"]]),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", [["1", "2"]]),
        (b"a,b\n\n1,2\n\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
        (b"\n\na,b\n1,2\n", [["1", "2"]]),
        (b'a,b\n"x, ""y""",2\n', [['x, "y"', "2"]]),
        (b'a,b\n"x\ny",2\n', [["x\ny", "2"]]),
        ("a,b\n東京,Amélie\n".encode(), [["東京", "Amélie"]]),
        (b"a;b\n1;2,5\n", [["1", "2,5"]]),
        (b"a\tb\n1\t2\n", [["1", "2"]]),
        (b"a , b\n007,NA\n", [["007", "NA"]]),
        (b"a,b\r1,2\r", [["1", "2"]]),
        (b",a,b\n0,1,2\n", [["1", "2"]]),
    ],
    ids=["plain", "byte order mark", "blank lines", "blank lines above", "quoted commas", "line break in quotes",
         "unicode", "semicolons", "tabs", "spaces and zeros", "old Mac", "row numbers"],
)  # fmt: skip
def test_csv_is_read_as_text_exactly_as_written(tmp_path: Path, content: bytes, rows: list[list[str]]) -> None:
    assert read(written(tmp_path, content)).to_numpy().tolist() == rows


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "table.csv is empty"),
        (b"\n\n", "table.csv is empty"),
        (b"a,b\n", "has a header and no rows"),
        (b"a,b\n1,2\n3\n", "line 3: found 1 values where the header names 2 columns"),
        (b"a,b\n1,2,3\n", "line 2: found 3 values where the header names 2 columns"),
        (b"a,b\n\xe9,2\n", "not UTF-8"),
        (b"\xff\xfea\x00,\x00b\x00", "not UTF-8"),
        (b'a,b\n"1,2\n', "quotation mark is not closed"),
        (b"a,a,b\n1,2,3\n", "two columns named 'a'"),
        (b"a,b,A\n1,2,3\n", "two columns named 'A'"),
        (b"a,c\n1,2\n", "lacks 'b'"),
        (b"A,b\n1,2\n", "lacks 'a' (did you mean 'A'?)"),
    ],
)  # fmt: skip
def test_a_csv_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(TableError) as caught:
        read(written(tmp_path, content))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused_with_its_nearest_neighbour(tmp_path: Path) -> None:
    written(tmp_path, b"a,b\n1,2\n", "asset.csv")
    with pytest.raises(TableError, match=r"assets\.csv does not exist \(did you mean 'asset\.csv'\?\)"):
        read(tmp_path / "assets.csv")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"book\.xlsx: expected a \.csv or \.parquet file"):
        read(written(tmp_path, b"PK", "book.xlsx"))


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"table\.parquet cannot be read"):
        read(written(tmp_path, b"not a parquet file at all", "table.parquet"))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(1000), "b": range(1000)})
    frame.to_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    with pytest.raises(TableError, match=r"table\.parquet cannot be read"):
        read(written(tmp_path, content[: len(content) // 2], "table.parquet"))


def test_a_column_of_lists_where_text_is_needed_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"a": [[1], [2]], "b": [1, 2]}).to_parquet(tmp_path / "table.parquet")
    with pytest.raises(TableError, match=r"'a' holds .* values; expected text or numbers"):
        read(tmp_path / "table.parquet")


def test_a_folder_of_parquet_shards_is_one_table(tmp_path: Path) -> None:
    shards = tmp_path / "log"
    (shards / "a=NA").mkdir(parents=True)
    (shards / "a=US").mkdir()
    pd.DataFrame({"b": ["1"]}).to_parquet(shards / "a=NA" / "part-0.parquet")
    pd.DataFrame({"b": ["2", "3"]}).to_parquet(shards / "a=US" / "part-0.parquet")
    (shards / "_SUCCESS").write_bytes(b"")
    (shards / "._hidden.parquet").write_bytes(b"rubbish")
    frame = read(shards).sort_values("b")
    assert frame[["a", "b"]].to_numpy().tolist() == [["NA", "1"], ["US", "2"], ["US", "3"]]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    with pytest.raises(TableError, match=r"log is a folder without a \.parquet file"):
        read(tmp_path / "log")


def test_a_file_name_is_not_a_pattern(tmp_path: Path) -> None:
    written(tmp_path, b"a,b\nwrong,0\n", "log1.csv")
    path = written(tmp_path, b"a,b\nright,1\n", "log[1]*.csv")
    assert read(path)["a"].tolist() == ["right"]
