"""Matching, coarsened exact matching and subclassification of LaLonde's data, as MatchIt, Matching, cem and plain R do.

Many rows have one and the same propensity, so what a matcher finds hangs on how it chooses among equals. Given R's rule
and order, ours gives R's pairs; elsewhere the estimator is held to the pairs or weights of the files.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights import measure_balance
from artwork_insights.design import matching
from artwork_insights.design.matching import match_pairs
from artwork_insights.design.overlap import effective_sample_size
from artwork_insights.effects.predictions import average_effect_from_predictions
from artwork_insights.mechanisms.regression import fit_clustered_ols
from tests.reference.gold import checks_in, hold, show
from tests.reference.lalonde import OF_MATCHIT, logit, logit_of_matchit, regress

APART = 1e-11
"""Sets equal propensities apart by row. Others differ by 5e-7 or more, fifty times what 614 rows add up to."""
OTHER_TIES_ATOL = 150
"""How far another rule for equal propensities may move the ATT of MatchIt's pairs, as the gold file states."""
TIED_IN_MATCHING = 1e-5
"""`Match` averages all controls whose squared distance, in SD, exceeds the smallest by no more than this."""
PRINTED_ATOL = 5e-4
"""The vignette of cem prints one p-value with three decimals, the other with four."""
EXACT_ATOL = 1e-9
"""Rounding of distances between propensities, and of weighted means that are equal."""


@pytest.fixture(scope="module")
def folder(reference_data):
    return reference_data / "causal" / "lalonde"


@pytest.fixture(scope="module")
def gold(folder):
    return checks_in(folder / "gold.json")


@pytest.fixture(scope="module")
def matchit(folder):
    return pd.read_csv(folder / "matchit_lalonde.csv")


@pytest.fixture(scope="module")
def score(matchit):
    return logit_of_matchit(matchit)


def in_pairs(pairs, matchit):
    """Rows of both members of each pair, with the number of their pair."""
    rows = [matchit.set_index("unit").index.get_indexer(pairs[side]) for side in ("treated", "control")]
    return matchit.iloc[np.concatenate(rows)].assign(pair=np.tile(np.arange(len(pairs)), 2))


def as_propensity(score):
    """What has `score` for its logit: R matches on the propensity itself, ours on the logit of what it is given."""
    return 1 / (1 + np.exp(-score))


def smd_after(matchit, weights, **more):
    rows = measure_balance(
        matchit[OF_MATCHIT].assign(**more), matchit["treat"], estimand="ATT", balancing_weights=weights
    )
    return {row.confounder.replace("=", ""): row.smd_after for row in rows}


# -- balance


def test_balance_before_matching_is_that_of_matchit(gold, matchit, score):
    rows = measure_balance(matchit[OF_MATCHIT].assign(distance=score), matchit["treat"], estimand="ATT")
    named = {row.confounder.replace("=", ""): row for row in rows}
    hold(gold["matchit_pre_balance"], {name: row.smd_before for name, row in named.items()})
    hold(gold["matchit_pre_eCDF_max"], {name: row.ks_before for name, row in named.items()})
    ratios = {name: row.variance_ratio_before for name, row in named.items()}
    unknown = [name for name, value in gold["matchit_pre_varratio"]["expected"].items() if value == "NA"]
    hold(gold["matchit_pre_varratio"], {name: value for name, value in ratios.items() if name not in unknown})
    assert [ratios[name] for name in unknown] == [None] * 5


def test_balance_of_given_pairs_is_that_of_matchit(folder, gold, matchit, score):
    pairs = pd.read_csv(folder / "matchit_nearest_pairs.csv")
    matched = matchit["unit"].isin([*pairs["treated"], *pairs["control"]]).to_numpy(float)
    after = smd_after(matchit, matched, distance=score)
    hold(gold["matchit_nearest_balance"], after)
    assert abs(after["raceblack"]) > 1


# -- pairs


def test_the_att_of_given_pairs_has_the_clustered_error_of_r(folder, gold, matchit):
    frame = in_pairs(pd.read_csv(folder / "matchit_nearest_pairs.csv"), matchit)
    covariates = pd.get_dummies(frame[OF_MATCHIT], columns=["race"], drop_first=True, dtype=float)
    covariates.insert(0, "treat", frame["treat"])
    plain = fit_clustered_ols(frame["re78"], frame["treat"], frame["pair"])
    adjusted = fit_clustered_ols(frame["re78"], covariates, frame["pair"])
    ours = {
        "diff": plain.coefficients[0],
        "se_cluster": plain.std_errors[0],
        "adj": adjusted.coefficients[0],
        "adj_se_cluster": adjusted.std_errors[0],
        "n_pairs": frame["pair"].nunique(),
    }
    hold(gold["matchit_nearest_att"], ours)


@pytest.mark.parametrize("seed", range(4))
def test_our_pairs_have_the_att_of_matchit_up_to_the_choice_among_equals(gold, matchit, score, seed):
    pairs = match_pairs(score, matchit["treat"], caliper_sd=None, seed=seed)
    ours = {"diff": pairs.differences(matchit["re78"]).mean(), "n_pairs": len(pairs.treated)}
    hold(gold["matchit_nearest_att"], ours, tolerance=OTHER_TIES_ATOL)
    assert len(pairs.treated) == gold["matchit_nearest_att"]["expected"]["n_pairs"]


GREEDY = {
    "greedy_all": lambda score, treated: None,
    "greedy_caliper_abs0.1": lambda score, treated: 0.1,
    "greedy_caliper_0.2sd_pooled": lambda score, treated: (
        0.2 * np.sqrt((score[treated].var(ddof=1) + score[~treated].var(ddof=1)) / 2)
    ),
    "greedy_caliper_0.2sd_overall": lambda score, treated: 0.2 * score.std(ddof=1),
}


def greedy_pairs(score, treated, caliper, monkeypatch):
    """In R's order, the largest propensity first, and by R's rule, the first row among equals."""
    monkeypatch.setattr(matching, "seeking_order", lambda n, seed: np.arange(n)[::-1])
    apart = score + np.where(treated, -APART, APART) * np.arange(len(score))
    spread = np.sqrt((apart[treated].var() + apart[~treated].var()) / 2)
    return match_pairs(as_propensity(apart), treated, caliper_sd=None if caliper is None else caliper / spread)


@pytest.mark.parametrize("check", GREEDY)
def test_in_the_order_of_r_the_pairs_are_those_of_r(gold, matchit, score, check, monkeypatch):
    treated = matchit["treat"].to_numpy() == 1
    caliper = GREEDY[check](score, treated)
    pairs = greedy_pairs(score, treated, caliper, monkeypatch)
    ours = {"n": len(pairs.treated), "att": pairs.differences(matchit["re78"]).mean()}
    hold(gold[check], ours)
    if "sd" in gold[check]["expected"]:
        hold(gold[check], {"sd": caliper / 0.2}, tolerance=1e-6)


def test_in_the_order_of_r_the_rows_and_distances_are_those_of_the_file(folder, gold, matchit, score, monkeypatch):
    """Treated rows may have exchanged controls of one and the same propensity."""
    frame = in_pairs(pd.read_csv(folder / "greedy_caliper0.1_pairs.csv"), matchit)
    treated, control = np.split(frame.index, 2)
    pairs = greedy_pairs(score, matchit["treat"].to_numpy() == 1, 0.1, monkeypatch)
    assert set(pairs.treated) == set(treated)
    assert set(pairs.control) == set(control)
    theirs = pd.Series(score[control], treated)[pairs.treated]
    assert score[pairs.control] == pytest.approx(theirs.to_numpy(), abs=EXACT_ATOL)
    effect, _ = regress(frame, "re78")
    hold(gold["greedy_caliper_abs0.1"], {"att": effect, "n": len(treated)})


def looking_down(score, treated, controls, *, replace):
    """Nearest control below each treated row, the largest propensity first; of equal controls the last."""
    partner, free = {}, list(controls)
    for i in treated[np.argsort(-score[treated].round(10), kind="stable")]:
        eligible = np.array([j for j in free if score[j] < score[i] - APART])
        partner[i] = eligible[np.lexsort((eligible, score[eligible].round(10)))[-1]]
        if not replace:
            free.remove(partner[i])
    return np.array([partner[i] for i in treated])


def test_matchit_looked_only_downwards_and_our_pairs_are_nearer(folder, gold, matchit, score):
    """So its pairs and both its numbers are reproduced; the nearest on either side has another ATT."""
    y, treat = matchit["re78"].to_numpy(), matchit["treat"].to_numpy()
    treated, controls = np.flatnonzero(treat == 1), np.flatnonzero(treat == 0)
    frame = in_pairs(pd.read_csv(folder / "matchit_nearest_pairs.csv"), matchit)
    given = dict(zip(*np.split(frame.index, 2), strict=True))
    assert looking_down(score, treated, controls, replace=False).tolist() == [given[i] for i in treated]
    theirs = looking_down(score, treated, controls, replace=True)
    found = {"att": (y[treated] - y[theirs]).mean(), "n_controls_used": len(set(theirs))}
    hold(gold["matchit_nearest_replace"], found)

    ours = match_pairs(as_propensity(score), treat, caliper_sd=None, replace=True)
    gaps = np.abs(score[controls] - score[treated][:, None])
    assert ours.distance == pytest.approx(gaps.min(axis=1), abs=EXACT_ATOL)
    assert (ours.distance <= score[treated] - score[theirs] + EXACT_ATOL).all()
    assert ours.distance.mean() < 0.6 * (score[treated] - score[theirs]).mean()
    equal = gaps <= ours.distance[:, None] + EXACT_ATOL
    over_equals = (y[treated] - (equal @ y[controls]) / equal.sum(axis=1)).mean()
    one_of_equals = ours.differences(y).mean()
    show("the same, nearest on either side; averaged over equals", [one_of_equals, over_equals], [found["att"]])
    assert min(one_of_equals, over_equals) > found["att"] + 400


MAIN = ["age", "educ", "black", "hisp", "married", "nodegr", "re74", "re75"]
OF_MATCHING = {
    "matching_pkg_jss": ([], MAIN),
    "matching_pkg_example": (["age", "educ", "re74", "re75"], [*MAIN, "u74", "u75"]),
}


@pytest.mark.parametrize("check", OF_MATCHING)
def test_averaged_over_what_matching_takes_for_equal_our_nearest_controls_give_its_att(folder, gold, check):
    """It takes 344 and 346 controls for the nearest where 268 and 260 are; over the latter alone the ATT is another."""
    squared, columns = OF_MATCHING[check]
    frame = pd.read_csv(folder / "matching_pkg_lalonde.csv")
    score = logit(frame.assign(**{f"{name}2": frame[name] ** 2.0 for name in squared}),
                  [*columns, *(f"{name}2" for name in squared)])  # fmt: skip
    y, treat, controls = frame["re78"].to_numpy(), frame["treat"].to_numpy(), np.flatnonzero(frame["treat"] == 0)
    pairs = match_pairs(as_propensity(score), treat, caliper_sd=None, replace=True)
    squares = ((score[controls] - score[pairs.treated][:, None]) / score.std(ddof=1)) ** 2
    nearest = (pairs.distance / score.std(ddof=1)) ** 2

    def att(tolerance):
        tied = squares <= nearest[:, None] + tolerance
        return (y[pairs.treated] - (tied @ y[controls]) / tied.sum(axis=1)).mean()

    hold(gold[check], {"att": att(TIED_IN_MATCHING)})
    show(f"`{check}` over the nearest alone", [att(EXACT_ATOL)], [att(TIED_IN_MATCHING)])
    assert abs(att(EXACT_ATOL) - att(TIED_IN_MATCHING)) > 10


# -- strata and weights


def saturated(matchit, stratum, estimand):
    """The doubly robust average whose models are the means of each stratum; strata with one side are left out."""
    frame = matchit.assign(stratum=stratum)
    frame = frame[frame["stratum"].notna() & (frame.groupby("stratum")["treat"].transform("nunique") == 2)]
    outcome = frame.pivot_table("re78", "stratum", "treat")
    estimate = average_effect_from_predictions(
        frame["re78"], frame["treat"], propensity=frame.groupby("stratum")["treat"].transform("mean"),
        outcome_control=frame["stratum"].map(outcome[0]), outcome_treated=frame["stratum"].map(outcome[1]),
        estimand=estimand,
    )  # fmt: skip
    return frame, estimate.effect


def att_weights(frame):
    """One for the treated; for controls the treated of their stratum over its controls."""
    share = frame.groupby("stratum")["treat"].transform("mean")
    return np.where(frame["treat"] == 1, 1.0, share / (1 - share))


def sides(frame):
    return {"n_treated": int(frame["treat"].sum()), "n_control": int((1 - frame["treat"]).sum()),
            "nstrata": frame["stratum"].nunique()}  # fmt: skip


def test_over_given_strata_the_att_and_the_ate_are_those_of_matchit(folder, gold, matchit):
    given = pd.read_csv(folder / "matchit_cem_custom_weights.csv")
    frame, att = saturated(matchit, given["stratum"], "ATT")
    _, ate = saturated(matchit, given["stratum"], "ATE")
    kept = given["weight"] > 0
    by_weights, _ = regress(matchit[kept], "re78", weights=given["weight"][kept])
    size = effective_sample_size(given["weight"][matchit["treat"] == 0])
    hold(gold["matchit_cem_custom"], {**sides(frame), "att": att, "ess_control": size})
    hold(gold["matchit_cem_custom"], {"att": by_weights})
    hold(gold["matchit_cem_custom_ate"], {"ate": ate})
    after = smd_after(matchit, given["weight"])
    exact = [after[name] for name in ("raceblack", "racehispan", "married", "nodegree")]
    assert exact == pytest.approx([0] * 4, abs=EXACT_ATOL), "what is matched exactly has no difference left"


def test_over_strata_of_sturges_bins_the_att_error_and_balance_are_those_of_matchit(gold, matchit):
    n_bins = int(np.ceil(np.log2(len(matchit)) + 1))
    coarse = {
        name: pd.cut(matchit[name], np.linspace(matchit[name].min(), matchit[name].max(), n_bins + 1), labels=False,
                     include_lowest=True)
        for name in OF_MATCHIT if name != "race"
    }  # fmt: skip
    stratum = pd.DataFrame(coarse).assign(race=matchit["race"]).astype(str).agg(" ".join, axis=1)
    frame, att = saturated(matchit, stratum, "ATT")
    weights = att_weights(frame)
    by_weights, error = regress(frame, "re78", weights=weights)
    assert by_weights == pytest.approx(att)
    size = effective_sample_size(weights[frame["treat"] == 0])
    hold(gold["matchit_cem_default"], {**sides(frame), "att": att, "se_HC1": error, "ess_control": size})
    everywhere = pd.Series(weights, frame.index).reindex(matchit.index, fill_value=0.0)
    hold(gold["matchit_cem_default_smd"], smd_after(matchit, everywhere))


def test_over_fifths_of_the_propensity_the_att_is_that_of_matchit(gold, matchit, score):
    inner = np.quantile(score[matchit["treat"] == 1], [0.2, 0.4, 0.6, 0.8])
    fifth = np.searchsorted(inner, score)
    frame, att = saturated(matchit, fifth, "ATT")
    check = gold["matchit_subclass5"]
    hold(check, {"att": att})
    found = [saturated(matchit[fifth == k], fifth[fifth == k], "ATT")[1] for k in range(5)]
    assert found == pytest.approx(check["expected"]["strata"], abs=check["tol"])
    assert frame.groupby("stratum")["treat"].sum().tolist() == check["expected"]["n_t"]


# -- the package cem on the larger sample


@pytest.fixture(scope="module")
def cem(reference_data):
    return reference_data / "causal" / "cem"


def test_the_naive_difference_of_the_cem_vignette_is_the_published_one(cem):
    frame = pd.read_csv(cem / "LeLonde_complete.csv")
    found = fit_clustered_ols(frame["re78"], frame["treated"])
    n_treated = int(frame["treated"].sum())
    ours = {"diff": found.coefficients[0], "n1": n_treated, "n0": len(frame) - n_treated}
    hold(checks_in(cem / "gold.json")["le_naive"], ours)


def test_under_the_weights_of_cem_the_regressions_are_the_published_ones(cem):
    weights = pd.read_csv(cem / "LL_cem_auto_weights.csv")["w"].to_numpy()
    frame = pd.read_csv(cem / "LL.csv")[weights > 0]
    plain, with_re74 = (
        fit_clustered_ols(frame["re78"], frame[["treated", *more]], weights=weights[weights > 0])
        for more in ([], ["re74"])
    )
    n_treated = int(frame["treated"].sum())
    ours = {
        "matched_g1": n_treated,
        "matched_g0": len(frame) - n_treated,
        "att": plain.coefficients[0],
        "se": plain.std_errors[0],
        "att_re74": with_re74.coefficients[0],
    }
    hold(checks_in(cem / "gold.json")["LL_auto_att"], ours)
    p_values = (plain.p_values[0], with_re74.p_values[0])
    assert p_values == pytest.approx((0.368, 0.3628), abs=PRINTED_ATOL)
