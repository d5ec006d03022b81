"""The checks of one hypothesis on hand-made cells: an embedding that sees the component, and what artwork to make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from artwork_insights.effects.cells import Cells
from artwork_insights.effects.estimates import EffectEstimate
from artwork_insights.errors import NotIdentifiedError
from artwork_insights.inquiry.attack import attack
from artwork_insights.inquiry.comparison import check_comparison, titles_for_interval
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.study import Estimation, Hypothesis

N_TITLES, PER_TITLE = 120, 5
SETTINGS = Estimation(folds=2, placebo_draws=0, forest=False, learner="linear")


def make_cells(encodes, seed=0):
    """One country; an embedding of 6 numbers that holds the face or does not; documentaries hardly show one."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(N_TITLES), PER_TITLE)
    n = len(title)
    genre = np.where(title % 4 == 0, "Documentary", "Drama")
    colour = rng.normal(size=n)
    chance = np.where(genre == "Documentary", 0.02, 1 / (1 + np.exp(-colour)))
    face = (rng.random(n) < chance).astype(int)
    quality = rng.normal(size=N_TITLES)[title]
    seen = np.column_stack([colour, 3 * face]) if encodes else colour[:, None]
    embedding = seen @ rng.normal(size=(seen.shape[1], 6)) + 0.01 * rng.normal(size=(n, 6))
    frame = pd.DataFrame(
        {"asset_id": [f"a{i:04d}" for i in range(n)], "title_id": [f"t{t:03d}" for t in title], "face_count": face,
         "genre": genre}
    )  # fmt: skip
    outcome = 0.05 + 0.002 * face + 0.01 * quality + 0.002 * colour + 0.002 * rng.normal(size=n)
    return Cells(frame, outcome, np.ones(n), None, embedding, ())


def ask(confounders, **changes):
    return Hypothesis(
        name="face", treatment="face_count > 0", confounders=confounders, effect_modifiers=("genre",), **changes
    )


@pytest.fixture(scope="module")
def answered():
    question = ask(("embedding",), smallest_effect_of_interest=0.0005)
    fitted = fit_hypothesis(make_cells(encodes=False), question, SETTINGS, 0)
    estimate = fitted.headline.estimate(fitted.estimand)
    return estimate, attack(Remaker(fitted, SETTINGS, 0), estimate, question, "a face", has_countries=False)


def test_an_embedding_that_does_not_see_the_component_passes_and_balance_has_every_column(answered):
    _, found = answered
    checks = {check.name: check for check in found.diagnostics}
    assert checks["treatment_variance_left"].passed
    assert checks["calibration"].value == found.calibration.excess_error
    assert {row.block for row in found.balance} == {"embedding"}
    assert len(found.balance) == 6
    assert found.overlap.effective_n_treated_before > 0


def test_an_embedding_that_sees_the_component_is_named_by_the_check_of_what_is_left():
    question = ask(("genre", "embedding"))
    fitted = fit_hypothesis(make_cells(encodes=True), question, SETTINGS, 0)
    estimate = fitted.headline.estimate(fitted.estimand)
    found = attack(Remaker(fitted, SETTINGS, 0), estimate, question, "a face", has_countries=False)
    assert found.guard.encoding == ("embedding",)
    (check,) = [check for check in found.diagnostics if check.name == "treatment_variance_left"]
    assert check.passed is False
    assert "it is encoded by embedding (predicts it alone with AUC 1.00" in check.sentence


def test_it_is_named_too_where_nothing_can_be_compared_for_it():
    cells = make_cells(encodes=True)
    lone = replace(cells, frame=cells.frame.assign(title_id=cells.frame["asset_id"]))  # only `pooled` is left
    with pytest.raises(NotIdentifiedError, match=r"no artworks with and without.* it is encoded by embedding \(predic"):
        fit_hypothesis(lone, ask(("embedding",)), SETTINGS, 0)


def test_the_genre_without_faces_is_named_with_the_number_that_the_smallest_effect_asks_for(answered):
    estimate, found = answered
    (missing,) = [group for group in found.overlap.missing if group.group == "Documentary"]
    low, high = estimate.interval(0.95)
    needed = max(10, int(np.ceil(estimate.n_titles * ((high - low) / 2 / 0.0005) ** 2)))
    assert missing.n_titles == 30
    assert missing.n_to_make_with == min(needed, 30) - missing.n_titles_comparable
    assert missing.sentence.startswith(f"Documentary: {missing.n_treated} of 150 artworks show a face; ")


def test_the_optimal_rule_is_that_of_the_study():
    question = ask(("embedding",))
    cells = make_cells(encodes=False)
    settings = SETTINGS.model_copy(update={"trim": "crump"})
    fitted = fit_hypothesis(cells, question, settings, 0)
    overlap, _, _ = check_comparison(fitted, "crump", "a face", 10)
    assert "Crump's optimal limits" in overlap.rule
    assert overlap.n_after == len(fitted.headline.sample.outcome)


def test_the_titles_needed_shrink_the_interval_to_the_smallest_effect():
    estimate = EffectEstimate("ATE", "mundlak", "aipw", 0.001, 0.0004, 200, 1000, 500, 200)
    low, high = estimate.interval(0.95)
    needed = titles_for_interval(estimate, 0.0002, 0.95)
    assert (high - low) / 2 * np.sqrt(200 / needed) <= 0.0002 < (high - low) / 2 * np.sqrt(200 / (needed - 1))
    assert titles_for_interval(estimate, None, 0.95) == 10
    assert titles_for_interval(estimate, 1.0, 0.95) == 10
