"""Witness: a simulated unseen cause whose correlation is known."""

from __future__ import annotations

import numpy as np
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.mediation import mediate
from artwork_insights.mechanisms.mediation_sensitivity import indirect_by_rho

PATH_A, PATH_B = 0.8, 0.5


def make_rows(seed, *, unseen, n_titles=400):
    """The unseen parts of mediator and outcome have variance 1 each and covariance `unseen`."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(3, 9, n_titles))
    treated = (rng.random(len(title)) < 0.4).astype(float)
    known = rng.normal(size=len(title))
    parts = rng.multivariate_normal([0, 0], [[1, unseen], [unseen, 1]], size=len(title))
    mediator = PATH_A * treated + known + parts[:, 0]
    return 0.3 * treated + PATH_B * mediator + known + parts[:, 1], treated, mediator, known, title


@pytest.mark.parametrize("unseen", [-0.4, 0.0, 0.3])
def test_at_the_true_correlation_the_planted_effect_is_found_and_at_zero_it_is_not(unseen):
    curves = [indirect_by_rho(*make_rows(seed, unseen=unseen), rho=[0.0, unseen], bootstrap_draws=50)
              for seed in range(10)]  # fmt: skip
    at_truth = np.array([curve.acme[curve.rho.index(unseen)] for curve in curves])
    error = at_truth.std(ddof=1) / np.sqrt(len(curves))
    assert abs(at_truth.mean() - PATH_A * PATH_B) < 3.5 * error
    if unseen:
        assert abs(np.mean([curve.acme[curve.rho.index(0.0)] for curve in curves]) - PATH_A * PATH_B) > 10 * error


def test_at_zero_it_is_baron_and_kenny_and_it_vanishes_where_it_says():
    outcome, treated, mediator, known, title = make_rows(0, unseen=0.2)
    curve = indirect_by_rho(outcome, treated, mediator, known, title, absorb=title, seed=3)
    paths = mediate(outcome, treated, mediator, known, title, absorb=title, seed=3)
    zero = curve.rho.index(0.0)
    assert curve.acme[zero] == pytest.approx(paths.indirect, abs=1e-10)
    assert (curve.low[zero], curve.high[zero]) == pytest.approx(paths.indirect_interval, abs=1e-8)
    there = indirect_by_rho(outcome, treated, mediator, known, title, absorb=title, rho=[curve.rho_at_zero])
    assert there.acme[0] == pytest.approx(0.0, abs=1e-12)
    assert there.low[0] < 0 < there.high[0]
    assert curve.r2_residual == curve.rho_at_zero**2
    assert 0 < curve.r2_total < curve.r2_residual


def test_the_sentence_says_how_much_would_take_it_away():
    curve = indirect_by_rho(*make_rows(1, unseen=0.0), mediator_name="face_size")
    assert f"{round(100 * curve.rho_at_zero)} % of what is left of face size" in curve.sentence
    assert "the same direction" in curve.sentence
    shuffled = make_rows(1, unseen=0.0)
    nothing = indirect_by_rho(
        shuffled[0], shuffled[1], np.random.default_rng(0).permutation(shuffled[2]), shuffled[3], shuffled[4]
    )
    assert "would not be clear" in nothing.sentence


@pytest.mark.parametrize("rho", [[1.0], [-1.5], [], ["a"], [np.nan]])
def test_a_rho_that_is_no_correlation_is_refused(rho):
    with pytest.raises(NotIdentifiedError):
        indirect_by_rho(*make_rows(2, unseen=0.0, n_titles=20), rho=rho)


def test_an_outcome_with_nothing_left_unexplained_is_refused():
    _, treated, mediator, known, title = make_rows(3, unseen=0.0, n_titles=30)
    with pytest.raises(NotIdentifiedError, match="nothing of the outcome unexplained"):
        indirect_by_rho(np.ones(len(treated)), treated, mediator, known, title)
