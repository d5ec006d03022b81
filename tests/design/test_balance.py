"""Balance: differences, variance ratios and KS by hand, by MatchIt, by statsmodels and SciPy, and by invariance."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from statsmodels.stats.weightstats import DescrStatsW

from artwork_insights.design.balance import balancing_weights_of, measure_balance, summarise_blocks
from artwork_insights.design.confounders import Confounders
from artwork_insights.errors import NotIdentifiedError

ATOL = 1e-10
MATCHIT_ATOL = 1e-6  # as the gold file states


@pytest.fixture(scope="module")
def lalonde(reference_data):
    """Confounders with MatchIt's distance, the treatment, and the gold tables."""
    folder = reference_data / "causal" / "lalonde"
    table = pd.read_csv(folder / "matchit_lalonde.csv")
    gold = {check["id"]: check["expected"] for check in json.loads((folder / "gold.json").read_text())["checks"]}
    frame = table[["age", "educ", "race", "married", "nodegree", "re74", "re75"]]
    design = sm.add_constant(pd.get_dummies(frame, columns=["race"], drop_first=True).astype(float))
    distance = sm.GLM(table["treat"], design, sm.families.Binomial()).fit(tol=1e-14).fittedvalues
    pairs = pd.read_csv(folder / "matchit_nearest_pairs.csv")
    matched = table["unit"].isin([*pairs["treated"], *pairs["control"]]).astype(float)
    return frame.assign(distance=distance), table["treat"], matched, gold


def by_matchits_names(rows, field):
    return {row.confounder.replace("race=", "race"): getattr(row, field) for row in rows}


def test_the_att_table_is_that_of_matchit_before_matching(lalonde):
    frame, treat, _, gold = lalonde
    rows = measure_balance(frame, treat, estimand="ATT")
    for field, check in (("smd_before", "matchit_pre_balance"), ("ks_before", "matchit_pre_eCDF_max")):
        found = by_matchits_names(rows, field)
        assert found == {name: pytest.approx(value, abs=MATCHIT_ATOL) for name, value in gold[check].items()}
    ratios = by_matchits_names(rows, "variance_ratio_before")
    expected = gold["matchit_pre_varratio"]
    for name, value in expected.items():
        assert ratios[name] == (None if value == "NA" else pytest.approx(value, abs=MATCHIT_ATOL))


def test_the_att_table_is_that_of_matchit_after_matching_over_the_sd_of_the_full_sample(lalonde):
    frame, treat, matched, gold = lalonde
    rows = measure_balance(frame, treat, estimand="ATT", balancing_weights=matched)
    found = by_matchits_names(rows, "smd_after")
    expected = gold["matchit_nearest_balance"]
    assert found == {name: pytest.approx(value, abs=MATCHIT_ATOL) for name, value in expected.items()}
    pooled = by_matchits_names(measure_balance(frame, treat, balancing_weights=matched), "smd_after")
    assert abs(pooled["age"] - expected["age"]) > 0.01  # the ATE's yardstick is another one


def test_a_difference_made_by_hand():
    (row,) = measure_balance([1.0, 3, 2, 6], [1, 1, 0, 0])
    assert row.smd_before == pytest.approx((2 - 4) / np.sqrt((2 + 8) / 2))  # sample variances 2 and 8
    assert row.variance_ratio_before == pytest.approx(2 / 8)
    assert row.ks_before == pytest.approx(0.5)
    assert (row.smd_after, row.ks_after, row.smd_within_title) == (None, None, None)
    (binary,) = measure_balance([1.0, 1, 1, 0, 0, 1, 0, 0], [1] * 4 + [0] * 4)
    assert binary.smd_before == pytest.approx((0.75 - 0.25) / np.sqrt(0.75 * 0.25))
    assert binary.variance_ratio_before is None


def test_weighted_moments_equal_those_of_statsmodels():
    rng = np.random.default_rng(0)
    values, treated, weights = rng.normal(size=(60, 2)), rng.random(60) < 0.4, rng.uniform(0.1, 3, 60)
    weights /= weights.mean()
    one, zero = (DescrStatsW(values[arm], weights[arm]) for arm in (treated, ~treated))
    unbiased = [
        arm.var / (1 - (arm.weights**2).sum() / arm.weights.sum() ** 2) for arm in (one, zero)
    ]  # statsmodels divides by the sum of weights
    for k, row in enumerate(measure_balance(values, treated, weights=weights)):
        assert row.smd_before == pytest.approx(
            (one.mean - zero.mean)[k] / np.sqrt((unbiased[0] + unbiased[1])[k] / 2), abs=ATOL
        )
        assert row.variance_ratio_before == pytest.approx((unbiased[0] / unbiased[1])[k], abs=ATOL)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_ks_without_weights_is_scipys_ties_included(seed, rounded):
    rng = np.random.default_rng(seed)
    values, treated = rng.normal(size=30), np.arange(30) % 3 == 0
    values = np.round(values) if rounded else values
    (row,) = measure_balance(values, treated)
    assert row.ks_before == pytest.approx(ks_2samp(values[treated], values[~treated]).statistic, abs=ATOL)


def test_weighted_ks_counts_a_row_of_weight_two_twice():
    rng = np.random.default_rng(4)
    values, treated, times = rng.normal(size=40), np.arange(40) % 2 == 0, rng.integers(1, 4, 40)
    (row,) = measure_balance(values, treated, balancing_weights=times)
    long, arm = np.repeat(values, times), np.repeat(treated, times)
    assert row.ks_after == pytest.approx(ks_2samp(long[arm], long[~arm]).statistic, abs=ATOL)
    assert row.ks_after != pytest.approx(row.ks_before)


@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e3), st.booleans(), st.integers(0, 50))
@settings(max_examples=80, deadline=None)
def test_balance_ignores_the_unit_of_a_confounder(shift, scale, flipped, seed):
    rng = np.random.default_rng(seed)
    values, treated, title = rng.normal(size=(40, 1)), np.arange(40) % 3 == 0, np.arange(40) // 4
    given_ = {"propensity": rng.uniform(0.1, 0.9, 40), "clusters": title}
    sign = -1 if flipped else 1
    (first,) = measure_balance(values, treated, **given_)
    (second,) = measure_balance(shift + sign * scale * values, treated, **given_)
    for field in ("smd_before", "smd_after", "smd_within_title", "smd_within_title_after"):
        assert getattr(second, field) == pytest.approx(sign * getattr(first, field), abs=1e-6)
    for field in ("variance_ratio_before", "variance_ratio_after", "ks_before", "ks_after"):
        assert getattr(second, field) == pytest.approx(getattr(first, field), rel=1e-5)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
def test_the_right_propensity_balances_and_a_wrong_one_does_not(estimand):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 1))
    propensity = 1 / (1 + np.exp(-x[:, 0]))
    treated = rng.random(20_000) < propensity
    (right,) = measure_balance(x, treated, propensity=propensity, estimand=estimand)
    (wrong,) = measure_balance(x, treated, propensity=np.full(20_000, 0.5), estimand=estimand)
    assert right.smd_before > 0.7
    assert abs(right.smd_after) < 0.05
    assert right.ks_after < 0.06 < 0.3 < right.ks_before
    assert wrong.smd_after == pytest.approx(wrong.smd_before)


def test_weights_turn_both_sides_into_the_population_of_the_estimand():
    treated, p = np.array([True, False]), np.array([0.2, 0.2])
    assert balancing_weights_of(treated, p, "ATE") == pytest.approx([5, 1.25])
    assert balancing_weights_of(treated, p, "ATT") == pytest.approx([1, 0.25])
    assert balancing_weights_of(treated, p, "ATO") == pytest.approx([0.8, 0.2])


def test_what_differs_only_between_titles_is_balanced_inside_them():
    title = np.repeat(np.arange(30), 4)
    budget = np.arange(30.0)[title]
    treated = (np.arange(120) % 4) < (1 + 2 * (title > 15))
    (row,) = measure_balance(budget, treated, clusters=title)
    assert row.smd_before > 0.5
    assert row.smd_within_title == pytest.approx(0, abs=ATOL)


def test_a_gap_inside_every_title_is_found_whole_whatever_the_treated_shares():
    title = np.repeat(np.arange(30), 10)
    treated = (np.arange(300) % 10) < 1 + title % 9  # shares from 1 to 9 of 10
    quality = np.arange(30.0)[title] % 9  # the share rises with it
    (row,) = measure_balance(quality + 3 * treated, treated, clusters=title, propensity=np.full(300, 0.3))
    sd = np.sqrt(sum((quality + 3 * treated)[arm].var(ddof=1) for arm in (treated, ~treated)) / 2)
    assert row.smd_within_title == pytest.approx(3 / sd)
    assert row.smd_within_title_after == pytest.approx(3 / sd)
    assert row.smd_before > 3 / sd + 0.5


def test_titles_that_do_not_vary_have_no_difference_inside():
    (row,) = measure_balance(np.arange(6.0), [1, 1, 1, 0, 0, 0], clusters=[0, 0, 0, 1, 1, 1])
    assert row.smd_within_title is None


def test_weighting_cannot_hide_imbalance_by_inflating_the_yardstick():
    values = np.array([0.0, 1, 0, 10])
    (row,) = measure_balance(values, [1, 1, 0, 0], balancing_weights=[1, 1, 1, 1e-3])
    yardstick = np.sqrt((0.5 + 50) / 2)
    assert row.smd_after == pytest.approx((0.5 - 10e-3 / 1.001) / yardstick)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_a_confounder_that_is_the_treatment_itself_is_not_called_balanced(estimand):
    treated = np.arange(20) % 2
    copy, constant = measure_balance(np.column_stack([treated, np.ones(20)]), treated, estimand=estimand)
    assert copy.smd_before == pytest.approx(2)  # over the SD of all rows, .5
    assert copy.ks_before == pytest.approx(1, abs=ATOL)
    assert (constant.smd_before, constant.ks_before) == (0, 0)


def test_every_column_has_its_row_and_a_block_is_summarised_by_its_worst():
    rng = np.random.default_rng(2)
    treated = np.arange(600) % 2 == 0
    values = np.column_stack([rng.normal(size=600), rng.normal(size=600) + 3 * treated, rng.normal(size=600)])
    confounders = Confounders(values, ("e[0]", "e[1]", "year"), ("e", "e", "year"))
    rows = measure_balance(confounders, treated, propensity=np.full(600, 0.5))
    assert [row.confounder for row in rows] == ["e[0]", "e[1]", "year"]
    embedding, year = summarise_blocks(rows)
    assert (embedding.block, embedding.n_columns, embedding.worst.confounder) == ("e", 2, "e[1]")
    assert embedding.share_above == np.mean([row.size > 0.1 for row in rows[:2]])
    assert year.worst is rows[2]


def test_holes_count_as_the_mean():
    treated = np.arange(8) % 2 == 0
    holed = np.array([1, 2, np.nan, 4, 5, 6, 7, np.nan])
    filled = np.where(np.isnan(holed), np.nanmean(holed), holed)
    (first,), (second,) = (measure_balance(values, treated) for values in (holed, filled))
    assert (first.smd_before, first.ks_before) == (second.smd_before, second.ks_before)


@pytest.mark.parametrize(
    ("treatment", "options", "sentence"),
    [
        ([0, 1, 2, 0], {}, "balance is between two sides: the treatment must be zeros and ones."),
        ([0, 1, 1, 0], {"estimand": "ATC"}, "estimand 'ATC' is not known; use 'ATE', 'ATT' or 'ATO'."),
        ([0, 1, 1, 0], {"propensity": [0.5, 1, 0.5, 0.5]}, "propensity needs one value per row, above 0 and below 1;"),
        ([0, 1, 1, 0], {"propensity": [0.5]}, "propensity needs one value per row"),
        ([0, 1, 1, 0], {"balancing_weights": [1, 0, 0, 1]}, "balancing_weights leaves nobody on one side."),
        ([0, 1, 1, 0], {"balancing_weights": [1, -1, 0, 1]}, "balancing_weights needs one number per row, zero or abo"),
        ([0, 1, 1], {}, "confounders has 4 rows and the treatment 3"),
    ],
)
def test_a_fault_is_one_sentence(treatment, options, sentence):
    with pytest.raises(NotIdentifiedError) as refusal:
        measure_balance(np.arange(4.0), treatment, **options)
    assert str(refusal.value).startswith(sentence)


def test_an_array_of_text_or_with_infinities_is_read_as_a_frame_is():
    text, treatment = np.array([["a"], ["b"], ["b"], ["a"]]), [0, 1, 1, 1]
    assert (
        measure_balance(text, treatment)[0].smd_before
        == measure_balance(pd.DataFrame({"x": text[:, 0]}), treatment)[0].smd_before
    )
    column = np.array([1.0, np.inf, 2.0, 4.0])
    assert (
        measure_balance(column, treatment)[0].smd_before
        == measure_balance(np.array([1.0, np.nan, 2.0, 4.0]), treatment)[0].smd_before
    )


def test_a_propensity_and_weights_at_once_are_refused():
    with pytest.raises(NotIdentifiedError, match="both at once"):
        measure_balance([1.0, 2.0, 3.0], [0, 1, 1], propensity=[0.5] * 3, balancing_weights=[1.0] * 3)
