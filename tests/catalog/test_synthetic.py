"""The synthetic catalogue is what its equations say, and is hard in the ways it claims."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.synthetic import (
    SyntheticCatalogue,
    make_catalogue,
    planted_features,
    write_catalogue,
)

STRUCTURES = ("additive", "logit")
CASES = [(structure, seed) for structure in STRUCTURES for seed in (7, 8)]


@lru_cache(maxsize=8)
def catalogue_of(structure: str, seed: int) -> SyntheticCatalogue:
    return make_catalogue(structure, seed)


def frames(catalogue: SyntheticCatalogue) -> dict[str, pd.DataFrame]:
    names = ("titles", "assets", "impressions", "artwork", "unobserved_titles", "unobserved_cells")
    return {name: getattr(catalogue, name) for name in names}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_same_seed_gives_the_same_tables_and_another_seed_does_not(structure):
    first, second, other = (make_catalogue(structure, seed, 20) for seed in (3, 3, 4))
    for name, frame in frames(first).items():
        pd.testing.assert_frame_equal(frame, frames(second)[name])
    assert not first.impressions.equals(other.impressions)


def test_no_titles_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        make_catalogue(n_titles=0)


@pytest.mark.parametrize(("structure", "seed"), CASES)
def test_keys_are_unique_strings_and_counts_are_possible(structure, seed):
    catalogue = catalogue_of(structure, seed)
    assert catalogue.titles["title_id"].is_unique
    assert catalogue.titles["name"].is_unique
    assert catalogue.assets["asset_id"].is_unique
    assert set(catalogue.assets["title_id"]) == set(catalogue.titles["title_id"])
    assert not catalogue.impressions.duplicated(["asset_id", "country"]).any()
    assert (catalogue.impressions["takes"] <= catalogue.impressions["impressions"]).all()
    assert (catalogue.impressions["takes"] >= 0).all()
    assert catalogue.unobserved_cells["expected_rate"].between(0.01, 0.5).all()


@pytest.mark.parametrize(("structure", "seed"), CASES)
def test_the_catalogue_has_the_shape_that_the_demo_needs(structure, seed):
    catalogue = catalogue_of(structure, seed)
    per_title = catalogue.assets["title_id"].value_counts()
    assert len(catalogue.titles) == 300
    assert (per_title.min(), per_title.max()) == (4, 10)
    assert per_title.value_counts(normalize=True).max() < 0.3
    assert 1900 < len(catalogue.assets) < 2300
    assert catalogue.titles["genre"].nunique() == 6
    assert catalogue.impressions["country"].nunique() == 5
    impressions = catalogue.impressions["impressions"]
    assert impressions.min() >= 100
    assert impressions.max() <= 100_000
    assert impressions.quantile(0.99) / impressions.quantile(0.01) > 800
    # log-uniform: each of the three orders of magnitude holds about a third
    shares = np.histogram(np.log10(impressions), bins=[2, 3, 4, 5])[0] / len(impressions)
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)


@pytest.mark.parametrize(("structure", "seed"), CASES)
def test_faces_vary_within_most_titles(structure, seed):
    catalogue = catalogue_of(structure, seed)
    features = planted_features(catalogue).merge(catalogue.assets, on="asset_id")
    features["crowd"] = features["face_count"] > 3
    shares = features.groupby("title_id")[["face_present", "crowd"]].mean()
    varies = ((shares > 0) & (shares < 1)).mean()
    assert 0.42 < features["face_present"].mean() < 0.62
    assert 0.15 < features["crowd"].mean() < 0.25
    assert varies["face_present"] > 0.8
    assert varies["crowd"] > 0.5
    assert set(features["face_count"]) == set(range(7))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_planted_features_hang_together(structure):
    catalogue = catalogue_of(structure, 7)
    features = planted_features(catalogue)
    none = features["face_count"] == 0
    assert (features["face_present"] == ~none).all()
    assert features.loc[none, ["face_area_share_mean", "face_area_share_max"]].isna().all(axis=None)
    assert (features.loc[none, "face_area_share_total"] == 0).all()
    some = features[~none]
    total = some["face_area_share_mean"] * some["face_count"]
    assert some["face_area_share_total"].to_numpy() == pytest.approx(total.to_numpy(), rel=1e-12)
    assert (some["face_area_share_max"] >= some["face_area_share_mean"]).all()
    assert (some["face_area_share_total"] < 0.35).all()
    heights = np.concatenate([np.asarray(h) for h in catalogue.artwork["face_heights"]])
    assert heights.min() > 0.09
    assert heights.max() < 0.45
    shrinking = some.groupby("face_count")["face_area_share_mean"].mean()
    assert shrinking.loc[:5].is_monotonic_decreasing
    assert shrinking.loc[1] > 2 * shrinking.loc[5]
    assert features["aspect_ratio"].between(0.59, 1.81).all()
    assert (features["aspect_ratio"] == features["width_px"] / features["height_px"]).all()


def clustered_mean_difference(rate: np.ndarray, treated: np.ndarray, title: np.ndarray) -> tuple[float, float]:
    """Difference in means and its cluster-robust standard error (Liang and Zeger 1986)."""
    difference = float(rate[treated].mean() - rate[~treated].mean())
    share = treated.mean()
    residual = rate - np.where(treated, rate[treated].mean(), rate[~treated].mean())
    influence = residual * (treated - share) / (share * (1 - share)) / len(rate)
    sums = pd.Series(influence).groupby(title).sum()
    return difference, float(np.sqrt((sums**2).sum()))


@pytest.mark.parametrize(("structure", "seed"), CASES)
@pytest.mark.parametrize("treatment", ["face_present", "face_count > 3"])
def test_the_naive_contrast_is_off_by_more_than_four_standard_errors(structure, seed, treatment):
    from artwork_insights.catalog.synthetic_truth import true_effect

    catalogue = catalogue_of(structure, seed)
    data = catalogue.impressions.merge(catalogue.assets, on="asset_id")
    data = data.merge(planted_features(catalogue), on="asset_id")
    treated = (data["face_count"] > (0 if treatment == "face_present" else 3)).to_numpy()
    rate = (data["takes"] / data["impressions"]).to_numpy()
    naive, std_error = clustered_mean_difference(rate, treated, data["title_id"].to_numpy())
    assert (naive - true_effect(catalogue, treatment, data)) / std_error > 4


def test_takes_are_binomial_around_the_expected_rates():
    catalogue = catalogue_of("additive", 7)
    cells = catalogue.impressions.merge(catalogue.unobserved_cells, on=["asset_id", "country"])
    n, p = cells["impressions"], cells["expected_rate"]
    z = (cells["takes"] - n * p) / np.sqrt(n * p * (1 - p))
    # about 9,800 cells: mean 0 and variance 1 within four standard errors
    assert z.mean() == pytest.approx(0, abs=0.04)
    assert z.var() == pytest.approx(1, abs=0.06)


def test_attractive_artwork_is_shown_mildly_more_often():
    catalogue = catalogue_of("additive", 7)
    cells = catalogue.impressions.merge(catalogue.unobserved_cells, on=["asset_id", "country"])
    correlation = np.corrcoef(np.log(cells["impressions"]), cells["expected_rate"])[0, 1]
    assert 0.03 < correlation < 0.25


def test_written_tables_come_back_and_hold_no_secret(tmp_path):
    catalogue = make_catalogue(n_titles=12)
    write_catalogue(catalogue, tmp_path)
    titles = pd.read_csv(tmp_path / "titles.csv", dtype={"title_id": str})
    assert list(titles.columns) == ["title_id", "name", "genre", "launch_year", "format"]
    assert list(pd.read_csv(tmp_path / "assets.csv").columns) == ["asset_id", "title_id", "location"]
    impressions = pd.read_parquet(tmp_path / "impressions.parquet")
    assert list(impressions.columns) == ["asset_id", "country", "impressions", "takes"]
    pd.testing.assert_frame_equal(impressions, catalogue.impressions)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "assets.csv", "impressions.parquet", "titles.csv", "truth",
    ]  # fmt: skip
    truth = pd.read_parquet(tmp_path / "truth" / "artwork.parquet")
    assert [list(h) for h in truth["face_heights"]] == [list(h) for h in catalogue.artwork["face_heights"]]
    write_catalogue(catalogue, tmp_path / "bare", with_truth=False)
    assert not (tmp_path / "bare" / "truth").exists()
