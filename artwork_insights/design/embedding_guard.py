"""Does a block of confounders, such as an embedding, encode the component itself?

An embedding of the artwork sees the face that we ask about. Adjusting for it then takes away the very variation that
the effect is learnt from: hardly any is left, and what is left is noise (the failure that DICE-DML disentangles,
arXiv:2603.02359). So the treatment is predicted out of fold from all blocks, without each one, and from each one alone,
by one cheap model with fixed settings; the quick answer is the same in kind as that of the tuned model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from artwork_insights.design.assignment import Assignment, BoolArray
from artwork_insights.design.confounders import Confounders
from artwork_insights.design.folds import IntArray, assign_title_folds
from artwork_insights.design.learners import BoostingSettings, Features, Problem, cross_fit
from artwork_insights.design.treatment_model import design_covariates, treatment_auc, treatment_variance_left
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.study import DesignName

SMALLEST_VARIANCE_LEFT = 0.05
SETTINGS = BoostingSettings(max_depth=3, learning_rate=0.3, min_child_weight=1.0, rounds=50)
FOLDS = 3
MOST_ROWS = 10_000
TREATED_SHARE = "title mean of the treatment"


@dataclass(frozen=True, slots=True)
class Predictability:
    """How well some confounders predict the treatment of titles held out.

    Attributes
    ----------
    score : float
        Area under the ROC curve for a condition, R2 for a continuous treatment.
    variance_left : float
        Share of the treatment's variance that they leave, in [0, 1].
    """

    score: float
    variance_left: float


@dataclass(frozen=True, slots=True)
class BlockInfluence:
    """One block of confounders: the treatment predicted without it, and from it alone."""

    block: str
    n_columns: int
    without: Predictability
    alone: Predictability


@dataclass(frozen=True, slots=True)
class TreatmentGuard:
    """What each block knows about the treatment.

    Attributes
    ----------
    score_name : {"auc", "r2"}
        What the scores are.
    together : Predictability
        From all confounders.
    blocks : tuple of BlockInfluence
        In the order of the confounders.
    encoding : tuple of str
        Blocks that encode the treatment; empty unless less than 5 % of its variance is left with all of them.
    n_rows : int
        Rows looked at.
    """

    score_name: Literal["auc", "r2"]
    together: Predictability
    blocks: tuple[BlockInfluence, ...]
    encoding: tuple[str, ...]
    n_rows: int


def guard_treatment(assignment: Assignment, design: DesignName = "pooled", *, seed: int = 0) -> TreatmentGuard:
    """Find the blocks of confounders that encode the treatment.

    Parameters
    ----------
    assignment : Assignment of n cells
        Before trimming, which would hide what is sought. More than 10,000 cells are thinned to whole blocks of titles.
    design : {"pooled", "mundlak", "within"}
        Whose covariates and absorbed titles the predictions have.
    seed : int
        Of folds and thinning.

    Returns
    -------
    TreatmentGuard
        Where less than 5 % of the variance is left, `encoding` names the blocks without which more would be left;
        where each of several blocks says it all, those that alone leave less; else the block whose absence helps most.

    References
    ----------
    DICE-DML (arXiv:2603.02359), on treatments that an embedding among the confounders encodes.
    """
    rng = np.random.default_rng(seed)
    thinned = _thin(assignment, rng)
    covariates = design_covariates(thinned, design)
    absorb = None if design == "pooled" else thinned.title
    folds = assign_title_folds(thinned.block, FOLDS, rng)

    def predict(keep: BoolArray) -> Predictability:
        return _predict(thinned, covariates, keep, absorb, folds, seed)

    names = np.array(covariates.blocks, dtype=object)
    always = names == TREATED_SHARE
    together = predict(np.ones(len(names), dtype=bool))
    blocks = tuple(
        BlockInfluence(
            block,
            assignment.confounders.blocks.count(block),
            predict(names != block),
            predict((names == block) | always),
        )
        for block in dict.fromkeys(assignment.confounders.blocks)
    )
    return TreatmentGuard(
        "auc" if assignment.is_binary else "r2", together, blocks, _encoding(together, blocks), len(thinned.treatment)
    )


def _thin(assignment: Assignment, rng: np.random.Generator) -> Assignment:
    if len(assignment.block) <= MOST_ROWS:
        return assignment
    sizes = np.bincount(assignment.block)
    order = rng.permutation(len(sizes))
    chosen = np.zeros(len(sizes), dtype=bool)
    chosen[order[: max(FOLDS, int(np.searchsorted(np.cumsum(sizes[order]), MOST_ROWS)))]] = True
    return assignment.rows(chosen[assignment.block])


def _predict(
    assignment: Assignment,
    covariates: Confounders,
    keep: npt.NDArray[np.bool_],
    absorb: IntArray | None,
    folds: IntArray,
    seed: int,
) -> Predictability:
    problem = Problem(
        Features(covariates.values[:, keep]),
        assignment.treatment,
        assignment.weights,
        "logistic" if assignment.is_binary else "squared_error",
        absorb=absorb,
    )
    prediction = cross_fit(problem, folds, SETTINGS, seed)[0]
    left = treatment_variance_left(assignment, prediction)
    return Predictability(treatment_auc(assignment, prediction) if assignment.is_binary else 1 - left, left)


def _encoding(together: Predictability, blocks: tuple[BlockInfluence, ...]) -> tuple[str, ...]:
    if together.variance_left >= SMALLEST_VARIANCE_LEFT or not blocks:
        return ()
    needed = tuple(b.block for b in blocks if b.without.variance_left >= SMALLEST_VARIANCE_LEFT)
    enough = tuple(b.block for b in blocks if b.alone.variance_left < SMALLEST_VARIANCE_LEFT)
    return needed or enough or (max(blocks, key=lambda b: b.without.variance_left).block,)


def judge_guard(guard: TreatmentGuard) -> Diagnostic:
    """Hold the variance left against its limit, and name the blocks that take it away."""
    left = guard.together.variance_left
    passed = left >= SMALLEST_VARIANCE_LEFT
    sentence = f"{left:.0%} of the component's variation is left after adjusting" + (
        "." if passed else f"; {explain_encoding(guard)}"
    )
    return Diagnostic("treatment_variance_left", left, SMALLEST_VARIANCE_LEFT, passed, sentence)


def explain_encoding(guard: TreatmentGuard) -> str:
    """Which blocks encode the component, with numbers, as the end of a sentence; empty where none does."""
    if not guard.encoding:
        return ""
    named = [block for block in guard.blocks if block.block in guard.encoding]
    words = {"auc": "AUC", "r2": "R2"}[guard.score_name]
    parts = [
        f"{b.block} (predicts it alone with {words} {b.alone.score:.2f}; {b.without.variance_left:.0%} would be left "
        "without it)"
        for b in named
    ]
    return f"it is encoded by {' and by '.join(parts)}: leave that out of the confounders, or give fewer numbers of it."
