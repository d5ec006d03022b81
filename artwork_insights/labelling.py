"""Plans which artworks to label next: from a study to a table that is filled in and handed back as its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from artwork_insights.catalog.catalog import Catalog, read_catalog
from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.catalog.labels import PROBABILITY, WAVE, seen_columns
from artwork_insights.effects.cells import Cells, join_tables
from artwork_insights.errors import NotIdentifiedError, OutputError, TableError
from artwork_insights.features.table import read_feature_table
from artwork_insights.inquiry.answer import seed_of
from artwork_insights.inquiry.detector_cells import DetectorInput, label_values, read_detector
from artwork_insights.inquiry.label_stakes import HypothesisStake, find_hypothesis_stake
from artwork_insights.pipeline import Progress, keep_half
from artwork_insights.sensitivity.detector.label_plan import (
    Stake,
    draw_artworks,
    error_so_far,
    label_probabilities,
    promised_error,
)
from artwork_insights.sensitivity.detector.label_waves import EarlierLabels, read_earlier_labels
from artwork_insights.sensitivity.detector.labelled import FEWEST_LABELS
from artwork_insights.study import Hypothesis, Study
from artwork_insights.study_names import is_measured, refuse_unknown_names

STEP = 100
MOST_STEPS = 6


@dataclass(frozen=True, slots=True)
class Promise:
    """How narrow one corrected interval gets.

    Attributes
    ----------
    hypothesis, assumption : str
        Its name, and how good the detector was taken to be.
    uncorrected : float
        Half the interval of the slope as detected, errors and all; in the outcome's unit, as are the others.
    half_widths : tuple of (int, float)
        Number of labels yet to be made, and half the corrected interval with them and with those made so far; the
        first is 0 where these give an interval by themselves. Never wider than the one before: labels that would not
        help need not be made, nor handed back.
    n_before : int
        Artworks that have a label already.
    """

    hypothesis: str
    assumption: str
    uncorrected: float
    half_widths: tuple[tuple[int, float], ...]
    n_before: int = 0

    def row(self, number: int) -> str:
        """What stands before a half-width in the table."""
        if number == 0:
            return f"now, {self.n_before:,} labels"
        return f"{number:,} more labels" if self.n_before else f"corrected, {number:,} labels"


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """A written plan.

    Attributes
    ----------
    out : Path
    n_drawn, n_known : int
        Artworks to label, and those of them that have labels already.
    promises : tuple of Promise
    skipped : tuple of (str, str)
        Hypotheses that labels do not help, and why.
    is_rate : bool
        Whether effects are shown as takes per 1,000 impressions.
    """

    out: Path
    n_drawn: int
    n_known: int
    promises: tuple[Promise, ...]
    skipped: tuple[tuple[str, str], ...]
    is_rate: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """What to print: a sentence, and a small table for every hypothesis."""
        known = f", {self.n_known} of them labelled already" if self.n_known else ""
        found = [f"{self.out}: {self.n_drawn} artworks to label{known}. Fill in what you see, then name the file as"]
        found.append(f'labels = "{self.out.name}" under [detector] in the study file.')
        factor, unit = (1000.0, "takes per 1,000 impressions") if self.is_rate else (1.0, "the outcome's unit")
        for promise in self.promises:
            found += ["", f"{promise.hypothesis} ({promise.assumption}); half the interval, in {unit}:"]
            found.append(f"  {'as detected, errors and all':<28} {factor * promise.uncorrected:8.3g}")
            last = None
            for number, width in promise.half_widths:
                change = "" if last is None else f"   {(width - last) / last:+.0%}"
                found.append(f"  {promise.row(number):<28} {factor * width:8.3g}{change}")
                last = width
        found += [f"\n{name}: {reason}" for name, reason in self.skipped]
        return tuple(found)


def plan_study_labels(study: Study, out: Path, n_labels: int = 300, *, progress: Progress | None = None) -> LabelPlan:
    """Draw the artworks whose labels tell most about the study's hypotheses, and write them to be filled in.

    The probability of each is in the table; handing them back unchanged keeps the corrected effect honest. Artworks
    labelled before stay in the table, with the wave they were drawn in, and count on.

    Raises
    ------
    ArtworkInsightsError
        One sentence; nothing is written then. A file that is there is never written over: it may hold labels.
    """
    if not out.parent.is_dir() or out.suffix != ".csv":
        raise OutputError(f"--out {out}: name a file that ends in .csv, in a folder that is there.")
    if out.exists():
        raise OutputError(f"{out} is there already and may hold labels; name a new file with --out.")
    tell = progress or (lambda _: None)
    catalog = read_catalog(study.data)
    refuse_unknown_names(study, catalog)
    if not is_measured(study.data.features):
        raise OutputError(f"{study.data.features} holds no features yet; `artwork-insights run` measures them.")
    given = read_detector(study)
    catalog, _ = keep_half(catalog, study)
    outcome = study.data.outcome
    conditions = [hypothesis.expression for hypothesis in study.hypothesis]
    features = read_feature_table(study.data.features)
    cells = join_tables(catalog, features, outcome.column if outcome else None, conditions)
    assets = sorted(set(cells.frame["asset_id"]))
    stakes: list[HypothesisStake] = []
    before: list[EarlierLabels | None] = []
    skipped: list[tuple[str, str]] = []
    for hypothesis in study.hypothesis:
        tell(f"weighing labels for {hypothesis.name}")
        seed = seed_of(study.study.seed, hypothesis.name)
        try:
            stakes.append(find_hypothesis_stake(cells, hypothesis, given, study.estimation, assets, seed))
        except (NotIdentifiedError, TableError) as error:
            skipped.append((hypothesis.name, str(error)))
            continue
        before.append(_earlier(cells, hypothesis, stakes[-1].stake, given, assets))
    if not stakes:
        raise NotIdentifiedError(f"labels help no hypothesis: {skipped[0][0]}: {skipped[0][1]}")
    probability = label_probabilities([one.stake for one in stakes], n_labels)
    wave = 1 if given is None or given.labels is None else int(given.labels[WAVE].max()) + 1
    drawn = draw_artworks(probability, np.random.default_rng([study.study.seed, wave]))
    columns = _columns_to_fill(study, [one.hypothesis for one in stakes])
    table, n_known = _tabulate(catalog, assets, drawn, probability, columns, given, wave)
    table.to_csv(out, index=False)
    return LabelPlan(
        out, int(drawn.sum()), n_known, _promise(stakes, before, len(assets), n_labels, study.estimation.level),
        tuple(skipped), outcome is None,
    )  # fmt: skip


def _earlier(
    cells: Cells, hypothesis: Hypothesis, stake: Stake, given: DetectorInput | None, assets: Sequence[str]
) -> EarlierLabels | None:
    """The labels of a hypothesis that are there already; None without any."""
    if given is None or given.labels is None:
        return None
    seen = np.isfinite(label_values(cells, hypothesis, given.labels))
    return read_earlier_labels(given.labels, seen, assets, stake.change != 0)


def _columns_to_fill(study: Study, names: Sequence[str]) -> list[str]:
    """Features that a person has to look for; a count of faces tells whether there is one."""
    wanted = [one.expression.names for one in study.hypothesis if one.name in names]
    found = dict.fromkeys(name for group in wanted for name in group)
    detected = [name for name in found if name not in FEATURE_COLUMNS or FEATURE_COLUMNS[name].face_role == "derived"]
    asked = detected or list(found)
    return [name for name in asked if not (name == "face_present" and "face_count" in asked)]


def _tabulate(
    catalog: Catalog,
    assets: Sequence[str],
    drawn: np.ndarray,
    probability: np.ndarray,
    columns: Sequence[str],
    given: DetectorInput | None,
    wave: int,
) -> tuple[pd.DataFrame, int]:
    """The table to fill in: what is known already first, then the artworks drawn."""
    location = catalog.assets.set_index("asset_id")["location"]
    chosen = [asset for asset, is_drawn in zip(assets, drawn, strict=True) if is_drawn]
    new = pd.DataFrame({"asset_id": chosen, "location": [location[asset] for asset in chosen]})
    for name in columns:
        new[name] = np.nan
    new[PROBABILITY] = np.asarray(probability)[drawn]
    new[WAVE] = wave
    if given is None or given.labels is None:
        return new, 0
    before = given.labels
    known = before.drop_duplicates("asset_id", keep="last").set_index("asset_id")
    for name in seen_columns(before):
        new[name] = new["asset_id"].map(known[name])
    n_known = int(new["asset_id"].isin(known.index).sum())
    kept = [name for name in before.columns if name != "location"]
    old = before[kept].astype({WAVE: int}).assign(location=[location.get(asset, "") for asset in before["asset_id"]])
    return pd.concat([old, new], ignore_index=True)[list(dict.fromkeys([*new.columns, *old.columns]))], n_known


def _promise(
    stakes: Sequence[HypothesisStake], before: Sequence[EarlierLabels | None], n: int, n_labels: int, level: float
) -> tuple[Promise, ...]:
    sizes = sorted(
        {size for size in (*range(STEP, STEP * MOST_STEPS + 1, STEP), n_labels) if size <= n} | {min(n, n_labels)}
    )
    z = float(stats.norm.ppf(0.5 + level / 2))
    shares = {size: label_probabilities([one.stake for one in stakes], size) for size in sizes}
    return tuple(_promise_one(one, earlier, shares, z) for one, earlier in zip(stakes, before, strict=True))


def _promise_one(
    one: HypothesisStake, earlier: EarlierLabels | None, shares: Mapping[int, np.ndarray], z: float
) -> Promise:
    """Half-widths with every number of further labels, each at most the one before."""
    errors = {}
    if earlier is not None and earlier.n_artworks >= FEWEST_LABELS:
        errors[0] = error_so_far(one.stake, earlier)
    errors |= {size: promised_error(one.stake, share, earlier) for size, share in shares.items()}
    least = np.minimum.accumulate([z * error for error in errors.values()])
    n_before = 0 if earlier is None else earlier.n_artworks
    widths = tuple((size, float(width)) for size, width in zip(errors, least, strict=True))
    return Promise(one.hypothesis, one.assumption, one.half_width, widths, n_before)
