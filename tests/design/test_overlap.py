"""Overlap: who is left out, counted by hand and named."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from artwork_insights.design.overlap import check_overlap, effective_sample_size
from artwork_insights.errors import NotIdentifiedError

TREATMENT = [1, 0, 1, 0, 1, 0, 0, 0]
PROPENSITY = np.array([0.5, 0.4, 0.97, 0.3, 0.6, 0.05, np.nan, np.nan])  # NaN: the title does not vary
GIVEN = {
    "groups": {"genre": ["Drama"] * 4 + ["Horror"] * 4, "country": ["BR", "SE"] * 4},
    "clusters": ["a", "a", "b", "b", "c", "c", "d", "d"],
}


def test_counts_are_those_made_by_hand():
    overlap = check_overlap(TREATMENT, PROPENSITY, **GIVEN)
    assert (overlap.n_before, overlap.n_after) == (8, 5)
    assert (overlap.n_titles_before, overlap.n_titles_after) == (4, 3)
    assert sum(overlap.treated_counts) == 3
    assert sum(overlap.control_counts) == 3
    assert overlap.treated_counts[10] == 1  # 0.50 to 0.55
    assert overlap.treated_counts[19] == 1  # 0.95 to 1.00
    assert overlap.bin_edges == pytest.approx(np.arange(21) / 20)
    assert overlap.rule == "propensity between 0.05 and 0.95, titles whose artworks differ in the component"


def test_effective_sizes_are_those_before_and_after_trimming():
    overlap = check_overlap(TREATMENT, PROPENSITY, weights=np.arange(1.0, 9), **GIVEN)

    def kish(*weights):
        return sum(weights) ** 2 / sum(w**2 for w in weights)

    assert overlap.effective_n_treated_before == pytest.approx(kish(1 / 0.5, 3 / 0.97, 5 / 0.6))
    assert overlap.effective_n_treated == pytest.approx(kish(1 / 0.5, 5 / 0.6))
    assert overlap.effective_n_control == pytest.approx(kish(2 / 0.6, 4 / 0.7, 6 / 0.95))
    assert overlap.effective_n_control_before == overlap.effective_n_control  # only a treated cell was trimmed


def test_the_optimal_rule_trims_and_says_so():
    p = np.r_[np.full(50, 0.5), np.full(4, 0.001)]
    overlap = check_overlap(np.arange(54) % 2, p, trim="crump")
    assert overlap.n_after == 50
    assert "Crump's optimal limits" in overlap.rule


def test_lalonde_is_trimmed_to_the_published_sample(reference_data):
    folder = reference_data / "causal" / "lalonde"
    gold = {check["id"]: check["expected"] for check in json.loads((folder / "gold.json").read_text())["checks"]}
    names = ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "re75", "u74", "u75"]
    for data in ("ldw_cps", "ldw_psid"):
        table = pd.read_csv(folder / f"{data}.csv")
        frame = sm.add_constant(table[names].astype(float))
        p = sm.GLM(table["treat"], frame, sm.families.Binomial()).fit(tol=1e-12).fittedvalues
        overlap = check_overlap(table["treat"], p, trim=0.1)
        expected = gold[f"{data}_crump_0.1_0.9"]
        kept_treated = ((p >= 0.1) & (p <= 0.9) & (table["treat"] == 1)).sum()
        assert (overlap.n_after, kept_treated) == (expected["n"], expected["n_treated"])


def test_the_effective_size_is_that_of_matchit(reference_data):
    folder = reference_data / "causal" / "lalonde"
    gold = {check["id"]: check["expected"] for check in json.loads((folder / "gold.json").read_text())["checks"]}
    weights = pd.read_csv(folder / "matchit_cem_custom_weights.csv")["weight"]
    treated = pd.read_csv(folder / "matchit_lalonde.csv")["treat"] == 1
    assert effective_sample_size(weights[~treated]) == pytest.approx(gold["matchit_cem_custom"]["ess_control"])


def test_groups_that_lost_cells_are_named_largest_loss_first():
    overlap = check_overlap(TREATMENT, PROPENSITY, **GIVEN)
    assert [(d.modifier, d.group, d.n_dropped, d.n_before) for d in overlap.dropped] == [
        ("country", "BR", 2, 4),
        ("genre", "Horror", 2, 4),
        ("country", "SE", 1, 4),
        ("genre", "Drama", 1, 4),
    ]
    assert overlap.dropped[1].sentence == (
        "Horror: 2 of 4 cells have no comparable artwork (1 of 4 show the component)."
    )


def test_a_group_without_any_overlap_is_said_to_be_left_out_whole():
    propensity = np.array([0.5] * 4 + [0.01] * 4)
    (dropped,) = [d for d in check_overlap(TREATMENT, propensity, **GIVEN).dropped if d.modifier == "genre"]
    assert dropped.group == "Horror"
    assert dropped.sentence.endswith("The whole group is left out.")


def test_the_estimand_says_what_it_no_longer_speaks_of():
    assert check_overlap(TREATMENT, np.full(8, 0.5), **GIVEN).estimand_sentence == "The average is over all artworks."
    both = check_overlap(TREATMENT, PROPENSITY, **GIVEN).estimand_sentence
    assert both == (
        "The average is over titles that have artwork both with and without the component and artwork that could "
        "have been either: 5 of 8 cells, 3 of 4 titles. It does not speak of the others."
    )
    trimmed_only = check_overlap(TREATMENT, [0.5] * 7 + [0.99], **GIVEN).estimand_sentence
    assert trimmed_only.startswith("The average is over artwork that could have been either: 7 of 8 cells, 4 of 4 ")


def test_propensities_of_zero_and_one_are_left_out_without_a_warning():
    overlap = check_overlap(TREATMENT, [0.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    assert overlap.n_after == 6
    assert overlap.effective_n_treated == pytest.approx(2)


def test_groups_may_be_a_data_frame_of_any_index():
    frame = pd.DataFrame(GIVEN["groups"], index=range(8, 0, -1))
    assert check_overlap(TREATMENT, PROPENSITY, groups=frame) == check_overlap(
        TREATMENT, PROPENSITY, groups=GIVEN["groups"]
    )


@pytest.mark.parametrize(
    ("treatment", "options", "sentence"),
    [
        ([0, 2], {}, "overlap is a matter of two sides: the treatment must be zeros and ones."),
        ([0, 1, 1], {}, "propensity has 2 rows and the treatment 3."),
        ([1, 1], {}, "the treatment does not vary (it is always 1); there is nothing to compare."),
        ([0, 1], {"titles_needed": -3}, "titles_needed=-3 is not a whole number of at least 10."),
        ([0, 1], {"clusters": ["a"]}, "clusters has 1 rows and the treatment 2."),
        ([0, 1], {"groups": {"genre": ["a"]}}, "genre has 1 rows and the treatment 2."),
    ],
)
def test_a_fault_is_one_sentence(treatment, options, sentence):
    with pytest.raises(NotIdentifiedError) as refusal:
        check_overlap(treatment, [0.5, 0.5], **options)
    assert str(refusal.value) == sentence
    with pytest.raises(NotIdentifiedError, match="a chance between 0 and 1"):
        check_overlap([0, 1], [0.5, 1.5])
    with pytest.raises(NotIdentifiedError, match=r"the treatment does not vary \(it is empty\)"):
        check_overlap([], [])
    with pytest.raises(NotIdentifiedError, match="every propensity is missing: no title varies in the treatment"):
        check_overlap([0, 1], [np.nan, np.nan])


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=50), st.floats(0.01, 100))
def test_the_effective_size_lies_between_one_and_n_and_ignores_the_scale_of_weights(weights, scale):
    n = effective_sample_size(weights)
    assert 1 - 1e-9 <= n <= len(weights) + 1e-9
    assert effective_sample_size(np.array(weights) * scale) == pytest.approx(n)
    assert effective_sample_size(np.full(len(weights), scale)) == pytest.approx(len(weights))


def test_no_weights_have_no_effective_size():
    assert effective_sample_size([]) == 0


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_weights_that_are_not_positive_are_refused(weight):
    with pytest.raises(NotIdentifiedError, match="weights must be positive numbers"):
        check_overlap([0, 1], [0.5, 0.5], weights=[1.0, weight])


@pytest.mark.parametrize("trim", [-1, 0.6, np.nan, "x", None, (0.1, 0.9)])
def test_a_trimming_rule_that_is_none_is_refused(trim):
    with pytest.raises(NotIdentifiedError, match="is no rule"):
        check_overlap([0, 1], [0.5, 0.5], trim=trim)


def test_groups_with_holes_and_of_several_kinds_are_named():
    found = check_overlap([0, 1, 0, 1], [0.01, 0.01, 0.01, 0.5], groups={"genre": ["Drama", None, 7, "Drama"]})
    assert {dropped.group for dropped in found.dropped} == {"Drama", "missing", "7"}
