"""Take rates under a policy that shows an artwork to those who like it, against the truth of the simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.sensitivity.serving.component import compare_component_rates
from artwork_insights.sensitivity.serving.rates import standardise_take_rates, weigh_take_rates
from tests.sensitivity.serving_simulator import Log, serve

ABOUT_3_SE = 3.0
DRAWS = 8  # logs of 60 titles: 1,920 rates


def errors_of(found, rates, log: Log):
    return np.array([log.rate_of[asset] for asset in found.asset]) - rates


def weigh(log: Log):
    columns = (log.asset, log.title, log.impressions, log.takes, log.propensity)
    return weigh_take_rates(*columns, audience=log.audience)


@pytest.fixture(scope="module")
def logs() -> list[Log]:
    return [serve(seed) for seed in range(DRAWS)]


def test_weighting_by_propensities_brings_back_the_rate_of_the_whole_audience(logs):
    z = {"raw": [], "ips": [], "snips": [], "doubly_robust": []}
    for log in logs:
        found = weigh(log)
        for name, values in z.items():
            rate = getattr(found, name)
            values += list(-errors_of(found, rate, log) / getattr(found, f"{name}_std_error"))
    rates = len(z["raw"])
    for name in ("ips", "snips", "doubly_robust"):
        assert abs(np.mean(z[name])) < 0.25, name  # bias, in standard errors of one rate
        assert np.std(z[name]) == pytest.approx(1, abs=0.15), name  # the audience itself is a draw
        assert np.mean(np.abs(z[name]) < 1.96) > 0.91, name
    assert rates > 1500
    assert np.mean(z["raw"]) > 0.8  # the control: raw rates are too high ...
    assert np.mean(np.abs(z["raw"]) < 1.96) < 0.8  # ... and their intervals miss the truth


def test_standardising_to_the_mix_of_the_title_does_so_without_propensities(logs):
    z, raw = [], []
    for log in logs:
        found = standardise_take_rates(log.asset, log.title, log.audience, log.impressions, log.takes)
        z += list(-errors_of(found, found.rate, log) / found.std_error)
        raw += list(found.raw / (found.raw + errors_of(found, found.raw, log)) - 1)
    assert abs(np.mean(z)) < 0.25
    assert np.mean(np.abs(z) < 1.96) > 0.93
    assert np.mean(raw) > 0.1  # the control: as shown, rates are more than a tenth too high


@pytest.mark.parametrize("kind", ["snips", "doubly_robust"])
def test_the_component_that_likers_are_shown_has_no_effect_once_weighted(kind):
    effects, errors, raw = [], [], []
    for seed in range(6):
        log = serve(100 + seed, component_taste=0.5)
        found = weigh(log)
        treated = np.array([log.treated_of[asset] for asset in found.asset])
        title = np.array([asset.split("-")[0] for asset in found.asset])
        truth = compare_component_rates([log.rate_of[asset] for asset in found.asset], treated, title)
        ours = compare_component_rates(getattr(found, kind), treated, title)
        control = compare_component_rates(found.raw, treated, title)
        effects.append(ours.difference - truth.difference)
        errors.append(ours.std_error)
        raw.append((control.difference - truth.difference) / control.std_error)
    assert abs(np.mean(effects)) < ABOUT_3_SE * np.mean(errors) / np.sqrt(len(effects))
    assert np.mean(raw) > 2  # the control: as shown, the component seems to work


def test_rates_are_those_worked_out_by_hand():
    # one title, assets a and b, audiences x (300 impressions) and y (100); b was never shown to y
    asset, audience = ["a", "a", "b"], ["x", "y", "x"]
    shown, taken, chance = [100, 100, 200], [10, 40, 30], [1 / 3, 1.0, 2 / 3]
    standard = standardise_take_rates(asset, ["t"] * 3, audience, shown, taken)
    assert standard.rate.tolist() == pytest.approx([0.75 * 0.1 + 0.25 * 0.4, 0.15])
    assert standard.covered_share.tolist() == pytest.approx([1.0, 0.75])
    assert standard.effective_impressions.tolist() == pytest.approx([1 / (0.75**2 / 100 + 0.25**2 / 100), 200])
    assert "1 of 2 rates leave out audiences that never saw the artwork" in standard.sentence
    weighted = weigh_take_rates(asset, ["t"] * 3, shown, taken, chance, audience=audience)
    assert weighted.ips.tolist() == pytest.approx([(30 + 40) / 400, 45 / 400])
    assert weighted.snips.tolist() == pytest.approx([(30 + 40) / 400, 45 / 300])
    assert weighted.weight_ratio.tolist() == pytest.approx([1.0, 0.75])
    assert weighted.effective_impressions[0] == pytest.approx(400**2 / (100 * 9 + 100))
    assert weighted.largest_weight.tolist() == pytest.approx([3.0, 1.5])


def test_the_doubly_robust_rate_is_the_formula_written_as_loops():
    log = serve(3, n_titles=4)
    found = weigh(log)
    rows = pd.DataFrame({"a": log.asset, "t": log.title, "s": log.audience, "n": log.impressions, "x": log.takes,
                         "e": log.propensity})  # fmt: skip
    overall = rows["x"].sum() / rows["n"].sum()
    for i, asset in enumerate(found.asset):
        title = rows[rows["t"] == rows.loc[rows["a"] == asset, "t"].iloc[0]]
        other, own = title[title["a"] != asset], title[title["a"] == asset]
        level = (other["x"].sum() + 100 * overall) / (other["n"].sum() + 100)
        model = {s: (g["x"].sum() + 100 * level) / (g["n"].sum() + 100) for s, g in other.groupby("s")}
        direct = sum(model.get(s, level) * n for s, n in title.groupby("s")["n"].sum().items()) / title["n"].sum()
        q = own["s"].map(model).fillna(level)
        expected = direct + ((own["x"] - own["n"] * q) / own["e"]).sum() / (own["n"] / own["e"]).sum()
        assert found.doubly_robust[i] == pytest.approx(expected, rel=1e-10)


def test_small_propensities_are_clipped_and_named():
    found = weigh_take_rates(["a", "a"], ["t", "t"], [100, 300], [10, 30], [0.001, 0.5], audience=["x", "y"])
    assert found.clipped_share.tolist() == [0.25]
    assert found.largest_weight.tolist() == [100.0]
    assert "1 of 1 rates have impressions with a propensity below 0.01, 25.0% of all" in found.sentence


def test_one_audience_for_all_changes_nothing():
    log = serve(4, n_titles=5)
    found = standardise_take_rates(log.asset, log.title, ["all"] * len(log.asset), log.impressions, log.takes)
    np.testing.assert_allclose(found.rate, found.raw, rtol=1e-12)
    np.testing.assert_allclose(found.effective_impressions, found.impressions, rtol=1e-12)


def test_the_order_of_the_log_does_not_matter():
    log = serve(5, n_titles=6)
    order = np.random.default_rng(0).permutation(len(log.asset))
    columns = (log.asset, log.title, log.impressions, log.takes, log.propensity)
    first = weigh_take_rates(*columns, audience=log.audience)
    second = weigh_take_rates(*(np.asarray(c)[order] for c in columns), audience=np.asarray(log.audience)[order])
    assert first.asset == second.asset
    np.testing.assert_allclose(first.doubly_robust, second.doubly_robust, rtol=1e-12)


def test_an_artwork_that_nobody_took_is_not_known_exactly():
    found = weigh_take_rates(["a", "b"], ["t", "t"], [50, 50], [0, 5], [0.5, 0.5])
    assert found.snips_std_error[0] > 0.003


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"propensity": [0.0, 0.5]}, "a propensity is 0"),
        ({"propensity": [1.5, 0.5]}, "a propensity is 1.5"),
        ({"propensity": [np.nan, 0.5]}, "a propensity is nan"),
        ({"propensity": ["x", 0.5]}, "holds 'x'"),
        ({"takes": [11, 1]}, "takes at most the impressions"),
        ({"impressions": [0, 0], "takes": [0, 0]}, "no row has an impression"),
        ({"title": ["t"]}, "title_id has 1 rows and the assets 2"),
        ({"title": ["t", None]}, "title_id is missing"),
        ({"asset": ["a", "a"], "title": ["t", "u"]}, "belongs to two titles"),
        ({"asset": [], "title": [], "impressions": [], "takes": [], "propensity": []}, "in at least a row"),
        ({"smallest_propensity": 0.0}, "is no probability above 0"),
    ],
)
def test_bad_input_is_one_sentence(changes, words):
    columns = {
        "asset": ["a", "b"], "title": ["t", "t"], "impressions": [10, 10], "takes": [1, 1], "propensity": [0.5, 0.5],
    }  # fmt: skip
    with pytest.raises(NotIdentifiedError, match=words):
        weigh_take_rates(**(columns | changes))


def test_components_need_titles_with_both_kinds():
    with pytest.raises(NotIdentifiedError, match="0 titles have artworks with and without"):
        compare_component_rates([0.1, 0.2], [1, 0], ["t", "u"])
    with pytest.raises(NotIdentifiedError, match="0 or 1 in every row"):
        compare_component_rates([0.1, 0.2], [1, 2], ["t", "t"])
