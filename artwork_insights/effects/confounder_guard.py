"""Which confounders encode the treatment, from arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy.typing as npt
import pandas as pd

from artwork_insights.design.embedding_guard import FOLDS, TreatmentGuard, guard_treatment
from artwork_insights.effects.arrays import in_own_order, sample_from_arrays
from artwork_insights.effects.average import check_choices, check_coding, default_design
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.study import DesignName


def guard_confounders(
    treatment: npt.ArrayLike,
    confounders: pd.DataFrame | npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    blocks: Sequence[str] | None = None,
    design: DesignName | None = None,
    weights: npt.ArrayLike | None = None,
    seed: int = 0,
) -> TreatmentGuard:
    """Measure how well each block of confounders predicts the treatment, and what all together leave of it.

    Parameters
    ----------
    treatment, confounders, clusters, design, weights, seed
        As in `estimate_average_effect`. No outcome is seen.
    blocks : sequence of k str, optional
        Block of each column of `confounders`, such as ``"embedding"`` for all of its dimensions; by default every
        column is a block.

    Returns
    -------
    TreatmentGuard
        `encoding` names the blocks that hold the treatment itself, where less than 5 % of its variance is left.

    Raises
    ------
    NotIdentifiedError
        For columns that are no numbers or labels of one length, an unknown design, or a wrong number of blocks.

    References
    ----------
    DICE-DML (arXiv:2603.02359), on treatments that an embedding among the confounders encodes.
    """
    check_choices(design=design, learner="xgboost", seed=seed)
    sample = sample_from_arrays(treatment, treatment, confounders, clusters, weights=weights)
    check_coding(sample.assignment.treatment)
    sample, _, _ = in_own_order(sample, FOLDS)
    assignment = sample.assignment
    if blocks is not None:
        columns = tuple(dict.fromkeys(assignment.confounders.blocks))
        if isinstance(blocks, str) or len(blocks) != len(columns):
            raise NotIdentifiedError(f"blocks={blocks!r} must name a block for each of the {len(columns)} columns.")
        name = dict(zip(columns, map(str, blocks), strict=True))
        named = tuple(name[block] for block in assignment.confounders.blocks)
        assignment = replace(assignment, confounders=replace(assignment.confounders, blocks=named))
    return guard_treatment(assignment, design or default_design(assignment), seed=seed)
