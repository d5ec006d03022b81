"""Mining: which components are worth a hypothesis, found on one half of the titles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.catalog.confounders import title_covariates
from artwork_insights.errors import ExpressionError, NotIdentifiedError
from artwork_insights.expression import parse_expression
from artwork_insights.mining.correlated import group_correlated
from artwork_insights.mining.mined import MinedHypothesis, MiningResult
from artwork_insights.mining.screen import SMALLEST_EFFECTIVE_TITLES, ScreenedFeature, screen_features
from artwork_insights.mining.split import mining_half
from artwork_insights.mining.study_toml import hypotheses_toml
from artwork_insights.outcomes.precision import precision_weights

FloatArray = npt.NDArray[np.float64]
FILE_UNITS = frozenset({"pixels", "bytes", "frames"})  # sizes of the file: no component that a designer chooses
FACE_CONFOUNDERS = ("face_count", "face_area_share_total")


def mine_hypotheses(
    rates: pd.DataFrame,
    assets: pd.DataFrame,
    features: pd.DataFrame,
    titles: pd.DataFrame | None = None,
    *,
    seed: int,
    level: float = 0.05,
    correlation: float = 0.7,
) -> MiningResult:
    """Screen features on the mining half of the titles and turn the survivors into hypotheses.

    Parameters
    ----------
    rates : DataFrame
        asset_id, title_id, country, adjusted_take_rate, and impressions and takes for precision weights (without
        them every row counts the same), as from `artwork_insights.outcomes.take_rate.take_rate_table`.
    assets : DataFrame
        asset_id and title_id; rates of other assets are left out.
    features : DataFrame
        asset_id and one column per feature; every column of numbers or truth values is screened, except sizes of
        the file.
    titles : DataFrame, optional
        title_id and covariates that become confounders. Leave out a column that is the outcome.
    seed : int
        Of the split into halves.
    level : float
        Share of false discoveries to allow (Benjamini and Hochberg 1995).
    correlation : float in (0, 1]
        Features this correlated are one component.

    Raises
    ------
    NotIdentifiedError
        When the mining half has fewer than 10 titles.
    """
    asked = rates[rates["asset_id"].isin(assets["asset_id"]) & rates["adjusted_take_rate"].notna()]
    halves = mining_half(asked["title_id"], seed)
    cells = asked[halves & asked["asset_id"].isin(features["asset_id"]).to_numpy()].reset_index(drop=True)
    n_mining, n_confirming = cells["title_id"].nunique(), asked.loc[~halves, "title_id"].nunique()
    if n_mining < SMALLEST_EFFECTIVE_TITLES:
        raise NotIdentifiedError(
            f"mining found {n_mining} titles with a rate and features in its half; it needs at least "
            f"{SMALLEST_EFFECTIVE_TITLES:.0f}, so collect more titles or write the hypotheses by hand."
        )
    names = [name for name in feature_names(features) if is_component(name)]
    measured = features.set_index("asset_id")[names].reindex(cells["asset_id"])
    values = measured.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    outcome = cells["adjusted_take_rate"].to_numpy(dtype=np.float64)
    title, country, asset = (cells[column].to_numpy(dtype=object) for column in ("title_id", "country", "asset_id"))
    screened = screen_features(names, values, outcome, _weights(cells), title, country, asset, level)
    first_rows = ~cells["asset_id"].duplicated().to_numpy()
    groups = group_correlated(names, values[first_rows], correlation)
    survivors = _survivors(screened, groups, features, titles, len(set(country)) > 1)
    sentence = (
        f"{len(survivors)} of {len(groups)} groups of features ({len(names)} features) go with the adjusted take rate "
        f"on {n_mining} mining titles at a false discovery rate of {level:.0%}; {n_confirming} titles are left to "
        "confirm them on."
    )
    return MiningResult(screened, groups, survivors, n_mining, n_confirming, level, seed, sentence)


def write_hypotheses(result: MiningResult, path: Path) -> None:
    """Write the survivors as ready-to-run ``[[hypothesis]]`` tables of a study file, the evidence as comments."""
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(hypotheses_toml(result), encoding="utf-8")
    partial.replace(path)


def feature_names(features: pd.DataFrame) -> list[str]:
    """Columns of numbers and truth values with a plain name, identifiers left out."""
    return [
        str(column)
        for column in features.columns
        if (pd.api.types.is_numeric_dtype(features[column]) or pd.api.types.is_bool_dtype(features[column]))
        and not str(column).endswith("_id")
        and _is_plain_name(str(column))
    ]


def is_component(feature: str) -> bool:
    """Whether a feature is something a designer chooses; the sizes of a file are not. Unknown features are."""
    column = FEATURE_COLUMNS.get(feature)
    return column is None or column.group != "file" or column.unit not in FILE_UNITS


def _is_plain_name(name: str) -> bool:
    try:
        return parse_expression(name).is_plain_feature
    except ExpressionError:
        return False


def _weights(cells: pd.DataFrame) -> FloatArray:
    if not {"takes", "impressions"} <= set(cells.columns):
        return np.ones(len(cells))
    return precision_weights(
        cells["takes"].to_numpy(),
        cells["impressions"].to_numpy(),
        cells["title_id"].to_numpy(dtype=object),
        cells["country"].to_numpy(dtype=object),
    )


def _survivors(
    screened: Sequence[ScreenedFeature],
    groups: Sequence[tuple[str, ...]],
    features: pd.DataFrame,
    titles: pd.DataFrame | None,
    many_countries: bool,
) -> tuple[MinedHypothesis, ...]:
    """One hypothesis per group: its member with the smallest p-value, if discovered."""
    group_of = {name: group for group in groups for name in group}
    covariates = () if titles is None else title_covariates(titles)
    independent = [
        name for name in feature_names(features) if is_independent(name) and len(features[name].dropna().unique()) > 1
    ]
    modifiers = (("genre",) if "genre" in covariates else ()) + (("country",) if many_countries else ())
    survivors: list[MinedHypothesis] = []
    represented: set[tuple[str, ...]] = set()
    for feature in screened:
        group = group_of[feature.name]
        if not feature.discovered or group in represented:
            continue
        represented.add(group)
        beside = independent if is_face_derived(feature.name) else [*independent, *face_confounders(features)]
        others = tuple(name for name in beside if name not in group and name not in covariates)
        survivors.append(
            MinedHypothesis(
                name=re.sub(r"[^A-Za-z0-9_.-]", "_", f"mined_{feature.name}")[:80],
                statement=_statement(feature, features[feature.name]),
                treatment=feature.name,
                confounders=covariates + others,
                effect_modifiers=modifiers,
                evidence=feature,
                group=group,
            )
        )
    return tuple(survivors)


def is_face_derived(feature: str) -> bool:
    """Whether a feature is measured on detected faces."""
    return feature in FEATURE_COLUMNS and FEATURE_COLUMNS[feature].face_role == "derived"


def face_confounders(features: pd.DataFrame) -> list[str]:
    """What stands for the faces when another component is asked about: a face changes colours and composition."""
    return [name for name in FACE_CONFOUNDERS if name in features]


def is_independent(feature: str) -> bool:
    """Whether a feature of the picture is decided independently of faces, so that it may be a confounder of any."""
    return is_component(feature) and feature in FEATURE_COLUMNS and FEATURE_COLUMNS[feature].face_role == "independent"


def _statement(feature: ScreenedFeature, values: pd.Series[float]) -> str:
    words = feature.name.replace("_", " ")
    goes = "higher" if feature.slope_per_sd > 0 else "lower"
    if pd.api.types.is_bool_dtype(values) or set(values.dropna().unique()) <= {0, 1}:
        return f"Artwork with {words} has a {goes} take rate than artwork of the same title without."
    return f"Artwork with a higher {words} has a {goes} take rate than other artwork of the same title."
