r"""Take rates as if every artwork had been shown to the same audience, measured inside the engine.

A recommender shows an artwork to those who are likely to take it, so its raw rate speaks of its audience too. For an
asset :math:`a` of a title in a country, with :math:`n_{as}` impressions and :math:`x_{as}` takes in audience cell
:math:`s`, and :math:`\pi_s` the cell's share of all impressions of the title there:

================  ==================================================================================================
standardised      sum of pi_s x_as / n_as over the cells where the asset was shown, divided by their share
IPS               sum of x / e over the title's impressions (Horvitz and Thompson 1952), e the logged propensity
SNIPS             sum of x / e over the sum of n / e (Hajek 1971; Swaminathan and Joachims 2015)
doubly robust     sum of pi_s q_as over all cells, plus the sum of (x - n q) / e over the sum of n / e (Dudik, Langford
                  and Li 2011, self-normalised as in Thomas and Brunskill 2016)
================  ==================================================================================================

q is the rate of the title's *other* assets in the cell, shrunk to their rate in the country, shrunk to the country's
rate: it never depends on the asset's own takes. Variances are those of independent impressions given their weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import ibis
import pandas as pd

from artwork_insights.catalog.checks import identifier, is_null, number
from artwork_insights.catalog.history import rows_up_to
from artwork_insights.catalog.tables import InputTable, collect, open_engine, open_table, reading

PROPENSITY = "propensity"
SMALLEST_PROPENSITY = 0.01
"""Smaller ones count as this: no impression stands for more than 100."""
TIMES = frozenset({"date", "day", "week", "month"})
"""Columns of the log that say when, not to whom."""
PRIOR_IMPRESSIONS = 100.0  # how many impressions a wider rate counts for beside a narrower one
LOG_KEY = ("asset_id", "country")
COUNTS = ("impressions", "takes")

ServingMethod = Literal["doubly_robust", "standardised"]


@dataclass(frozen=True, slots=True)
class Served:
    """Take rates with the audience held alike, as far as the log tells.

    Attributes
    ----------
    method : {"doubly_robust", "standardised"}
        With logged propensities, or over the log's audience cells alone.
    audiences : tuple of str
        Columns of the log that say to whom an artwork was shown.
    frame : DataFrame
        One row per ``asset_id`` and ``country`` with an impression: ``rate``; ``effective_impressions``, as many
        independent ones would tell as much; ``covered_share``, of the title's audience that the asset's impressions
        stand for (with propensities, 1 on average where they fit the log);
        ``clipped_share``, of its impressions whose propensity was too small to be used as it is.
    """

    method: ServingMethod
    audiences: tuple[str, ...]
    frame: pd.DataFrame


def read_served_rates(path: Path, assets: pd.DataFrame, as_of: date | None = None) -> Served | None:
    """Measure the rates with the audience held alike from a log that `read_impressions` has let through.

    Everything is grouped and summed inside the engine, in one thread, so that the same log gives the same bytes.

    Parameters
    ----------
    path : Path
        The impression log. Every further column but a time is an audience cell.
    assets : DataFrame
        asset_id, title_id; impressions of other assets do not count.
    as_of : date, optional
        Rows with a later ``date`` are left out.

    Returns
    -------
    Served or None
        None where the log has neither propensities nor audience cells.
    """
    with open_engine(threads=1) as engine:
        table = open_table(engine, path, [*LOG_KEY, *COUNTS])
        audiences = audience_columns(table)
        known = PROPENSITY in table.rows.columns
        if not audiences and not known:
            return None
        if as_of is not None:
            table = rows_up_to(table, "date", list(LOG_KEY), as_of)
        rows = table.rows.select(
            **{name: identifier(table.rows[name]) for name in LOG_KEY},
            **{name: number(table.rows[name]) for name in COUNTS},
            **({PROPENSITY: number(table.rows[PROPENSITY])} if known else {}),
            **{f"audience_{i}": table.rows[name] for i, name in enumerate(audiences)},
        )
        titles = ibis.memtable(assets[["asset_id", "title_id"]])
        rows = rows.inner_join(titles, "asset_id")
        measured = measure_served_rates(engine, InputTable(table.name, rows))
    method: ServingMethod = "doubly_robust" if known else "standardised"
    return Served(method, audiences, pd.DataFrame(measured[[*LOG_KEY]]).assign(
        rate=measured[f"{method}_rate"],
        effective_impressions=measured["weighted_impressions" if known else "standardised_impressions"],
        covered_share=measured["weight_ratio" if known else "covered_share"],
        clipped_share=measured["clipped_share"] if known else 0.0,
    ))  # fmt: skip


def audience_columns(table: InputTable) -> tuple[str, ...]:
    """Columns of a log that say to whom an artwork was shown: all but its key, counts, propensity and times.

    A column with one value in all rows tells nothing, and is none of them.
    """
    rows, fixed = table.rows, {*LOG_KEY, *COUNTS, PROPENSITY, *TIMES}
    names = [name for name in rows.columns if name not in fixed and not rows[name].type().is_temporal()]
    if not names:
        return ()
    counts = {
        f"values_{i}": rows[name].nunique() + is_null(rows[name]).cast("int64").max() for i, name in enumerate(names)
    }
    values = collect(table, rows.aggregate(**counts)).iloc[0]
    return tuple(name for name, n in zip(names, values, strict=True) if n > 1)


def measure_served_rates(engine: Any, table: InputTable, smallest: float = SMALLEST_PROPENSITY) -> pd.DataFrame:
    """Rates with the audience held alike, one row per asset and country, ordered by them.

    Parameters
    ----------
    engine : ibis backend
        With one thread, so that sums of floats come out the same in every run.
    table : InputTable
        asset_id, title_id, country, impressions, takes, any number of columns ``audience_0``, ``audience_1`` and
        so on, and perhaps propensity in (0, 1].
    smallest : float
        Propensities below it count as this.

    Returns
    -------
    DataFrame
        ``raw_rate``, ``standardised_rate`` and, with propensities, ``ips_rate``, ``snips_rate`` and
        ``doubly_robust_rate``, each with its ``..._variance``; ``standardised_impressions`` and
        ``weighted_impressions``, Kish's effective numbers; ``covered_share``; ``clipped_share``; ``largest_weight``;
        ``weight_ratio``, the sum of n / e over the impressions of the title, 1 on average where the propensities fit.
    """
    has_propensity = PROPENSITY in table.rows.columns
    with reading(table.name):
        counts = engine.create_table("counts_by_audience", _counts(table.rows, smallest), temp=True)
    rows = _with_expected(counts)
    sums = rows.group_by(["asset_id", "country"]).aggregate(**_sums(rows, has_propensity))
    rates = _standardised(sums)
    rates = _weighted(rates) if has_propensity else rates
    chosen = [
        name for name in rates.columns
        if name.endswith(("_rate", "_variance", "_share")) or name in ("largest_weight", "weight_ratio")
        or name.endswith("ed_impressions")
    ]  # fmt: skip
    return collect(table, rates.select("asset_id", "country", "impressions", "takes", *chosen).order_by(
        [ibis.asc("asset_id"), ibis.asc("country")]
    ))  # fmt: skip


def _counts(rows: Any, smallest: float) -> Any:
    """Counts by asset, country and audience cell, summed over times; with propensities, weighted counts too."""
    shown = rows.filter(rows.impressions > 0)
    n, x = shown.impressions, shown.takes
    sums = {"n": n.sum(), "x": x.sum()}
    if PROPENSITY in shown.columns:
        weight = 1.0 / ibis.greatest(shown.propensity, smallest)
        sums |= {
            "w_n": (weight * n).sum(), "w_x": (weight * x).sum(),
            "ww_n": (weight * weight * n).sum(), "ww_x": (weight * weight * x).sum(),
            "clipped": (shown.propensity < smallest).ifelse(n, 0.0).sum(), "largest": weight.max(),
        }  # fmt: skip
    cells = [name for name in shown.columns if name.startswith("audience_")]
    return shown.group_by(["asset_id", "title_id", "country", *cells]).aggregate(**sums)


def _with_expected(counts: Any) -> Any:
    """Add the cell's share of the title's audience and what the title's other assets lead to expect there."""
    cells = [name for name in counts.columns if name.startswith("audience_")]
    in_cell = ibis.window(group_by=["title_id", "country", *cells])
    in_title, in_country = ibis.window(group_by=["title_id", "country"]), ibis.window(group_by="country")
    own = ibis.window(group_by=["asset_id", "country"])
    k = PRIOR_IMPRESSIONS
    rows = counts.mutate(
        cell_n=counts.n.sum().over(in_cell), cell_x=counts.x.sum().over(in_cell),
        title_n=counts.n.sum().over(in_title), title_x=counts.x.sum().over(in_title),
        own_n=counts.n.sum().over(own), own_x=counts.x.sum().over(own),
        country_rate=counts.x.sum().over(in_country) / counts.n.sum().over(in_country),
    )  # fmt: skip
    others = (rows.title_x - rows.own_x + k * rows.country_rate) / (rows.title_n - rows.own_n + k)
    rows = rows.mutate(others_rate=others, share=rows.cell_n / rows.title_n)
    expected = (rows.cell_x - rows.x + k * rows.others_rate) / (rows.cell_n - rows.n + k)
    per_row = rows.n / rows.title_n  # sums to the cell's share over the assets shown in it
    rows = rows.mutate(
        expected=expected,
        expected_unshown=(rows.cell_x + k * rows.others_rate) / (rows.cell_n + k),
        known_part=(per_row * rows.cell_x / (rows.cell_n + k)).sum().over(in_title),
        prior_part=(per_row * k / (rows.cell_n + k)).sum().over(in_title),
    )
    return rows.mutate(
        own_rate=(rows.x + k * rows.expected) / (rows.n + k),
        over_all_cells=rows.known_part + rows.others_rate * rows.prior_part,
    )


def _sums(rows: Any, has_propensity: bool) -> dict[str, Any]:
    """What one asset in one country needs, summed over its audience cells."""
    spread = rows.own_rate * (1 - rows.own_rate)
    sums = {
        "impressions": rows.n.sum(), "takes": rows.x.sum(), "title_n": rows.title_n.max(),
        "pooled_rate": rows.own_rate.mean(), "covered_share": rows.share.sum(),
        "standard": (rows.share * rows.x / rows.n).sum(), "inverse": (rows.share * rows.share / rows.n).sum(),
        "standard_spread": (rows.share * rows.share * spread / rows.n).sum(),
    }  # fmt: skip
    if not has_propensity:
        return sums
    q = rows.expected
    return sums | {
        "w_n": rows.w_n.sum(), "w_x": rows.w_x.sum(), "ww_n": rows.ww_n.sum(), "ww_x": rows.ww_x.sum(),
        "w_nq": (rows.w_n * q).sum(), "ww_nq": (rows.ww_n * q).sum(), "ww_xq": (rows.ww_x * q).sum(),
        "ww_nqq": (rows.ww_n * q * q).sum(), "clipped": rows.clipped.sum(), "largest_weight": rows.largest.max(),
        "direct": rows.over_all_cells.max() + (rows.share * (q - rows.expected_unshown)).sum(),
    }  # fmt: skip


def _standardised(sums: Any) -> Any:
    raw = sums.takes / sums.impressions
    smooth = (sums.takes + sums.pooled_rate) / (sums.impressions + 1)
    return sums.mutate(
        raw_rate=raw,
        raw_variance=smooth * (1 - smooth) / sums.impressions,
        standardised_rate=sums.standard / sums.covered_share,
        standardised_variance=sums.standard_spread / (sums.covered_share * sums.covered_share),
        standardised_impressions=sums.covered_share * sums.covered_share / sums.inverse,
    )


def _weighted(sums: Any) -> Any:
    """Add the three weighted rates; the variance of a weighted mean is the sum of squared weighted residuals."""
    ips, snips = sums.w_x / sums.title_n, sums.w_x / sums.w_n
    smooth = (sums.takes + sums.pooled_rate) / (sums.impressions + 1)
    alike = (sums.takes == 0) | (sums.takes == sums.impressions)  # residuals of zero are no knowledge
    floor = alike.ifelse(smooth * (1 - smooth) * sums.ww_n / (sums.w_n * sums.w_n), 0.0)
    gap = (sums.w_x - sums.w_nq) / sums.w_n
    squared = sums.w_n * sums.w_n
    residual = (
        sums.ww_x - 2 * sums.ww_xq - 2 * gap * sums.ww_x
        + sums.ww_nqq + 2 * gap * sums.ww_nq + gap * gap * sums.ww_n
    )  # fmt: skip
    return sums.mutate(
        ips_rate=ips,
        ips_variance=ibis.greatest(sums.ww_x / (sums.title_n * sums.title_n) - ips * ips / sums.title_n, floor),
        snips_rate=snips,
        snips_variance=ibis.greatest((sums.ww_x * (1 - 2 * snips) + snips * snips * sums.ww_n) / squared, floor),
        doubly_robust_rate=sums.direct + gap,
        doubly_robust_variance=ibis.greatest(residual / squared, floor),
        weighted_impressions=squared / sums.ww_n,
        clipped_share=sums.clipped / sums.impressions,
        weight_ratio=sums.w_n / sums.title_n,
    )
