"""Witnesses: statsmodels for the algebra, a planted structure for the parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.joint_mediation import mediate_jointly
from artwork_insights.mechanisms.mediation import mediate

DIRECT, SIZE, CROWDING = 0.2, 0.8 * 0.5, 0.6 * -0.7


def make_rows(seed, *, n_titles=150, chained=0.0):
    """Two mediators; with `chained` the first also moves the second."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(3, 9, n_titles))
    quality = rng.normal(size=n_titles)[title]
    treated = (rng.random(len(title)) < 1 / (1 + np.exp(-quality))).astype(float)
    size = 0.8 * treated + quality**2 + rng.normal(size=len(title))
    crowding = 0.6 * treated + chained * size + rng.normal(size=len(title))
    outcome = DIRECT * treated + 0.5 * size - 0.7 * crowding + 2 * quality + rng.normal(size=len(title))
    return outcome, treated, {"size": size, "crowding": crowding}, title


def test_the_joint_effect_is_total_less_direct_and_the_sum_of_the_parts():
    outcome, treated, mediators, title = make_rows(0)
    ours = mediate_jointly(outcome, treated, mediators, np.sin(outcome), title, absorb=title)
    assert ours.indirect == ours.total.coefficient - ours.direct.coefficient
    assert sum(part.indirect for part in ours.mediators) == pytest.approx(ours.indirect, abs=1e-12)


def test_the_paths_equal_statsmodels():
    outcome, treated, mediators, title = make_rows(1)
    ours = mediate_jointly(outcome, treated, pd.DataFrame(mediators), clusters=title)
    wide = sm.add_constant(np.column_stack([treated, mediators["size"], mediators["crowding"]]))
    witness = sm.OLS(outcome, wide).fit(cov_type="cluster", cov_kwds={"groups": title}, use_t=True)
    assert ours.direct.coefficient == pytest.approx(witness.params[1], abs=1e-10)
    assert [part.mediator_to_outcome.coefficient for part in ours.mediators] == pytest.approx(witness.params[2:])
    assert [part.mediator_to_outcome.std_error for part in ours.mediators] == pytest.approx(witness.bse[2:])
    for part, values in zip(ours.mediators, mediators.values(), strict=True):
        first = sm.OLS(values, sm.add_constant(treated)).fit()
        assert part.treatment_to_mediator.coefficient == pytest.approx(first.params[1], abs=1e-10)
        single = mediate(outcome, treated, values, clusters=title)
        assert part.alone == pytest.approx(single.indirect, abs=1e-12)


def test_the_planted_parts_are_found_and_one_mediator_alone_misses_what_the_other_hides():
    parts, alone = [], []
    for seed in range(30):
        outcome, treated, mediators, title = make_rows(seed, chained=0.6)
        ours = mediate_jointly(outcome, treated, mediators, clusters=title, absorb=title, bootstrap_draws=50)
        parts.append(ours.indirect)
        alone.append(ours.mediators[0].alone)
    whole = SIZE + (0.6 + 0.6 * 0.8) * -0.7
    error = np.std(parts) / np.sqrt(len(parts))
    assert abs(np.mean(parts) - whole) < 3 * error
    assert abs(np.mean(alone) - whole) > 3 * error  # size alone is not the whole


def test_mediators_that_move_together_are_named_and_others_are_not():
    outcome, treated, mediators, title = make_rows(3, chained=0.6)
    ours = mediate_jointly(outcome, treated, mediators, clusters=title)
    assert ours.largest_correlation > 0.4
    assert "size and crowding move together" in ours.warning
    apart = mediate_jointly(*make_rows(3)[:3], clusters=title)
    assert abs(apart.largest_correlation) < 0.1
    assert "move together" not in apart.warning
    assert "only if none of them changes another" in apart.warning


def test_a_single_mediator_and_a_repeated_one_are_refused():
    outcome, treated, mediators, title = make_rows(4)
    with pytest.raises(NotIdentifiedError, match="give two"):
        mediate_jointly(outcome, treated, {"size": mediators["size"]}, clusters=title)
    twice = {"size": mediators["size"], "again": 2 * mediators["size"]}
    with pytest.raises(NotIdentifiedError, match="again does not vary"):
        mediate_jointly(outcome, treated, twice, clusters=title)
    with pytest.raises(NotIdentifiedError, match="mapping"):
        mediate_jointly(outcome, treated, np.zeros((5, 2)))
