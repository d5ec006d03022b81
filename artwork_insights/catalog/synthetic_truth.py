"""True effects in a synthetic catalogue: differences of expected rates over the very cells that an estimate speaks of.

An artwork keeps its own expected rate for the arm it is in. Its other arm is the expectation over its title's own
distribution of face presence, count and size given that arm, at the artwork's own aspect ratio, lightness and noise::

    P_i(0) = 1 - p_ij,  P_i(c) = p_ij pi_j(c)
    rate_i(arm) = sum over c in arm of P_i(c) / P_i(arm) * E_Z[rate_i(c, A(c, S_j, Z))],   Z ~ N(0, 1)

Counts are summed exactly, sizes integrated by 21-point Gauss-Hermite quadrature; no Monte Carlo error is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.catalog.synthetic import SyntheticCatalogue, surroundings
from artwork_insights.catalog.synthetic_model import (
    GENRES,
    MAX_FACES,
    MODELS,
    FloatArray,
    IntArray,
    Surroundings,
    mean_area_share,
)
from artwork_insights.errors import ExpressionError, TableError
from artwork_insights.expression import parse_expression

BoolArray = npt.NDArray[np.bool_]
_QUADRATURE_POINTS = 21


@dataclass(frozen=True, slots=True)
class MediationTruth:
    """What a mediation analysis of face count through mean face size would find with the expected rates at hand.

    Projections (least squares, title and country absorbed together) of the faces' part of the expected rate over the
    cells with at least one face: on the count alone, and on the count and the mean area share.

    Attributes
    ----------
    total : float
        Slope on the count alone, takes per impression per further face.
    direct : float
        Slope on the count with the mean area share beside it.
    indirect : float
        total - direct.
    mediated_share : float
        indirect / total: the part of the effect of face count that face size carries.
    """

    total: float
    direct: float
    indirect: float
    mediated_share: float


def expected_rates(catalogue: SyntheticCatalogue, treatment: str) -> pd.DataFrame:
    """Compute both expected rates of every cell under a treatment.

    Parameters
    ----------
    treatment : str
        ``"face_present"``, ``"face_count > 3"``, or any other condition over `face_present` and `face_count`.

    Returns
    -------
    DataFrame
        asset_id, title_id, country, treated (bool), rate_untreated, rate_treated in takes per impression; every asset
        in every country, also where the log lacks the cell.

    Raises
    ------
    ExpressionError
        When the treatment is not a condition that splits counts of 0 to 6 in two.
    """
    arm = _treated_counts(treatment)
    cells, asset = surroundings(catalogue, catalogue.unobserved_cells)
    count = catalogue.artwork["face_count"].to_numpy()[asset]
    own = catalogue.unobserved_cells["expected_rate"].to_numpy()
    by_count = _rates_by_count(catalogue, cells, asset)
    chances = _count_chances(catalogue)[asset]
    other_arm = {side: _mean_over_arm(by_count, chances, arm == side) for side in (False, True)}
    treated = arm[count]
    return pd.DataFrame(
        {
            "asset_id": catalogue.unobserved_cells["asset_id"],
            "title_id": catalogue.assets["title_id"].to_numpy()[asset],
            "country": catalogue.unobserved_cells["country"],
            "treated": treated,
            "rate_untreated": np.where(treated, other_arm[False], own),
            "rate_treated": np.where(treated, own, other_arm[True]),
        }
    )


def true_effect(catalogue: SyntheticCatalogue, treatment: str, cells: pd.DataFrame) -> float:
    """Mean difference of the two expected rates over `cells`.

    Parameters
    ----------
    treatment : str
        As for `expected_rates`.
    cells : DataFrame
        asset_id and country of the cells estimated, and optionally `weight` (>= 0; equal weights without it).

    Returns
    -------
    float
        Takes per impression.

    Raises
    ------
    TableError
        When `cells` is empty or names a cell that the catalogue does not have.
    """
    if cells.empty:
        raise TableError("the true effect was asked over no cells at all; give at least one asset_id and country.")
    rates = expected_rates(catalogue, treatment).set_index(["asset_id", "country"])
    wanted = pd.MultiIndex.from_frame(cells[["asset_id", "country"]])
    unknown = ~wanted.isin(rates.index)
    if unknown.any():
        cell = wanted[int(np.argmax(unknown))]
        raise TableError(f"the synthetic catalogue has no cell {cell}; cells must come from its own log.")
    found = rates.loc[wanted]
    weight = cells["weight"].to_numpy(float) if "weight" in cells else np.ones(len(cells))
    return float(np.average((found["rate_treated"] - found["rate_untreated"]).to_numpy(), weights=weight))


def true_mediation(catalogue: SyntheticCatalogue, cells: pd.DataFrame | None = None) -> MediationTruth:
    """Project the faces' part of the expected rates on face count, without and with mean face size.

    Parameters
    ----------
    cells : DataFrame or None
        asset_id and country of the cells to use; all of them when None. Cells without a face, where the mediator is
        not defined, are left out.
    """
    everything = catalogue.unobserved_cells
    if cells is not None:
        everything = everything.merge(cells[["asset_id", "country"]].drop_duplicates(), on=["asset_id", "country"])
    around, asset = surroundings(catalogue, everything)
    count = catalogue.artwork["face_count"].to_numpy(float)[asset]
    area = catalogue.artwork["face_area_share_mean"].fillna(0.0).to_numpy()[asset]
    model = MODELS[catalogue.structure]
    gain = model.expected_rate(around, count, area) - model.expected_rate(around, count * 0.0, area)
    block = catalogue.assets["title_id"].to_numpy()[asset] + "|" + everything["country"].to_numpy()
    data = pd.DataFrame({"gain": gain, "count": count, "area": area})[count > 0]
    data = data - data.groupby(block[count > 0]).transform("mean")
    total = float((data["gain"] * data["count"]).sum() / (data["count"] ** 2).sum())
    slopes = np.linalg.lstsq(data[["count", "area"]].to_numpy(), data["gain"].to_numpy(), rcond=None)[0]
    direct = float(slopes[0])
    return MediationTruth(total, direct, total - direct, (total - direct) / total)


def _treated_counts(treatment: str) -> BoolArray:
    counts = np.arange(MAX_FACES + 1)
    expression = parse_expression(treatment)
    values = expression.evaluate({"face_count": counts, "face_present": counts > 0})
    arm = np.asarray(values != 0)
    is_condition = bool(np.isin(values, (0.0, 1.0)).all())
    if not is_condition or arm.all() or not arm.any():
        raise ExpressionError(
            f"treatment {treatment!r} does not split face counts of 0 to {MAX_FACES} in two; "
            "the synthetic catalogue knows the truth of conditions such as face_present or face_count > 3."
        )
    return arm


def _count_chances(catalogue: SyntheticCatalogue) -> FloatArray:
    """Probability of 0 to 6 faces for each asset, shape (n_assets, 7)."""
    model = MODELS[catalogue.structure]
    title = pd.Index(catalogue.titles["title_id"]).get_indexer(catalogue.assets["title_id"])
    titles, hidden = catalogue.titles.iloc[title], catalogue.unobserved_titles.iloc[title]
    quality = hidden["quality"].to_numpy()
    face = model.face_propensity(
        pd.Index(GENRES).get_indexer(titles["genre"]),
        titles["launch_year"].to_numpy(float),
        np.asarray(titles["format"] == "series", dtype=np.float64),
        quality,
        catalogue.artwork["aspect_ratio"].to_numpy(),
    )[:, None]
    counts = model.count_probabilities(quality, hidden["count_taste"].to_numpy())
    return np.hstack([1.0 - face, face * counts])


def _rates_by_count(catalogue: SyntheticCatalogue, cells: Surroundings, asset: IntArray) -> FloatArray:
    """Expected rate of each cell with 0 to 6 faces, its title's face sizes integrated out, shape (n_cells, 7)."""
    model = MODELS[catalogue.structure]
    nodes, weights = np.polynomial.hermite_e.hermegauss(_QUADRATURE_POINTS)
    weights = weights / weights.sum()
    title = pd.Index(catalogue.titles["title_id"]).get_indexer(catalogue.assets["title_id"])[asset]
    size_taste = catalogue.unobserved_titles["size_taste"].to_numpy()[title][:, None]
    none = np.zeros(len(asset))
    columns = [model.expected_rate(cells, none, none)]
    for count in range(1, MAX_FACES + 1):
        faces = np.full((1, 1), float(count))
        area = mean_area_share(faces, size_taste, nodes[None, :])
        columns.append(model.expected_rate(cells, np.broadcast_to(faces, area.shape), area) @ weights)
    return np.stack(columns, axis=1)


def _mean_over_arm(by_count: FloatArray, chances: FloatArray, arm: BoolArray) -> FloatArray:
    inside = chances * arm
    return np.asarray((by_count * inside).sum(axis=1) / inside.sum(axis=1))
