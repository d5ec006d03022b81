"""Mines a study: from its files to hypotheses that can be pasted into it."""

from __future__ import annotations

from pathlib import Path

from artwork_insights.catalog.catalog import read_catalog
from artwork_insights.errors import OutputError
from artwork_insights.mining.hypotheses import mine_hypotheses, write_hypotheses
from artwork_insights.mining.mined import MiningResult
from artwork_insights.outcomes.take_rate import take_rate_table
from artwork_insights.pipeline import Progress, measure_features
from artwork_insights.study import Study


def mine_study(study: Study, out: Path, *, progress: Progress | None = None) -> MiningResult:
    """Screen the features of a study on the mining half of its titles and write the survivors.

    Parameters
    ----------
    study : Study
        From `artwork_insights.study.read_study`; its own hypotheses play no part.
    out : Path
        TOML file to write.
    progress : callable, optional
        Told in one short sentence what happens next.

    Raises
    ------
    ArtworkInsightsError
        One sentence; nothing is written then.
    """
    if not out.parent.is_dir():
        raise OutputError(f"{out}: there is no folder {out.parent}; make it or write elsewhere.")
    if out.exists():
        raise OutputError(f"{out} is there already and may hold what you wrote; name a new file with --out.")
    catalog = read_catalog(study.data)
    rates = take_rate_table(catalog)
    features = measure_features(study, catalog, progress)
    result = mine_hypotheses(rates, catalog.assets, features.frame, catalog.titles, seed=study.study.seed)
    write_hypotheses(result, out)
    return result
