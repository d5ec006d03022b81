"""Small studies in numbers only, each sound or with one planted fault, written as a user's folder of tables.

Title j: quality U_j ~ N(0, 1), unseen; genre, launch year. Artwork i: aspect ratio exp(.3 x_i), x_i ~ N(0, 1), and
`effort` e_i ~ N(0, 1), both known; H_i ~ N(0, 1), hidden. With s the strength of what is known and h that of what is
hidden, c(x) = sin(2 x) + x / 2 (not a line), and g a genre's multiple of the effect (.5 to 1.5, mean about 1)::

    logit P(T_i = 1) = -.2 + .9 U_j + s (c(x_i) + .5 e_i) + h H_i
    rate_ic = .10 + .02 U_j + .006 s (c(x_i) + .5 e_i) + .006 h H_i + g b T_i + asset noise + cell noise + country

4 to 10 artworks per title; asset noise SD .008, cell noise SD .003; impressions log-uniform from 10^2.5 to 10^4.5 per
artwork and country, over two audiences: fans take .06 more often, and see 45 % of the impressions unless the fault is
the serving. `image_bytes` and `brief_score` follow H_i with correlation `trace`: the first can move nobody to choose a
title (a negative control), the second was given before the artwork was drawn (a placebo outcome). Popularity of a
title and country, from before, is .10 + .02 U_j + country with an error of SD .004.

Not of a fault's own kind: `dominant` gives the first title that many artworks; `noise_columns` adds confounders that
say nothing; `curved` adds its multiple of (x_i^2 - 1) to the log odds, and .006 times it to the rate; `other_questions`
asks about further measures that are noise; `learner` is that of the study; `quality` multiplies U_j. With `misled` the
detector errs in that share of the artworks in favour of those that do well: it sees the component where asset noise is
positive and misses it where not; `n_labelled` artworks, drawn at random, were labelled by hand.

Faults: ``hidden`` (h > 0), ``no_overlap`` (the aspect ratio all but decides the component), ``detector`` (the component
is seen with errors), ``interference`` (every artwork loses by its siblings' components), ``serving`` (artwork with the
component is shown to fans).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from artwork_insights.catalog.columns import FEATURE_COLUMNS, GROUPS, SCALAR_FEATURES

Fault = Literal["none", "hidden", "no_overlap", "detector", "interference", "serving"]
GENRES = ("Action", "Comedy", "Documentary", "Drama")
GENRE_MULTIPLES = np.array([0.5, 0.8, 1.2, 1.5])
COUNTRIES = ("BR", "JP", "US")
COUNTRY_RATES = np.array([0.0, -0.006, 0.004])
AUDIENCES = ("fans", "others")
FANS_TAKE_MORE, FANS_SHARE = 0.06, 0.45
ASSET_NOISE, CELL_NOISE = 0.008, 0.003
CONFOUNDERS = ("genre", "launch_year", "aspect_ratio", "effort")
MEASURES = (
    "negative_space",
    "symmetry",
    "clutter",
    "warm_share",
    "thirds_distance",
    "subject_x",
    "subject_y",
    "horizon_y",
)
OTHER_QUESTION = (
    '[[hypothesis]]\nname = "{0}"\ntreatment = "{0} > 0.5"\nsmallest_effect_of_interest = 0.002\n'
    'confounders = ["genre", "launch_year"]\neffect_modifiers = []\n'
)


@dataclass(frozen=True)
class Plan:
    """What is planted in one study; strengths are in log odds per standard deviation."""

    seed: int
    fault: Fault = "none"
    effect: float = 0.006
    observed: float = 0.3
    hidden: float = 0.0
    trace: float = 0.6
    determined: float = 0.0
    sensitivity: float = 1.0
    specificity: float = 1.0
    spill: float = 0.0
    fans_of_treated: float = FANS_SHARE
    n_titles: int = 150
    is_detected: bool = False
    rates_known: bool = False
    names_controls: bool = True
    logs_audiences: bool = True
    knows_popularity: bool = True
    dominant: int = 0
    noise_columns: int = 0
    curved: float = 0.0
    other_questions: int = 0
    learner: str = "xgboost"
    quality: float = 1.0
    misled: float = 0.0
    n_labelled: int = 0

    @property
    def treatment(self) -> str:
        """A face, found by a detector, or a bright picture, measured on the pixels."""
        return "face_present" if self.is_detected else "lightness_mean > 50"


@dataclass(frozen=True)
class FaultyStudy:
    """The tables of one study and what only the simulator knows: each asset's effect, the component as it is."""

    plan: Plan
    titles: pd.DataFrame
    assets: pd.DataFrame
    features: pd.DataFrame
    impressions: pd.DataFrame
    popularity: pd.DataFrame
    effect_of_asset: pd.Series
    labels: pd.DataFrame

    def truth(self, cells: pd.DataFrame) -> float:
        """Mean effect over the very cells estimated, weighted as the estimate weights them."""
        return float(np.average(self.effect_of_asset[cells["asset_id"]], weights=cells["weight"]))


def draw_study(plan: Plan) -> FaultyStudy:
    """Draw the tables of a plan; the same plan gives the same tables."""
    rng = np.random.default_rng(plan.seed)
    n_titles = plan.n_titles
    per_title = rng.integers(4, 11, n_titles)
    per_title[0] = plan.dominant or per_title[0]
    title = np.repeat(np.arange(n_titles), per_title)
    n = len(title)
    quality, genre = plan.quality * rng.normal(size=n_titles), rng.integers(0, len(GENRES), n_titles)
    x, effort, hidden = rng.normal(size=(3, n))
    curve = np.sin(2 * x) + x / 2
    known = plan.observed * (curve + 0.5 * effort) + plan.curved * (x**2 - 1)
    logit = -0.2 + 0.9 * quality[title] + known + plan.hidden * hidden + plan.determined * x
    treated = rng.random(n) < 1 / (1 + np.exp(-logit))
    own_effect = plan.effect * GENRE_MULTIPLES[genre][title]
    siblings = (np.bincount(title, treated)[title] - treated) / (np.bincount(title)[title] - 1)
    rate = 0.10 + 0.02 * quality[title] + 0.006 * (known + plan.hidden * hidden) + own_effect * treated
    luck = rng.normal(size=n)
    rate = rate - plan.spill * siblings + ASSET_NOISE * luck
    seen = np.where(treated, rng.random(n) < plan.sensitivity, rng.random(n) >= plan.specificity)
    title_id = np.array([f"T{number:04d}" for number in range(n_titles)])
    asset_id = np.array([f"A{number:05d}" for number in range(n)])
    traced = plan.trace * hidden[:, None] + np.sqrt(1 - plan.trace**2) * rng.normal(size=(n, 2))
    titles = pd.DataFrame(
        {"title_id": title_id, "genre": np.array(GENRES)[genre], "launch_year": rng.integers(2000, 2025, n_titles)}
    )
    assets = pd.DataFrame(
        {"asset_id": asset_id, "title_id": title_id[title], "location": [f"images/{name}.jpg" for name in asset_id]}
    ).assign(effort=effort, brief_score=traced[:, 1])
    apart = np.random.default_rng([plan.seed, 1])  # so that what else is drawn does not hang on them
    seen = np.where(apart.random(n) < plan.misled, luck > 0, seen)
    noise = pd.DataFrame({name: apart.normal(size=n) for name in _noise(plan)}, index=assets.index)
    assets = pd.concat([assets, noise], axis=1)
    return FaultyStudy(
        plan,
        titles,
        assets,
        _features(assets, x, traced[:, 0], seen, rng, plan),
        _log(asset_id, rate, treated, plan, rng),
        _popularity(title_id, quality, rng),
        pd.Series(own_effect, index=asset_id),
        pd.DataFrame({"asset_id": asset_id, "face_present": treated}).sample(plan.n_labelled, random_state=plan.seed),
    )


def _noise(plan: Plan) -> list[str]:
    return [f"noise_{number}" for number in range(plan.noise_columns)]


def _features(
    assets: pd.DataFrame, x: np.ndarray, bytes_z: np.ndarray, seen: np.ndarray, rng: np.random.Generator, plan: Plan,
) -> pd.DataFrame:  # fmt: skip
    n = len(assets)
    side = rng.uniform(0, 25, n)
    bright = seen if not plan.is_detected else rng.random(n) < 0.5
    faces = seen if plan.is_detected else rng.random(n) < 0.5
    known = {
        "aspect_ratio": np.exp(0.3 * x),
        "image_bytes": np.rint(400_000 * np.exp(0.4 * bytes_z)).astype(np.int64),
        "lightness_mean": np.where(bright, 50.5 + side, 49.5 - side),
        "face_present": faces,
        "face_count": faces.astype(np.int64),
        "picture_hash": [rng.bytes(16).hex() for _ in range(n)],  # no two pictures are alike
    }
    fill = {"bool": False, "int64": 1, "float64": 0.5, "str": "JPEG"}
    known |= {name: rng.random(n) for name in MEASURES[: plan.other_questions]}
    rest = {name: fill[FEATURE_COLUMNS[name].dtype] for name in SCALAR_FEATURES if name not in known}
    return assets[["asset_id", "location"]].assign(**known, **rest)


def _log(
    asset_id: np.ndarray, rate: np.ndarray, treated: np.ndarray, plan: Plan, rng: np.random.Generator
) -> pd.DataFrame:
    n, n_countries = len(asset_id), len(COUNTRIES)
    impressions = np.rint(10 ** rng.uniform(2.5, 4.5, (n, n_countries))).astype(np.int64)
    to_fans = rng.binomial(impressions, np.where(treated, plan.fans_of_treated, FANS_SHARE)[:, None])
    base = rate[:, None] + COUNTRY_RATES + CELL_NOISE * rng.normal(size=(n, n_countries))
    parts = []
    for audience, shown, gain in (
        ("fans", to_fans, FANS_TAKE_MORE * (1 - FANS_SHARE)),
        ("others", impressions - to_fans, -FANS_TAKE_MORE * FANS_SHARE),
    ):
        takes = rng.binomial(shown, np.clip(base + gain, 0.002, 0.95))
        frame = {"asset_id": np.repeat(asset_id, n_countries), "country": np.tile(COUNTRIES, n)}
        parts.append(
            pd.DataFrame({**frame, "audience": audience, "impressions": shown.ravel(), "takes": takes.ravel()})
        )
    log = pd.concat(parts, ignore_index=True)
    if plan.logs_audiences:
        return log
    return log.groupby(["asset_id", "country"], as_index=False)[["impressions", "takes"]].sum()


def _popularity(title_id: np.ndarray, quality: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    rate = 0.10 + 0.02 * quality[:, None] + COUNTRY_RATES + 0.004 * rng.normal(size=(len(title_id), len(COUNTRIES)))
    return pd.DataFrame(
        {
            "title_id": np.repeat(title_id, len(COUNTRIES)),
            "country": np.tile(COUNTRIES, len(title_id)),
            "popularity": np.clip(rate, 0.001, 0.9).ravel(),
        }
    )


def write_study(drawn: FaultyStudy, folder: Path, *, estimation: str = "", checks: str = "") -> Path:
    """Write tables, features and ``study.toml`` as a user has them; returns the study file."""
    folder.mkdir(parents=True)
    plan = drawn.plan
    drawn.titles.to_csv(folder / "titles.csv", index=False)
    drawn.assets.to_csv(folder / "assets.csv", index=False)
    drawn.impressions.to_parquet(folder / "impressions.parquet", index=False)
    drawn.popularity.to_csv(folder / "popularity.csv", index=False)
    if plan.n_labelled:
        drawn.labels.to_csv(folder / "labels.csv", index=False)
    (folder / "features" / "features").mkdir(parents=True)
    drawn.features.to_parquet(folder / "features" / "features" / "00000.parquet", index=False)
    manifest = {
        "settings": {group: {"method": "1"} for group in GROUPS},
        "inputs": len(drawn.assets), "inputs_sha256": "0" * 64, "finished": True,
    }  # fmt: skip
    (folder / "features" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    controls = 'negative_control = "image_bytes > 400000"\nplacebo_outcome = "brief_score"\n'
    text = (
        f'[study]\nname = "{plan.fault}"\nseed = {plan.seed}\n'
        '[data]\nassets = "assets.csv"\ntitles = "titles.csv"\nimpressions = "impressions.parquet"\n'
        + ('popularity = "popularity.csv"\n' if plan.knows_popularity else "")
        + f'[estimation]\nlearner = "{plan.learner}"\n{estimation}[checks]\n{checks}'
        + (controls if plan.names_controls else "")
        + f'[[hypothesis]]\nname = "component"\ntreatment = "{plan.treatment}"\nsmallest_effect_of_interest = 0.002\n'
        f"confounders = {json.dumps([*CONFOUNDERS, *_noise(plan)])}\neffect_modifiers = []\n"
        + "".join(OTHER_QUESTION.format(measure) for measure in MEASURES[: plan.other_questions])
        + _detector(plan)
    )
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _detector(plan: Plan) -> str:
    if plan.n_labelled:
        return '[detector]\nlabels = "labels.csv"\n'
    if not (plan.is_detected and plan.rates_known):
        return ""
    return f"[detector]\nsensitivity = {plan.sensitivity}\nspecificity = {plan.specificity}\n"
