"""Who got the component, among which titles, and what was decided before: an assignment has no outcome field."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.confounders import Confounders, FloatArray, title_means
from artwork_insights.design.folds import IntArray, encode_titles, splits
from artwork_insights.design.reading import as_numbers, as_positive
from artwork_insights.errors import NotIdentifiedError

BoolArray = npt.NDArray[np.bool_]
StringArray = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Treatment, confounders and groups of n cells (an asset in a country).

    Attributes
    ----------
    asset : array of shape (n,), int
        Asset codes.
    title : array of shape (n,), int
        Title codes.
    block : array of shape (n,), int
        Codes of independent blocks: titles, or several titles joined by near-identical artwork. Folds and standard
        errors follow them.
    treatment : array of shape (n,), float
        0 and 1 for a condition, a number for a continuous treatment; never NaN.
    confounders : Confounders of n rows
        Decided before, or independently of, the treatment.
    weights : array of shape (n,)
        Precision weights, mean about 1.
    groups : mapping from modifier to array of shape (n,)
        Group labels of the effect modifiers.
    country : array of shape (n,), int, or None
        Codes of a second clustering, which standard errors follow too where there are enough of them.
    """

    asset: IntArray
    title: IntArray
    block: IntArray
    treatment: FloatArray
    confounders: Confounders
    weights: FloatArray
    groups: Mapping[str, StringArray]
    country: IntArray | None = None

    @property
    def is_binary(self) -> bool:
        """Whether the treatment takes only the values 0 and 1."""
        return bool(np.isin(self.treatment, (0.0, 1.0)).all())

    @property
    def n_titles(self) -> int:
        """Number of titles among the cells."""
        return len(np.unique(self.title))

    @property
    def n_blocks(self) -> int:
        """Number of independent blocks among the cells."""
        return len(np.unique(self.block))

    @property
    def n_assets(self) -> int:
        """Number of assets among the cells."""
        return len(np.unique(self.asset))

    @property
    def repeats_titles(self) -> bool:
        """Whether some title has several assets."""
        return self.n_assets > self.n_titles

    def rows(self, keep: BoolArray | IntArray) -> Assignment:
        """Select cells by mark or by place; titles and assets are numbered anew."""
        return Assignment(
            encode_titles(self.asset[keep]),
            encode_titles(self.title[keep]),
            encode_titles(self.block[keep]),
            self.treatment[keep],
            self.confounders.rows(keep),
            self.weights[keep],
            {name: labels[keep] for name, labels in self.groups.items()},
            None if self.country is None else encode_titles(self.country[keep]),
        )

    def treated_share(self) -> FloatArray:
        """Title mean of the treatment, own cell included; shape (n,)."""
        return title_means(self.treatment, self.title, self.weights)

    def in_varying_title(self) -> BoolArray:
        """Cells of titles whose assets differ in the treatment; shape (n,)."""
        size = int(self.title.max()) + 1
        lowest, highest = np.full(size, np.inf), np.full(size, -np.inf)
        np.minimum.at(lowest, self.title, self.treatment)
        np.maximum.at(highest, self.title, self.treatment)
        return np.asarray((highest > lowest)[self.title])


def make_assignment(
    treatment: npt.ArrayLike,
    confounders: Confounders,
    title: npt.ArrayLike,
    *,
    asset: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    groups: Mapping[str, npt.ArrayLike] | pd.DataFrame | None = None,
    block: npt.ArrayLike | None = None,
    country: npt.ArrayLike | None = None,
) -> Assignment:
    """Check shapes and values, number titles, assets and blocks; `block` is the title where none is given.

    Raises
    ------
    NotIdentifiedError
        When lengths differ, a treatment or a title is missing, a weight is not positive, a title lies in two blocks,
        or the treatment never varies.
    """
    treatment = as_numbers("treatment", treatment)
    n = len(treatment)
    labels = label_arrays(groups)
    lengths = {"confounders": len(confounders.values), "clusters": len(np.asarray(title))}
    lengths |= {} if asset is None else {"asset": len(np.asarray(asset))}
    lengths |= {} if weights is None else {"weights": len(np.asarray(weights))}
    lengths |= {} if block is None else {"block": len(np.asarray(block))}
    lengths |= {} if country is None else {"country": len(np.asarray(country))}
    lengths |= {f"groups {name!r}": len(column) for name, column in labels.items()}
    for name, length in lengths.items():
        if length != n:
            raise NotIdentifiedError(f"{name} has {length} rows and the treatment {n}; give one row per cell.")
    if not np.isfinite(treatment).all():
        missing = int((~np.isfinite(treatment)).sum())
        raise NotIdentifiedError(f"the treatment is missing in {missing} of {n} rows; leave those rows out.")
    if n == 0 or treatment.min() == treatment.max():
        value = f"always {treatment[0]:g}" if n else "empty"
        raise NotIdentifiedError(f"the treatment does not vary (it is {value}); there is nothing to compare.")
    if pd.isna(np.asarray(title, dtype=object)).any():
        raise NotIdentifiedError("some rows have no cluster; leave those rows out or name their title.")
    weight = np.ones(n) if weights is None else as_positive("weights", weights, n)
    codes = encode_titles(title)
    return Assignment(
        encode_titles(np.arange(n) if asset is None else asset),
        codes,
        codes if block is None else _blocks_of(codes, block),
        treatment,
        confounders,
        weight / weight.mean(),
        labels,
        None if country is None else encode_titles(country),
    )


def _blocks_of(title: IntArray, block: npt.ArrayLike) -> IntArray:
    codes = encode_titles(block)
    if splits(title, codes):
        raise NotIdentifiedError("a title lies in two blocks; give all artworks of a title one block.")
    return codes


def label_arrays(groups: Mapping[str, npt.ArrayLike] | pd.DataFrame | None) -> dict[str, StringArray]:
    """Group labels by modifier, as arrays of shape (n,); rows without a label are the group ``"missing"``.

    Raises
    ------
    NotIdentifiedError
        When the groups are no mapping of names to columns, or two columns have one name.
    """
    if groups is not None and not isinstance(groups, (Mapping, pd.DataFrame)):
        raise NotIdentifiedError("groups need names: give a data frame, or a mapping such as {'genre': labels}.")
    columns: list[tuple[Hashable, npt.ArrayLike]] = [] if groups is None else list(groups.items())
    found: dict[str, StringArray] = {}
    for name, column in columns:
        labels = np.asarray(column, dtype=object)
        if labels.ndim != 1 or str(name) in found:
            raise NotIdentifiedError(f"groups {str(name)!r} need one column of labels under a name of their own.")
        known = np.where(pd.isna(labels), "missing", labels)
        is_mixed = len({isinstance(label, str) for label in known}) > 1
        found[str(name)] = known.astype(str).astype(object) if is_mixed else known
    return found
