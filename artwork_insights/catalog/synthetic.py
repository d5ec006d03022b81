"""A synthetic catalogue whose true effects are known: tables only, no pixels.

The structural models stand as equations in `artwork_insights.catalog.synthetic_model`; the true effects are computed in
`artwork_insights.catalog.synthetic_truth`; `artwork_insights.features.render` draws the artwork. Beyond the equations:

- titles have 4 to 10 artworks (probabilities .18 .14 .12 .12 .13 .14 .17), launch years 2000 to 2024 that lean to the
  recent, and are series with probability .4;
- aspect ratios are log-uniform on [.6, 1.8]; every frame covers about 385 by 385 pixels;
- impressions are log-uniform between 100 and 100,000, 100 * 1000^(V^exp(-.12 z)) with V uniform and z the artwork's
  standardised expected rate (the recommender shows attractive artwork somewhat more); 4 % of the cells are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from artwork_insights.catalog.synthetic_model import (
    COUNTRIES,
    FACE_WIDTH_PER_HEIGHT,
    GENRES,
    MAX_FACES,
    MODELS,
    FloatArray,
    IntArray,
    Structure,
    Surroundings,
    bell,
    central_height,
    height_factors,
    mean_area_share,
)
from artwork_insights.catalog.synthetic_names import title_names

PALETTES = ("dusk", "ember", "forest", "ice", "noir", "rose", "sand", "sea", "violet")
BACKGROUNDS = ("gradient", "photograph", "texture")
ARTWORKS_PER_TITLE = {4: 0.18, 5: 0.14, 6: 0.12, 7: 0.12, 8: 0.13, 9: 0.14, 10: 0.17}
FRAME_SIDE_PX = 385.0
MISSING_CELL_SHARE = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticCatalogue:
    """A catalogue as a user would have it, and apart from it what only the simulator knows.

    Attributes
    ----------
    structure : {"additive", "logit"}
        Structural model.
    seed : int
        Seed of every draw.
    titles : DataFrame
        title_id, name, genre, launch_year, format ("film" or "series").
    assets : DataFrame
        asset_id, title_id, location (relative to the catalogue's folder).
    impressions : DataFrame
        asset_id, country, impressions, takes.
    artwork : DataFrame
        Planted picture per asset: face_count, face_heights (lists, in square roots of the frame's area, largest first),
        face_area_share_mean (NaN without faces), width_px, height_px, aspect_ratio, background, palette,
        background_lightness (CIE L*), lettering, lettering_position, render_seed.
    unobserved_titles : DataFrame
        title_id, quality, count_taste, size_taste.
    unobserved_cells : DataFrame
        asset_id, country, noise, expected_rate of every cell, also of those that are missing from the log.
    """

    structure: Structure
    seed: int
    titles: pd.DataFrame
    assets: pd.DataFrame
    impressions: pd.DataFrame
    artwork: pd.DataFrame
    unobserved_titles: pd.DataFrame
    unobserved_cells: pd.DataFrame


def make_catalogue(structure: Structure = "additive", seed: int = 7, n_titles: int = 300) -> SyntheticCatalogue:
    """Draw a catalogue from a structural model.

    Parameters
    ----------
    structure : {"additive", "logit"}
        Which of the two models in `synthetic_model`.
    seed : int
        The same seed gives the same tables.
    n_titles : int
        At least 1; 300 titles have about 2,100 artworks and 10,000 cells.

    Returns
    -------
    SyntheticCatalogue
        All tables, ordered by id.
    """
    if n_titles < 1:
        raise ValueError(f"n_titles must be at least 1, found {n_titles}")
    for_titles, for_artwork, for_log = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3))
    titles, unobserved_titles = _draw_titles(for_titles, n_titles)
    assets, artwork = _draw_artwork(for_artwork, structure, titles, unobserved_titles)
    cells = _draw_cells(for_log, structure, assets)
    empty = pd.DataFrame()
    drawn = SyntheticCatalogue(structure, seed, titles, assets, empty, artwork, unobserved_titles, cells)
    cells["expected_rate"] = own_expected_rate(drawn)
    impressions = _draw_impressions(for_log, cells)
    return SyntheticCatalogue(structure, seed, titles, assets, impressions, artwork, unobserved_titles, cells)


def surroundings(catalogue: SyntheticCatalogue, cells: pd.DataFrame) -> tuple[Surroundings, IntArray]:
    """Look up what moves the rate of each row of `cells` (asset_id, country, noise) beside its faces.

    Returns
    -------
    Surroundings
        Arrays of shape (n,).
    array of int, shape (n,)
        Positions of the rows' assets in `catalogue.assets`.
    """
    asset = pd.Index(catalogue.assets["asset_id"]).get_indexer(pd.Index(cells["asset_id"]))
    title = pd.Index(catalogue.titles["title_id"]).get_indexer(pd.Index(catalogue.assets["title_id"]))[asset]
    titles, artwork = catalogue.titles.iloc[title], catalogue.artwork.iloc[asset]
    found = Surroundings(
        genre=pd.Index(GENRES).get_indexer(pd.Index(titles["genre"])),
        country=pd.Index(COUNTRIES).get_indexer(pd.Index(cells["country"])),
        launch_year=titles["launch_year"].to_numpy(float),
        is_series=np.asarray(titles["format"] == "series", dtype=np.float64),
        quality=catalogue.unobserved_titles["quality"].to_numpy()[title],
        aspect_ratio=artwork["aspect_ratio"].to_numpy(),
        lightness=artwork["background_lightness"].to_numpy(),
        noise=cells["noise"].to_numpy(),
    )
    return found, asset


def own_expected_rate(catalogue: SyntheticCatalogue) -> FloatArray:
    """Expected rate of every cell with the faces it has, shape (n,), ordered as `catalogue.unobserved_cells`."""
    cells, asset = surroundings(catalogue, catalogue.unobserved_cells)
    count = catalogue.artwork["face_count"].to_numpy(float)[asset]
    area = catalogue.artwork["face_area_share_mean"].fillna(0.0).to_numpy()[asset]
    return MODELS[catalogue.structure].expected_rate(cells, count, area)


def planted_features(catalogue: SyntheticCatalogue) -> pd.DataFrame:
    """Return the features that a perfect extractor would measure, named as the extractor names them.

    Returns
    -------
    DataFrame
        asset_id, face_present, face_count, face_area_share_total, _mean and _max (mean and max NaN without a face),
        aspect_ratio, lightness_mean, width_px, height_px.
    """
    artwork = catalogue.artwork
    count = artwork["face_count"]
    areas = [FACE_WIDTH_PER_HEIGHT * np.asarray(heights) ** 2 for heights in artwork["face_heights"]]
    return pd.DataFrame(
        {
            "asset_id": artwork["asset_id"],
            "face_present": count > 0,
            "face_count": count,
            "face_area_share_total": [float(area.sum()) for area in areas],
            "face_area_share_mean": artwork["face_area_share_mean"],
            "face_area_share_max": [float(area.max()) if len(area) else np.nan for area in areas],
            "aspect_ratio": artwork["aspect_ratio"],
            "lightness_mean": artwork["background_lightness"],
            "width_px": artwork["width_px"],
            "height_px": artwork["height_px"],
        }
    )


def write_catalogue(catalogue: SyntheticCatalogue, folder: Path, *, with_truth: bool = True) -> None:
    """Write assets.csv, titles.csv and impressions.parquet, and apart from them ``truth/`` with the planted values.

    Parameters
    ----------
    folder : Path
        Made where it is missing. The three tables hold nothing that a user would not have.
    with_truth : bool
        Also write truth/artwork.parquet, truth/titles.parquet and truth/cells.parquet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    catalogue.assets.to_csv(folder / "assets.csv", index=False)
    catalogue.titles.to_csv(folder / "titles.csv", index=False)
    catalogue.impressions.to_parquet(folder / "impressions.parquet", index=False)
    if with_truth:
        truth = folder / "truth"
        truth.mkdir(exist_ok=True)
        catalogue.artwork.to_parquet(truth / "artwork.parquet", index=False)
        catalogue.unobserved_titles.to_parquet(truth / "titles.parquet", index=False)
        catalogue.unobserved_cells.to_parquet(truth / "cells.parquet", index=False)


def _draw_titles(rng: np.random.Generator, n_titles: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    title_id = [f"T{number:04d}" for number in range(1, n_titles + 1)]
    genre = np.array(GENRES)[rng.choice(len(GENRES), n_titles, p=(0.18, 0.18, 0.15, 0.18, 0.15, 0.16))]
    titles = pd.DataFrame(
        {
            "title_id": title_id,
            "name": title_names(rng, n_titles),
            "genre": genre,
            "launch_year": 2000 + np.floor(25 * rng.beta(2.0, 1.3, n_titles)).astype(np.int64),
            "format": np.where(rng.random(n_titles) < 0.4, "series", "film"),
        }
    )
    quality = bell(rng, n_titles)
    unobserved = pd.DataFrame(
        {
            "title_id": title_id,
            "quality": quality,
            "count_taste": bell(rng, n_titles),
            "size_taste": 0.15 * quality + 0.35 * bell(rng, n_titles),
        }
    )
    return titles, unobserved


def _draw_artwork(
    rng: np.random.Generator, structure: Structure, titles: pd.DataFrame, unobserved: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    numbers = rng.choice(list(ARTWORKS_PER_TITLE), len(titles), p=list(ARTWORKS_PER_TITLE.values()))
    title = np.repeat(np.arange(len(titles)), numbers)
    asset_id = [f"A{number:05d}" for number in range(1, len(title) + 1)]
    of_title, hidden = titles.iloc[title].reset_index(drop=True), unobserved.iloc[title].reset_index(drop=True)
    frame = _draw_frames(rng, asset_id)
    faces = _draw_faces(rng, structure, of_title, hidden, frame["aspect_ratio"].to_numpy())
    artwork = pd.concat([frame, faces, _draw_style(rng, len(title))], axis=1)
    artwork["lettering"] = of_title["name"]
    assets = pd.DataFrame({"asset_id": asset_id, "title_id": of_title["title_id"]})
    assets["location"] = "images/" + assets["asset_id"] + ".jpg"
    return assets, artwork


def _draw_frames(rng: np.random.Generator, asset_id: list[str]) -> pd.DataFrame:
    wanted = np.exp(rng.uniform(np.log(0.6), np.log(1.8), len(asset_id)))
    width = np.rint(FRAME_SIDE_PX * np.sqrt(wanted)).astype(np.int64)
    height = np.rint(FRAME_SIDE_PX / np.sqrt(wanted)).astype(np.int64)
    return pd.DataFrame({"asset_id": asset_id, "width_px": width, "height_px": height, "aspect_ratio": width / height})


def _draw_faces(
    rng: np.random.Generator, structure: Structure, titles: pd.DataFrame, hidden: pd.DataFrame, aspect: FloatArray
) -> pd.DataFrame:
    model = MODELS[structure]
    genre = pd.Index(GENRES).get_indexer(pd.Index(titles["genre"]))
    year, series = titles["launch_year"].to_numpy(float), np.asarray(titles["format"] == "series", dtype=np.float64)
    quality, size_taste = hidden["quality"].to_numpy(), hidden["size_taste"].to_numpy()
    has_face = rng.random(len(titles)) < model.face_propensity(genre, year, series, quality, aspect)
    chances = model.count_probabilities(quality, hidden["count_taste"].to_numpy()).cumsum(axis=1)
    drawn = np.minimum(1 + (rng.random((len(titles), 1)) > chances).sum(axis=1), MAX_FACES)
    size_draw = rng.standard_normal(len(titles))
    central = central_height(drawn.astype(float), size_taste, size_draw)
    count = np.where(has_face, drawn, 0).astype(np.int64)
    area = mean_area_share(drawn.astype(float), size_taste, size_draw)
    heights = [list(middle * height_factors(int(faces))) for middle, faces in zip(central, count, strict=True)]
    return pd.DataFrame(
        {"face_count": count, "face_heights": heights, "face_area_share_mean": np.where(has_face, area, np.nan)}
    )


def _draw_style(rng: np.random.Generator, n_assets: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "background": rng.choice(BACKGROUNDS, n_assets, p=(0.35, 0.45, 0.20)),
            "palette": rng.choice(PALETTES, n_assets),
            "background_lightness": rng.uniform(15.0, 75.0, n_assets),
            "lettering_position": rng.choice(("top", "bottom"), n_assets, p=(0.3, 0.7)),
            "render_seed": rng.integers(0, 2**31, n_assets),
        }
    )


def _draw_cells(rng: np.random.Generator, structure: Structure, assets: pd.DataFrame) -> pd.DataFrame:
    n_assets, n_countries = len(assets), len(COUNTRIES)
    model = MODELS[structure]
    noise = model.asset_noise * bell(rng, (n_assets, 1)) + model.cell_noise * bell(rng, (n_assets, n_countries))
    return pd.DataFrame(
        {
            "asset_id": np.repeat(assets["asset_id"].to_numpy(), n_countries),
            "country": np.tile(COUNTRIES, n_assets),
            "noise": noise.ravel(),
        }
    )


def _draw_impressions(rng: np.random.Generator, cells: pd.DataFrame) -> pd.DataFrame:
    rate = cells["expected_rate"].to_numpy()
    asset_rate = cells.groupby("asset_id")["expected_rate"].transform("mean").to_numpy()
    standardised = (asset_rate - asset_rate.mean()) / asset_rate.std()
    impressions = np.rint(100.0 * 1000.0 ** (rng.random(len(cells)) ** np.exp(-0.12 * standardised))).astype(np.int64)
    takes = rng.binomial(impressions, rate)
    table = pd.DataFrame(
        {"asset_id": cells["asset_id"], "country": cells["country"], "impressions": impressions, "takes": takes}
    )
    return table[rng.random(len(cells)) >= MISSING_CELL_SHARE].reset_index(drop=True)
