"""Witnesses: statsmodels for the contrast, a planted surface for the effect."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from artwork_insights.errors import NotIdentifiedError
from artwork_insights.mechanisms.feature_surface import ClearedSurface, Surface
from artwork_insights.mechanisms.joint_change import joint_change

FROM, TO = {"faces": 3.0, "share": 0.03}, {"faces": 1.0, "share": 0.09}


def make_rows(seed, n_titles=150):
    """Faces share one area: the more there are, the smaller each is. Titles confound both."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(3, 9, n_titles))
    quality = rng.normal(size=n_titles)[title]
    faces = np.clip(rng.poisson(1.2 + 0.5 * np.exp(0.3 * quality)) + 1, 1, 6).astype(float)
    share = 0.09 / faces * np.exp(0.15 * rng.normal(size=len(title)))
    outcome = surface(faces, share) + 2 * quality + 0.5 * rng.normal(size=len(title))
    return outcome, {"faces": faces, "share": share}, title


def surface(faces, share):
    return -0.2 * faces + 12 * share - 40 * share**2 + 1.5 * faces * share


TRUTH = surface(1.0, 0.09) - surface(3.0, 0.03)


def test_the_planted_difference_is_found_and_without_titles_it_is_not():
    ours, pooled = [], []
    for seed in range(20):
        outcome, features, title = make_rows(seed)
        ours.append(joint_change(outcome, features, (FROM, TO), None, title, absorb=title).effect)
        pooled.append(joint_change(outcome, features, (FROM, TO), None, title).effect)
    assert abs(np.mean(ours) - TRUTH) < 3 * np.std(ours, ddof=1) / np.sqrt(20)
    assert abs(np.mean(pooled) - TRUTH) > 3 * np.std(pooled, ddof=1) / np.sqrt(20)


def test_the_difference_and_its_error_equal_a_contrast_of_statsmodels():
    outcome, features, title = make_rows(0)
    ours = joint_change(outcome, features, (FROM, TO), None, title)
    f, s = features["faces"], features["share"]

    def columns(f, s):
        return np.column_stack([np.ones_like(f), f, s, f**2, f * s, s**2])

    fit = sm.OLS(outcome, columns(f, s)).fit(cov_type="cluster", cov_kwds={"groups": title}, use_t=True)
    ends = columns(np.array([3.0, 1.0]), np.array([0.03, 0.09]))
    witness = fit.t_test((ends[1] - ends[0])[None, :])
    assert ours.effect == pytest.approx(float(np.squeeze(witness.effect)), rel=1e-6)
    assert ours.std_error == pytest.approx(float(np.squeeze(witness.sd)), rel=1e-6)
    assert ours.p_value == pytest.approx(float(np.squeeze(witness.pvalue)), rel=1e-6)


def test_one_feature_alone_is_said_to_be_no_choice_where_nobody_made_it():
    outcome, features, title = make_rows(1)
    ours = joint_change(outcome, features, (FROM, TO), None, title, absorb=title)
    alone = {one.feature: one for one in ours.one_at_a_time}
    assert not alone["faces"].is_feasible  # one face as small as three have
    assert "no choice that anybody has" in ours.sentence
    near = (np.abs(features["faces"] - 3) <= 0.5) & (np.abs(features["share"] - 0.03) <= 0.012)
    assert 0 < ours.stops[0].n_assets <= near.sum()


def test_an_artwork_in_several_countries_counts_once():
    outcome, features, title = make_rows(2)
    thrice = {name: np.tile(values, 3) for name, values in features.items()}
    asset = np.tile(np.arange(len(outcome)), 3)
    ours = joint_change(np.tile(outcome, 3), thrice, (FROM, TO), None, np.tile(title, 3), assets=asset)
    once = joint_change(outcome, features, (FROM, TO), None, title)
    assert [stop.n_assets for stop in ours.stops] == [stop.n_assets for stop in once.stops]
    assert ours.effect == pytest.approx(once.effect, rel=1e-9)


def test_a_path_adds_up_and_a_stop_nobody_made_is_refused():
    outcome, features, title = make_rows(3)
    path = (FROM, {"faces": 2.0, "share": 0.045}, TO)
    ours = joint_change(outcome, features, path, None, title)
    assert ours.stops[0].effect == 0.0
    assert ours.stops[-1].effect == ours.effect == joint_change(outcome, features, (FROM, TO), None, title).effect
    with pytest.raises(NotIdentifiedError, match=r"only 0 artworks are near faces 5 and share 0\.3"):
        joint_change(outcome, features, (FROM, {"faces": 5.0, "share": 0.3}), None, title)


def test_cleared_columns_give_the_same_as_controls_that_cleared_them():
    outcome, features, title = make_rows(4)
    known = np.random.default_rng(0).normal(size=(len(outcome), 2)) + outcome[:, None]
    table = np.column_stack([*features.values()])
    columns = Surface.over(("faces", "share"), table).columns(table)
    design = sm.add_constant(known)

    def left(values):
        return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]

    cleared = ClearedSurface(left(outcome), left(columns))
    ours = joint_change(outcome, features, (FROM, TO), None, title, cleared=cleared)
    whole = joint_change(outcome, features, (FROM, TO), known, title)
    assert ours.effect == pytest.approx(whole.effect, rel=1e-8)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ((FROM,), "two combinations"),
        (FROM, "two combinations"),
        (({"faces": 3.0}, TO), "lacks share"),
        ((FROM, {"smiles": 1.0}), "names 'smiles'"),
        ((FROM, FROM), "nothing changes"),
        ((FROM, {"faces": float("nan")}), "not a number"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(path, said):
    outcome, features, title = make_rows(5, 30)
    with pytest.raises(NotIdentifiedError, match=said):
        joint_change(outcome, features, path, None, title)
