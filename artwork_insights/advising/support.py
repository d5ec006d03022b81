"""What a study has seen: written beside its results, so that a new image can be held against it without the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.errors import OutputError
from artwork_insights.expression import parse_expression
from artwork_insights.report.findings import Finding
from artwork_insights.study import single_modifiers

FloatArray = npt.NDArray[np.float64]

SUPPORT = "support.json"
VERSION = 1
RANGE = (0.01, 0.99)
LOOK_GROUPS = ("faces", "colour", "composition")
FEWEST_ARTWORKS = 50
"""Below it no distance is made: its limit, the 99 % quantile, would be the largest value seen."""
SHRINKAGE = 0.1
"""Of the correlations towards zero: features that say nearly the same would else make any image look far away."""


@dataclass(frozen=True, slots=True)
class FeatureRange:
    """Where 98 of 100 analysed artworks lie in one feature, in the feature's unit."""

    feature: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Look:
    """The analysed artwork as one cloud of points.

    Attributes
    ----------
    features : tuple of str, length k
        Measures that every artwork has.
    centre, scale : tuple of float, length k
        Mean and standard deviation.
    precision : tuple of k tuples of k floats
        Inverse of the shrunken correlation matrix.
    limit : float
        Mahalanobis distance that 1 of 100 analysed artworks exceeds.
    """

    features: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    limit: float

    def distance(self, values: FloatArray) -> FloatArray:
        """Mahalanobis distance of each row of `values`, shape (n, k) in, (n,) out."""
        z = (values - np.array(self.centre)) / np.array(self.scale)
        return np.asarray(np.sqrt(np.einsum("ij,jk,ik->i", z, np.array(self.precision), z)))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far two treatments go together inside titles: correlation, or None where too few artworks have both."""

    first: str
    second: str
    correlation: float | None


@dataclass(frozen=True, slots=True)
class Support:
    """Everything that `advise` needs beside the results.

    Attributes
    ----------
    version : int
        Of this layout.
    n_artworks : int
        Analysed.
    ranges : tuple of FeatureRange
        Of every feature that a treatment or a confounder reads.
    look : Look or None
        None below 50 artworks.
    likenesses : tuple of Likeness
        Of every pair of findings, by name of the hypothesis.
    arm_edges : dict from hypothesis to tuple of float
        Lower edges of the arms, where the study asks for arms.
    titles : dict from title_id to dict from modifier to label
        Genre and the like of every title.
    spread_within_titles : float or None
        Standard deviation of the true rates of a title's artworks in one country, takes per impression; None without an
        impression log.
    spread_left : float or None
        The same after what the accepted findings say of each artwork is taken out.
    """

    version: int
    n_artworks: int
    ranges: tuple[FeatureRange, ...]
    look: Look | None
    likenesses: tuple[Likeness, ...]
    arm_edges: dict[str, tuple[float, ...]]
    titles: dict[str, dict[str, str]]
    spread_within_titles: float | None = None
    spread_left: float | None = None


_ADAPTER = TypeAdapter(Support)


def summarise_support(
    cells: pd.DataFrame, findings: Sequence[Finding], arm_edges: Mapping[str, tuple[float, ...]]
) -> Support:
    """Summarise the artwork of a study; reads no outcome.

    Parameters
    ----------
    cells : DataFrame
        ``asset_id``, ``title_id``, features and covariates, one row per cell or artwork.
    findings : sequence of Finding
    arm_edges : mapping from hypothesis to tuple of float
    """
    artwork = cells.drop_duplicates("asset_id").reset_index(drop=True)
    named = [
        name for f in findings for name in (*parse_expression(f.question.treatment).names, *f.question.confounders)
    ]
    return Support(
        version=VERSION,
        n_artworks=len(artwork),
        ranges=tuple(_range(name, artwork) for name in dict.fromkeys(named) if _is_measure(name, artwork)),
        look=_look(artwork),
        likenesses=tuple(_likeness(a, b, artwork) for a, b in combinations(findings, 2)),
        arm_edges=dict(arm_edges),
        titles=_label_titles(artwork, findings),
    )


def write_support(support: Support, path: Path) -> None:
    """Write `support.json`; what cannot be read back is a fault of ours and raises."""
    text = _ADAPTER.dump_json(support, indent=1)
    _ADAPTER.validate_json(text)
    path.write_bytes(text + b"\n")


def read_support(run: Path) -> Support:
    """Read what a run has seen.

    Raises
    ------
    OutputError
        When the run has none, a damaged one, or one of another version.
    """
    path = run / SUPPORT
    if not path.is_file():
        raise OutputError(f"{run} holds no {SUPPORT}, which says what the study has seen: run the study again.")
    try:
        support = _ADAPTER.validate_json(path.read_bytes())
    except ValidationError:
        raise OutputError(f"{path} is damaged or of another version: run the study again.") from None
    if support.version != VERSION:
        raise OutputError(f"{path} is of version {support.version}, expected {VERSION}: run the study again.")
    return support


def numbers_of(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    """Columns as numbers, shape (n, len(names)); NaN where a measure is not defined."""
    columns = [frame[name].to_numpy(np.float64, na_value=np.nan) for name in names]
    return np.column_stack(columns) if columns else np.empty((len(frame), 0))


def _is_measure(name: str, artwork: pd.DataFrame) -> bool:
    measured = name in FEATURE_COLUMNS and FEATURE_COLUMNS[name].dtype in ("int64", "float64") and name in artwork
    return measured and bool(np.isfinite(numbers_of(artwork, [name])).any())


def _range(name: str, artwork: pd.DataFrame) -> FeatureRange:
    low, high = np.nanquantile(numbers_of(artwork, [name]), RANGE)
    return FeatureRange(name, float(low), float(high))


def _look(artwork: pd.DataFrame) -> Look | None:
    if len(artwork) < FEWEST_ARTWORKS:
        return None
    names = ["aspect_ratio", *(name for name, c in FEATURE_COLUMNS.items() if c.group in LOOK_GROUPS)]
    names = [name for name in names if FEATURE_COLUMNS[name].dtype in ("int64", "float64") and name in artwork]
    values = numbers_of(artwork, names)
    usable = np.isfinite(values).all(axis=0) & (values.std(axis=0) > 1e-9)
    names, values = [name for name, keep in zip(names, usable, strict=True) if keep], values[:, usable]
    if not names:
        return None
    centre, scale = values.mean(axis=0), values.std(axis=0)
    correlation = np.atleast_2d(np.corrcoef(values, rowvar=False))
    precision = np.linalg.inv((1 - SHRINKAGE) * correlation + SHRINKAGE * np.eye(len(names)))
    rows = tuple(tuple(map(float, row)) for row in precision)
    look = Look(tuple(names), tuple(map(float, centre)), tuple(map(float, scale)), rows, 0.0)
    limit = float(np.quantile(look.distance(values), RANGE[1]))
    return Look(look.features, look.centre, look.scale, rows, limit)


def _likeness(first: Finding, second: Finding, artwork: pd.DataFrame) -> Likeness:
    """Correlation of two treatments after each title's mean is taken out of both."""
    values = np.column_stack([_treatment(finding, artwork) for finding in (first, second)])
    whole = np.asarray(np.isfinite(values).all(axis=1))
    kept = pd.DataFrame(values[whole])
    within = (kept - kept.groupby(artwork["title_id"].to_numpy()[whole]).transform("mean")).to_numpy()
    length = np.sqrt((within**2).sum(axis=0))
    known = whole.sum() >= FEWEST_ARTWORKS and bool((length > 1e-9).all())
    correlation = float(within[:, 0] @ within[:, 1] / length.prod()) if known else None
    return Likeness(first.question.name, second.question.name, correlation)


def _treatment(finding: Finding, artwork: pd.DataFrame) -> FloatArray:
    expression = parse_expression(finding.question.treatment)
    return expression.evaluate({name: numbers_of(artwork, [name])[:, 0] for name in expression.names})


def _label_titles(artwork: pd.DataFrame, findings: Sequence[Finding]) -> dict[str, dict[str, str]]:
    """Label of each title under every modifier that is a text and the same for all its artworks."""
    modifiers = [
        name
        for name in single_modifiers(m for finding in findings for m in finding.question.effect_modifiers)
        if name in artwork and name != "country" and not pd.api.types.is_numeric_dtype(artwork[name])
    ]
    titles: dict[str, dict[str, str]] = {str(title): {} for title in artwork["title_id"].unique()}
    for name in modifiers:
        label = artwork[name].astype("str").where(artwork[name].notna(), "missing")
        by_title = label.groupby(artwork["title_id"]).agg(["first", "nunique"])
        for title, row in zip(by_title.index, by_title.itertuples(index=False), strict=True):
            if row[1] == 1:
                titles[str(title)][name] = str(row[0])
    return titles
