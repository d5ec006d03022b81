"""Several arms of one component (no face, one, two, three or more): every arm against every other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.design.reading import as_numbers
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.effects.simultaneous import JointTest
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName


@dataclass(frozen=True, slots=True)
class ArmMean:
    """Mean outcome if all comparable cells were in one arm.

    Attributes
    ----------
    arm : str
    mean, std_error : float
        Doubly robust, in the outcome's unit, clustered by title.
    n_cells, n_titles : int
        Cells averaged over. Under `mundlak` they are those of titles that have the arm, so the means of two arms may be
        over different titles: compare arms by their contrast.
    """

    arm: str
    mean: float
    std_error: float
    n_cells: int
    n_titles: int


@dataclass(frozen=True, slots=True)
class ArmContrast:
    """Effect of one arm rather than another.

    Attributes
    ----------
    arm, versus : str
        The effect is that of `arm` rather than `versus`.
    estimate : EffectEstimate or None
        Over the cells that could have been in either (under `mundlak`, of titles that have both arms); None where it is
        not identified.
    simultaneous_interval : (float, float) or None
        Covers all contrasts at once, at the level of `ArmEffects`.
    sentence : str
        Why it is not identified, else empty.
    """

    arm: str
    versus: str
    estimate: EffectEstimate | None
    simultaneous_interval: tuple[float, float] | None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class ArmEffects:
    """Effects of several arms.

    Attributes
    ----------
    arms : tuple of str
        In their order.
    reference : str
        Arm that `no_difference` holds the others against.
    means : tuple of ArmMean
        Empty under `within`, which estimates differences only.
    contrasts : tuple of ArmContrast
        Each pair once, the later arm against the earlier, those with the reference first.
    no_difference : JointTest or None
        Of all identified contrasts with the reference; None where there are too few titles to test them together.
    level : float
        At which the simultaneous intervals hold, e.g. 0.95.
    """

    arms: tuple[str, ...]
    reference: str
    design: DesignName
    means: tuple[ArmMean, ...]
    contrasts: tuple[ArmContrast, ...]
    no_difference: JointTest | None
    level: float = 0.95

    def contrast(self, arm: str, versus: str) -> ArmContrast:
        """The contrast of two arms, as it was estimated: either `arm` against `versus`, or the reverse."""
        for found in self.contrasts:
            if {found.arm, found.versus} == {arm, versus}:
                return found
        raise KeyError(f"no contrast of {arm!r} and {versus!r}; arms: {', '.join(self.arms)}")


def cut_arms(values: npt.ArrayLike, edges: Sequence[float]) -> pd.Categorical[object]:
    """Cut numbers into arms from their lower edges: edges 0, 1, 2, 3 make "0", "1", "2" and "3+".

    Parameters
    ----------
    values : array of shape (n,)
        Counts or shares; missing where not finite or below the first edge.
    edges : sequence of float
        Lower edges, ascending. Whole numbers name whole numbers ("1-2"), others intervals ("0.1 to <0.3").
    """
    lower = as_numbers("list of edges", np.asarray(edges))
    if len(lower) < 2 or not np.isfinite(lower).all() or not (np.diff(lower) > 0).all():
        raise NotIdentifiedError("arms need at least two lower edges in ascending order, such as 0, 1, 2, 3.")
    numbers = as_numbers("column of values", values)
    whole = bool((lower == np.round(lower)).all() and (numbers[np.isfinite(numbers)] % 1 == 0).all())
    names = [_name(low, high, whole=whole) for low, high in pairwise(lower)]
    codes = np.searchsorted(lower, numbers, side="right") - 1
    codes = np.where(np.isfinite(numbers), codes, -1)
    order = [*names, f"{lower[-1]:g}+"]
    return pd.Categorical([order[code] if code >= 0 else None for code in codes], categories=order, ordered=True)


def _name(low: float, high: float, *, whole: bool) -> str:
    if not whole:
        return f"{low:g} to <{high:g}"
    return f"{low:g}" if high - low == 1 else f"{low:g}-{high - 1:g}"


def encode_arms(arms: npt.ArrayLike, reference: str | None) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Codes 0, 1, ... of arms, the reference 0 and the others in their order.

    Raises
    ------
    NotIdentifiedError
        For a missing arm, fewer than two arms, or an unknown reference.
    """
    is_ordered = isinstance(arms, (pd.Categorical, pd.CategoricalIndex, pd.Series))
    labels = arms if is_ordered else np.asarray(arms, dtype=object)
    if np.ndim(labels) != 1:
        raise NotIdentifiedError(f"the arms have shape {np.shape(labels)}; give one arm per row.")
    column = pd.Categorical(pd.Series(labels))
    column = column.remove_unused_categories()
    missing = int((column.codes < 0).sum())
    if missing:
        raise NotIdentifiedError(f"the arm is missing in {missing} of {len(column)} rows; leave those rows out.")
    names = [str(name) for name in column.categories]
    if len(set(names)) < len(names):
        raise NotIdentifiedError("two arms have one name, as 1 and '1' do; make the labels of one kind.")
    if len(names) < 2:
        raise NotIdentifiedError(f"{len(names)} arm holds all rows; a comparison needs at least 2.")
    reference = None if reference is None else str(reference)
    if reference is not None and reference not in names:
        raise NotIdentifiedError(f"reference {reference!r} is not an arm; arms are {', '.join(names)}.")
    first = 0 if reference is None else names.index(reference)
    order = [first, *(k for k in range(len(names)) if k != first)]
    place = np.argsort(order)
    return place[column.codes].astype(np.int64), tuple(names[k] for k in order)


def arm_pairs(n_arms: int) -> list[tuple[int, int]]:
    """Pairs (later, earlier) of arm codes; those with the reference 0 come first."""
    return [(b, a) for a, b in combinations(range(n_arms), 2)]
