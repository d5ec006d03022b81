"""Audience cells and propensities of the log: read, refused, and summed inside the engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.catalog.served import read_served_rates
from artwork_insights.errors import TableError

Read = Callable[..., Catalog]
HEADER = "asset_id,country,segment,impressions,takes,propensity\n"


def test_a_log_without_audiences_tells_nothing_of_them(read: Read) -> None:
    assert read().served is None
    dated = "asset_id,country,date,impressions,takes\n1,US,2026-01-01,100,10\n1,US,2026-01-02,100,10\n"
    assert read(impressions=dated).served is None
    alike = "asset_id,country,surface,impressions,takes\n1,US,home,100,10\n2,US,home,100,10\n"
    assert read(impressions=alike).served is None
    assert read(impressions=alike.replace("2,US,home", "2,US,")).served is not None


def test_propensities_that_do_not_fit_the_log_show(read: Read) -> None:
    served = read(impressions=HEADER + "1,US,x,100,10,1\n2,US,x,100,10,1\n").served  # both always shown
    assert served is not None
    assert served.frame["covered_share"].tolist() == [0.5, 0.5]


def test_rates_are_standardised_over_the_cells_of_the_title(read: Read) -> None:
    served = read(
        impressions="asset_id,country,segment,date,impressions,takes\n"
        "1,US,fans,2026-01-01,60,20\n1,US,fans,2026-01-02,40,20\n1,US,others,2026-01-01,100,10\n"
        "2,US,others,2026-01-01,200,30\n3,US,fans,2026-01-01,10,0\n"
    ).served
    assert served is not None
    assert (served.method, served.audiences) == ("standardised", ("segment",))
    frame = served.frame.set_index("asset_id")
    assert frame.loc["1", "rate"] == pytest.approx(0.25 * 0.4 + 0.75 * 0.1)  # fans are 100 of the title's 400
    assert frame.loc["2", "rate"] == pytest.approx(0.15)
    assert frame["covered_share"].tolist() == pytest.approx([1, 0.75, 1])
    assert frame.loc["1", "effective_impressions"] == pytest.approx(1 / (0.25**2 / 100 + 0.75**2 / 100))


def test_propensities_are_used_where_they_are_logged(read: Read) -> None:
    served = read(impressions=HEADER + "1,US,x,100,10,0.25\n1,US,y,100,20,1\n2,US,x,300,30,0.75\n3,US,x,9,1,1\n").served
    assert served is not None
    assert served.method == "doubly_robust"
    rate = served.frame.set_index("asset_id")["rate"]
    assert rate["1"] == pytest.approx(0.8 * 0.1 + 0.2 * 0.2, abs=0.01)
    assert served.frame["clipped_share"].tolist() == [0, 0, 0]


def test_impressions_that_differ_in_propensity_may_have_rows_of_their_own(read: Read) -> None:
    log = HEADER + "1,US,x,100,10,0.25\n1,US,x,100,20,0.5\n"
    catalog = read(impressions=log)
    assert catalog.impressions is not None
    assert catalog.impressions["impressions"].tolist() == [200]
    with pytest.raises(TableError, match="repeats 1 key"):
        read(impressions=log.replace("0.25", "0.5"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0", "'propensity' is no probability above 0 in 1 row, first asset_id '2', country 'US', propensity '0'"),
        ("1.2", "'propensity' is no probability above 0 in 1 row"),
        ("-0.1", "'propensity' is no probability above 0 in 1 row"),
        ("often", "'propensity' is no probability above 0 in 1 row"),
        ("nan", "'propensity' is no probability above 0 in 1 row"),
        ("", "'propensity' is missing in 1 row"),
    ],
)
def test_a_propensity_that_is_none_is_refused_in_one_sentence(read: Read, value: str, words: str) -> None:
    with pytest.raises(TableError, match=words) as caught:
        read(impressions=HEADER + f"1,US,x,100,10,1\n2,US,x,100,10,{value}\n")
    assert "leave the column out" in str(caught.value)


def test_a_dated_run_reads_no_later_audience(read: Read) -> None:
    log = (
        "asset_id,country,segment,date,impressions,takes\n"
        "1,US,x,2026-01-01,100,10\n2,US,y,2026-01-01,100,10\n1,US,x,2026-03-01,900,900\n"
    )
    served = read(impressions=log, as_of=date(2026, 2, 1)).served
    assert served is not None
    assert served.frame["rate"].tolist() == pytest.approx([0.1, 0.1])


def test_cells_without_a_name_and_of_any_name_are_cells(read: Read) -> None:
    log = "asset_id,country,x,audience_0,impressions,takes\n1,US,,a,100,10\n1,US,tv,a,300,90\n2,US,,b,200,10\n"
    served = read(impressions=log).served
    assert served is not None
    assert served.audiences == ("x", "audience_0")
    frame = served.frame.set_index("asset_id")
    assert frame.loc["1", "covered_share"] == pytest.approx(4 / 6)
    assert frame.loc["1", "rate"] == pytest.approx(0.25 * 0.1 + 0.75 * 0.3)


def test_the_same_log_gives_the_same_bytes_whatever_its_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cells = pd.MultiIndex.from_product([range(300), ["US", "BR"], list("abcdef"), ["tv", "phone"]])
    log = cells.to_frame(index=False, name=["asset_id", "country", "segment", "device"])
    log["impressions"] = rng.integers(1, 10**5, len(log))
    log["takes"] = rng.binomial(log["impressions"], 0.1)
    log["propensity"] = rng.uniform(0.05, 1, len(log))
    assets = pd.DataFrame({"asset_id": [str(i) for i in range(300)], "title_id": [f"t{i // 5}" for i in range(300)]})
    frames = []
    for number, rows in enumerate((log, log, log.sample(frac=1, random_state=1))):
        path = tmp_path / f"{number}.parquet"
        rows.to_parquet(path)
        served = read_served_rates(path, assets)
        assert served is not None
        frames.append(served.frame)
    pd.testing.assert_frame_equal(frames[0], frames[1], check_exact=True)
    pd.testing.assert_frame_equal(frames[0], frames[2], rtol=1e-12)
    title = log.assign(title=log["asset_id"] // 5)
    share = title.groupby(["title", "country", "segment", "device"])["impressions"].sum()
    share = share / share.groupby(["title", "country"]).transform("sum")
    log.drop(columns="propensity").to_parquet(tmp_path / "plain.parquet")
    plain = read_served_rates(tmp_path / "plain.parquet", assets)
    assert plain is not None
    title["part"] = (
        title.set_index(["title", "country", "segment", "device"]).index.map(share) * title["takes"]
    ) / title["impressions"]
    expected = title.assign(asset_id=title["asset_id"].astype(str)).groupby(["asset_id", "country"])["part"].sum()
    found = plain.frame.set_index(["asset_id", "country"])["rate"]
    np.testing.assert_allclose(found, expected.reindex(found.index), rtol=1e-10)
