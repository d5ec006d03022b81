"""Take rates against brute force, statsmodels and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.outcomes.take_rate import COLUMNS, take_rate_table

SAME = 1e-10  # two ways to add the same floats


def catalog_of(cells: pd.DataFrame, popularity: pd.DataFrame | None = None) -> Catalog:
    assets = cells[["asset_id", "title_id"]].drop_duplicates().assign(location="x.jpg")
    titles = cells[["title_id"]].drop_duplicates()
    return Catalog(assets, titles, cells[["asset_id", "country", "impressions", "takes"]], popularity, ())


def drawn_cells(seed: int = 0, n_titles: int = 40) -> pd.DataFrame:
    """Unequal numbers of assets (some titles have one), impressions over four orders of magnitude, gaps."""
    rng = np.random.default_rng(seed)
    rows = []
    for title in range(n_titles):
        for asset in range(1 + title % 5):
            for country in ("BR", "NA", "US")[: rng.integers(1, 4)]:
                n = int(10 ** rng.uniform(0, 4))
                rows.append((f"{title}-{asset}", f"t{title}", country, n, rng.binomial(n, rng.beta(3, 20))))
    return pd.DataFrame(rows, columns=["asset_id", "title_id", "country", "impressions", "takes"])


def brute_force(cells: pd.DataFrame) -> pd.DataFrame:
    """Popularity, adjusted and shrunken rates by loops, from the formulas of Kleinman (1973)."""
    cells = cells.sort_values(["asset_id", "country"]).reset_index(drop=True)
    for country in cells["country"].unique():
        inside = cells["country"] == country
        n, rate = cells.loc[inside, "impressions"].to_numpy(float), None
        rate = cells.loc[inside, "takes"].to_numpy() / n
        weight = n
        for _ in range(2):
            total = weight.sum()
            mean = sum(w * r for w, r in zip(weight, rate, strict=True)) / total
            spread = sum(w * (r - mean) ** 2 for w, r in zip(weight, rate, strict=True))
            sampled = sum(w / k * (1 - w / total) for w, k in zip(weight, n, strict=True))
            weighed = sum(w * (1 - w / total) for w in weight)
            rho = (spread - mean * (1 - mean) * sampled) / (mean * (1 - mean) * (weighed - sampled))
            rho = min(max(rho, 1e-6), 0.999)
            weight = n / (1 + rho * (n - 1))
        prior = 1 / rho - 1
        cells.loc[inside, ["weight", "rate", "mean"]] = np.column_stack([weight, rate, np.full(len(n), mean)])
        cells.loc[inside, "shrunken_take_rate"] = (rate * n + prior * mean) / (n + prior)
    for i, row in cells.iterrows():
        same = (cells["title_id"] == row["title_id"]) & (cells["country"] == row["country"])
        others = cells[same & (cells["asset_id"] != row["asset_id"])]
        popularity = np.average(others["rate"], weights=others["weight"]) if len(others) else row["mean"]
        cells.loc[i, "popularity"] = popularity
        cells.loc[i, "adjusted_take_rate"] = row["rate"] - popularity + row["mean"]
    return cells


def test_columns_and_order_are_as_promised() -> None:
    rates = take_rate_table(catalog_of(drawn_cells().sample(frac=1, random_state=1)))
    assert tuple(rates.columns) == COLUMNS
    assert rates.equals(rates.sort_values(["asset_id", "country"]).reset_index(drop=True))
    assert rates["impressions"].dtype == rates["takes"].dtype == np.int64


def test_rates_agree_with_a_brute_force_computation() -> None:
    cells = drawn_cells()
    rates, expected = take_rate_table(catalog_of(cells)), brute_force(cells)
    for column in ("popularity", "adjusted_take_rate", "shrunken_take_rate"):
        np.testing.assert_allclose(rates[column], expected[column], rtol=0, atol=SAME)


def test_intervals_agree_with_statsmodels() -> None:
    rates = take_rate_table(catalog_of(drawn_cells()))
    low, high = proportion_confint(rates["takes"], rates["impressions"], alpha=0.05, method="wilson")
    np.testing.assert_allclose(rates["take_rate_low"], low, rtol=0, atol=SAME)
    np.testing.assert_allclose(rates["take_rate_high"], high, rtol=0, atol=SAME)


def test_the_same_input_gives_the_same_bytes_and_row_order_does_not_matter() -> None:
    cells = drawn_cells(n_titles=300)
    first, again = take_rate_table(catalog_of(cells)), take_rate_table(catalog_of(cells))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    shuffled = take_rate_table(catalog_of(cells.sample(frac=1, random_state=2)))
    pd.testing.assert_frame_equal(first, shuffled, rtol=0, atol=SAME)


def test_an_asset_does_not_enter_its_own_popularity() -> None:
    cells = pd.DataFrame(
        {"asset_id": list("abc"), "title_id": "t", "country": "US", "impressions": 1000, "takes": [100, 200, 300]}
    )
    popularity = take_rate_table(catalog_of(cells))["popularity"]
    assert popularity.tolist() == pytest.approx([0.25, 0.2, 0.15])


def test_a_title_with_one_asset_keeps_its_rate() -> None:
    cells = drawn_cells()
    rates = take_rate_table(catalog_of(cells))
    alone = rates.groupby(["title_id", "country"])["asset_id"].transform("size") == 1
    assert alone.sum() > 10
    np.testing.assert_allclose(rates.loc[alone, "adjusted_take_rate"], rates.loc[alone, "take_rate"], atol=SAME)


def test_popularity_from_outside_is_used_where_it_is_given() -> None:
    cells = drawn_cells()
    without = take_rate_table(catalog_of(cells))
    given_rows = pd.DataFrame({"title_id": ["t3", "t4"], "country": ["BR", "BR"], "popularity": [0.5, 0.0]})
    rates = take_rate_table(catalog_of(cells, given_rows))
    for title, value in (("t3", 0.5), ("t4", 0.0)):
        here = (rates["title_id"] == title) & (rates["country"] == "BR")
        assert here.any()
        assert (rates.loc[here, "popularity"] == value).all()
        shift = (
            rates["adjusted_take_rate"] + rates["popularity"] - without["adjusted_take_rate"] - without["popularity"]
        )[here]
        np.testing.assert_allclose(shift, 0, atol=SAME)
    elsewhere = ~(rates["title_id"].isin(["t3", "t4"]) & (rates["country"] == "BR"))
    pd.testing.assert_frame_equal(rates[elsewhere], without[elsewhere])


def test_a_sibling_of_few_impressions_hardly_moves_popularity_and_a_favoured_one_does_not_own_it() -> None:
    rng = np.random.default_rng(5)
    background = pd.DataFrame({"asset_id": [f"z{i}" for i in range(400)], "impressions": 5000})
    background = background.assign(title_id=[f"z{i // 4}" for i in range(400)], country="US")
    background["takes"] = rng.binomial(5000, rng.beta(8, 72, 400))
    title = pd.DataFrame(
        {"asset_id": list("abcd"), "title_id": "t", "country": "US",
         "impressions": [1, 2_000_000, 10_000, 10_000], "takes": [1, 200_000, 2_000, 2_000]}
    )  # fmt: skip
    rates = take_rate_table(catalog_of(pd.concat([title, background]))).set_index("asset_id")
    seen_by_d = rates.loc["d", "popularity"]  # of a (rate 1 on one impression), b (0.1 on 2 million), c (0.2)
    assert 0.145 < seen_by_d < 0.165
    by_impressions = (1 + 200_000 + 2_000) / (1 + 2_000_000 + 10_000)
    assert abs(by_impressions - 0.1) < 0.001  # the control: the favoured artwork alone would be the yardstick


def test_shrunken_rates_are_nearer_the_truth_and_recover_the_planted_spread() -> None:
    rng = np.random.default_rng(8)
    k, alpha, beta = 3000, 4.0, 36.0
    n = (10 ** rng.uniform(0.5, 4, k)).astype(int)
    truth = rng.beta(alpha, beta, k)
    cells = pd.DataFrame({"asset_id": [f"{i:05d}" for i in range(k)], "country": "US", "impressions": n})
    cells = cells.assign(title_id=cells["asset_id"], takes=rng.binomial(n, truth))
    rates = take_rate_table(catalog_of(cells))
    oracle = (rates["takes"] + alpha) / (rates["impressions"] + alpha + beta)
    raw_error = np.mean((rates["take_rate"] - truth) ** 2)
    shrunken_error = np.mean((rates["shrunken_take_rate"] - truth) ** 2)
    assert shrunken_error < 0.4 * raw_error
    assert shrunken_error < 1.02 * np.mean((oracle - truth) ** 2)  # within 2 % of who knows alpha and beta


counts = st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@settings(max_examples=12, deadline=None)
@given(st.lists(counts, min_size=1, max_size=40))
def test_every_rate_and_interval_lies_inside_zero_and_one(drawn: list[tuple[int, int]]) -> None:
    n, takes = (np.array(column) for column in zip(*drawn, strict=True))
    ids = [f"{i:02d}" for i in range(len(n))]
    titles = [f"t{i // 3}" for i in range(len(n))]
    cells = pd.DataFrame({"asset_id": ids, "title_id": titles, "country": "US", "impressions": n, "takes": takes})
    rates = take_rate_table(catalog_of(cells))
    for column in ("take_rate", "take_rate_low", "take_rate_high", "popularity", "shrunken_take_rate"):
        assert rates[column].between(0, 1).all(), column
    assert (rates["take_rate_low"] <= rates["take_rate"]).all()
    assert (rates["take_rate"] <= rates["take_rate_high"]).all()
    assert (rates["take_rate_low"] < rates["take_rate_high"]).all()
    assert np.isfinite(rates["adjusted_take_rate"]).all()


@settings(max_examples=8, deadline=None)
@given(st.lists(counts, min_size=1, max_size=20), st.integers(2, 100))
def test_intervals_shrink_with_impressions(drawn: list[tuple[int, int]], factor: int) -> None:
    n, takes = (np.array(column) for column in zip(*drawn, strict=True))
    ids = [f"{i:02d}" for i in range(len(n))]
    cells = pd.DataFrame({"asset_id": ids, "title_id": ids, "country": "US", "impressions": n, "takes": takes})
    more = cells.assign(impressions=n * factor, takes=takes * factor, country="BR")
    rates = take_rate_table(catalog_of(pd.concat([cells, more])))
    width = (rates["take_rate_high"] - rates["take_rate_low"]).to_numpy()
    is_more = (rates["country"] == "BR").to_numpy()
    assert (width[is_more] < width[~is_more]).all()


def test_a_catalogue_without_a_log_has_no_take_rate() -> None:
    catalog = catalog_of(drawn_cells())
    without_log = Catalog(catalog.assets, catalog.titles, None, None, ())
    with pytest.raises(NotIdentifiedError, match="has no impression log"):
        take_rate_table(without_log)


def test_a_leave_one_out_outcome_distorts_effects_where_a_title_has_two_artworks() -> None:
    """The trap of the statistics page: truth 0.30, two artworks per title that resemble each other."""
    rng = np.random.default_rng(12)
    n_titles, truth, tolerance = 3000, 0.30, 0.02
    mostly = rng.random(n_titles) < 0.5
    treated = rng.random((n_titles, 2)) < np.where(mostly, 0.8, 0.2)[:, None]
    quality = 0.15 + 0.15 * mostly + rng.normal(0, 0.03, n_titles)  # confounds: titles with many faces do better
    n = 20_000
    takes = rng.binomial(n, np.clip(quality[:, None] + truth * treated, 0, 1))
    titles = np.repeat([f"{i:04d}" for i in range(n_titles)], 2)
    ids = [f"{title}-{place}" for title, place in zip(titles, np.tile([0, 1], n_titles), strict=True)]
    cells = pd.DataFrame({"asset_id": ids, "title_id": titles, "country": "US", "impressions": n})
    rates = take_rate_table(catalog_of(cells.assign(takes=takes.ravel())))
    own = treated.ravel().astype(float)
    sibling = treated[:, ::-1].ravel().astype(float)
    title_mean = (own + sibling) / 2
    adjusted, raw = rates["adjusted_take_rate"].to_numpy(), rates["take_rate"].to_numpy()

    def slope(outcome: np.ndarray, *regressors: np.ndarray) -> float:
        design = np.column_stack([*regressors, np.ones(len(own))])
        return float(np.linalg.lstsq(design, outcome, rcond=None)[0][0])

    likeness = np.corrcoef(own, sibling)[0, 1]
    assert slope(adjusted, own) == pytest.approx(truth * (1 - likeness), abs=tolerance)  # shrinks: about 0.19
    assert slope(adjusted, own, title_mean) == pytest.approx(2 * truth, abs=tolerance)  # doubles: 0.60
    assert slope(adjusted, own, sibling) == pytest.approx(truth, abs=tolerance)
    assert slope(raw, own, title_mean) == pytest.approx(truth, abs=tolerance)
    assert slope(raw, own) > truth + 0.05  # and without title terms the raw rate is confounded
