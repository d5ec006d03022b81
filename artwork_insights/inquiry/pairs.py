"""Matched pairs of one fitted hypothesis: what they bound, and which of them the report shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from artwork_insights.design.assignment import Assignment, StringArray
from artwork_insights.design.folds import encode_titles
from artwork_insights.design.pairs import ArtworkPairs, average_by_asset, most_alike, pair_artworks
from artwork_insights.design.projection import principal_components
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.cells import Cells
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.fitting import FittedHypothesis
from artwork_insights.report.findings import PairPicture
from artwork_insights.sensitivity.rosenbaum import LARGEST_EXACT, LARGEST_GAMMA, RosenbaumBounds, rosenbaum_bounds

NUMBER_OF_PAIRS = 6
FEWEST_TITLES = 10
"""Below this many titles with a pair nothing could be significant by much."""
MOST_TITLES_EXACT = 50
"""Up to this many titles the exact distribution of the signed-rank statistic is used."""
PICTURE_COMPONENTS = 8


@dataclass(frozen=True, slots=True)
class MatchedArtworks:
    """Matched pairs of one fitted hypothesis.

    Attributes
    ----------
    pairs : ArtworkPairs
    shared : {"title", "genre and country", "genre", "country", "nothing"}
        What the two of a pair have in common beside their propensity.
    """

    pairs: ArtworkPairs
    shared: str


def match_artworks(fitted: FittedHypothesis, seed: int) -> MatchedArtworks | None:
    """Pairs among the headline's cells, and what their two share; None where there is nothing to pair.

    Within titles where the design compares inside them, else within genre and country, as far as they are known.
    """
    fit = fitted.headline
    assignment = fit.sample.assignment
    if not assignment.is_binary:
        return None
    shared, strata = "title", None
    if fit.design == "pooled":
        shared, strata = _exact_strata(assignment)
    try:
        pairs = pair_artworks(assignment, fit.propensity[fit.keep], strata=strata, seed=seed)
    except NotIdentifiedError:
        return None
    return MatchedArtworks(pairs, shared)


def _exact_strata(assignment: Assignment) -> tuple[str, StringArray]:
    """Genre and the set of countries of each artwork, spread over its cells; what is not known is left out."""
    known = [name for name in ("genre", "country") if name in assignment.groups]
    labels = np.full(len(assignment.asset), "", dtype=object)
    for name in known:
        frame = pd.DataFrame({"asset": assignment.asset, "label": assignment.groups[name].astype(str)})
        once = frame.drop_duplicates().sort_values(["asset", "label"])
        sets = once.groupby("asset")["label"].agg("|".join)
        labels = labels + "/" + sets.to_numpy(dtype=object)[assignment.asset]
    return " and ".join(known) or "nothing", labels


def bound_hidden_bias(
    fitted: FittedHypothesis, pairs: ArtworkPairs, direction: float, level: float
) -> RosenbaumBounds | None:
    """Rosenbaum bounds in the direction of the headline; None where fewer than 10 titles have a pair that differs.

    Countries are no pairs of their own: each country's level is taken out, artworks are averaged over their countries
    with the weights of the study, and the pairs of a title (of a block of titles that share pictures) are averaged to
    one difference. The one-sided level is half of what the headline's interval leaves out.
    """
    sample = fitted.headline.sample
    assignment = sample.assignment
    outcome = sample.outcome
    if "country" in assignment.groups:
        country = encode_titles(assignment.groups["country"])
        total = np.bincount(country, weights=assignment.weights * outcome)
        outcome = outcome - (total / np.bincount(country, weights=assignment.weights))[country]
    by_asset = average_by_asset(outcome, assignment)
    block = assignment.block[np.unique(assignment.asset, return_index=True)[1]]
    clusters = block[pairs.treated]
    n_titles = len(np.unique(clusters))
    if n_titles < FEWEST_TITLES:
        return None
    try:
        return rosenbaum_bounds(
            by_asset[pairs.treated],
            by_asset[pairs.control],
            clusters=clusters,
            variant="exact" if n_titles <= min(MOST_TITLES_EXACT, LARGEST_EXACT) else "normal",
            alternative="greater" if direction >= 0 else "less",
            alpha=(1 - level) / 2,
        )
    except NotIdentifiedError:
        return None


def judge_hidden_bias(bounds: RosenbaumBounds, component: str) -> Diagnostic:
    """Say the critical Gamma; informational, since nothing observed tells how large a Gamma is plausible.

    The same doubt is decided once, by the robustness value against the strongest observed confounder; a fixed limit
    here would count it twice.
    """
    gamma = bounds.critical_gamma
    counted = f"{bounds.n_pairs:,} pairs of alike artwork from {bounds.n_informative:,} titles"
    if gamma <= 1:
        sentence = f"By themselves, {counted} do not show the effect clearly, even if nothing is hidden."
        return Diagnostic("hidden_bias", gamma, None, None, sentence)
    often = f"more than {LARGEST_GAMMA:,.0f}" if gamma >= LARGEST_GAMMA else f"{gamma:.2f}"
    better = "better" if bounds.alternative == "greater" else "worse"
    sentence = (
        f"In {counted}, the one with {component} does {better}. To undo that, something unseen would have to multiply "
        f"the odds of having {component} by {often} between two artworks of a pair that look the same to us."
    )
    return Diagnostic("hidden_bias", gamma, None, None, sentence)


def show_pairs(
    cells: Cells,
    fitted: FittedHypothesis,
    title_names: pd.Series,
    seed: int,
    matched: MatchedArtworks | None = None,
) -> tuple[PairPicture, ...]:
    """The matched pairs whose artworks are most alike in confounders and picture, one per title, to be looked at.

    Where the design compares across titles the two of a pair are of different titles, and both are named. `matched` is
    what `match_artworks` has found with this seed, where it was asked before.
    """
    matched = matched or match_artworks(fitted, seed)
    if matched is None:
        return ()
    pairs, fit = matched.pairs, fitted.headline
    rows = fitted.rows[fit.keep]
    first = np.unique(fit.sample.assignment.asset, return_index=True)[1]
    names = cells.frame["asset_id"].to_numpy(dtype=object)[rows[first]]
    covariates = fit.sample.assignment.confounders.values[first]
    if cells.embedding is not None and "embedding" not in fit.sample.assignment.confounders.blocks:
        covariates = np.hstack([covariates, principal_components(cells.embedding[rows[first]], PICTURE_COMPONENTS)])
    shown = most_alike(pairs, covariates, NUMBER_OF_PAIRS)
    titles = cells.frame["title_id"].to_numpy(dtype=object)[rows[first]]
    rates = _pooled_rates(cells, fitted)
    return tuple(
        _picture(
            (str(titles[i]), str(titles[j])), title_names, rates.loc[names[i]], rates.loc[names[j]], matched.shared
        )
        for i, j in zip(pairs.treated[shown], pairs.control[shown], strict=True)
    )


def _pooled_rates(cells: Cells, fitted: FittedHypothesis) -> pd.DataFrame:
    """Outcome of each artwork over its countries, and impressions behind it where the outcome is a rate."""
    rows = fitted.rows
    counts = np.ones(len(rows)) if cells.impressions is None else cells.impressions[rows]
    frame = pd.DataFrame(
        {"asset_id": cells.frame["asset_id"].to_numpy()[rows], "n": counts, "takes": counts * cells.outcome[rows]}
    )
    total = frame.groupby("asset_id")[["n", "takes"]].sum()
    return total.assign(rate=total["takes"] / total["n"], is_rate=cells.impressions is not None)


def _picture(
    title_ids: tuple[str, str], title_names: pd.Series, treated: pd.Series, control: pd.Series, shared: str
) -> PairPicture:
    own, other = title_ids
    is_of_one = own == other
    return PairPicture(
        title_id=own,
        title=str(title_names.get(own, own)),
        treated_asset=str(treated.name),
        control_asset=str(control.name),
        treated_rate=float(treated["rate"]),
        control_rate=float(control["rate"]),
        treated_impressions=int(treated["n"]) if treated["is_rate"] else None,
        control_impressions=int(control["n"]) if control["is_rate"] else None,
        control_title_id=None if is_of_one else other,
        control_title=None if is_of_one else str(title_names.get(other, other)),
        shared=shared,
    )
