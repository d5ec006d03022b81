"""Several arms; witnesses: the two-arm estimator, title dummies, and planted effects under title confounding."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from artwork_insights.effects.arm_effects import estimate_arm_effects
from artwork_insights.effects.arms import cut_arms
from artwork_insights.effects.average import estimate_average_effect
from artwork_insights.errors import NotIdentifiedError

pytestmark = pytest.mark.usefixtures("quick_grid")
PLANTED = np.array([0.0, 0.3, 0.5, 0.4])


def draw(seed, planted=PLANTED):
    """Quality of the title drives both how many faces its artworks show and the outcome."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(150), rng.integers(4, 11, 150))
    quality, x = rng.normal(size=150)[title], rng.normal(size=len(title))
    faces = np.digitize(np.sin(2 * x) + 0.7 * quality + rng.normal(size=len(title)), [-0.8, 0.3, 1.2])
    outcome = 0.4 * np.sin(2 * x) + quality + planted[faces] + 0.5 * rng.normal(size=len(title))
    return outcome, cut_arms(faces, [0, 1, 2, 3]), x[:, None], title


def estimate(design, seed=0, planted=PLANTED):
    estimand = "ATO" if design == "within" else "ATE"
    return estimate_arm_effects(*draw(seed, planted), design=design, estimand=estimand)


@pytest.mark.parametrize("design", ["mundlak", "within"])
def test_all_contrasts_are_recovered_at_once(design):
    found = estimate(design, seed=1)
    assert [(c.arm, c.versus) for c in found.contrasts] == [
        ("1", "0"), ("2", "0"), ("3+", "0"), ("2", "1"), ("3+", "1"), ("3+", "2"),
    ]  # fmt: skip
    for contrast in found.contrasts:
        truth = PLANTED[found.arms.index(contrast.arm)] - PLANTED[found.arms.index(contrast.versus)]
        low, high = contrast.simultaneous_interval
        assert low <= truth <= high, contrast
        assert high - low < 0.6
        assert high - low > np.ptp(contrast.estimate.interval())
    assert found.no_difference.p_value < 1e-6
    assert found.no_difference.numerator_df == 3
    assert found.contrast("0", "2") is found.contrast("2", "0")
    assert (found.means == ()) == (design == "within")


def test_control_across_titles_the_contrasts_are_missed():
    found = estimate("pooled")
    low, _ = found.contrast("3+", "0").simultaneous_interval
    assert low > PLANTED[3] + 0.2
    assert [mean.arm for mean in found.means] == ["0", "1", "2", "3+"]
    means = {mean.arm: mean.mean for mean in found.means}
    assert means["2"] - means["0"] == pytest.approx(found.contrast("2", "0").estimate.effect, abs=0.1)


def test_arms_that_do_nothing_are_seldom_told_apart():
    p_values = [estimate("within", seed, np.zeros(4)).no_difference.p_value for seed in range(4)]
    assert sum(p < 0.05 for p in p_values) <= 1


def test_two_arms_are_the_average_effect(catalogue):
    outcome, treatment, x, title, _ = catalogue
    arms = np.where(treatment == 1, "with", "without")
    for design, estimand in (("pooled", "ATE"), ("mundlak", "ATE"), ("within", "ATO")):
        gaps = []
        for seed in range(4):  # trees draw other rows for the two: so few of them move an estimate by chance
            options = {"design": design, "estimand": estimand, "seed": seed}
            two = estimate_arm_effects(outcome, arms, x, title, reference="without", **options).contrasts[0]
            one = estimate_average_effect(outcome, treatment, x, title, **options)
            gaps.append((two.estimate.effect - one.effect) / one.std_error)
            assert two.estimate.std_error == pytest.approx(one.std_error, rel=0.2)
            assert two.simultaneous_interval == pytest.approx(two.estimate.interval())
        assert abs(np.mean(gaps)) < 0.5, design


def in_many_countries(seed=0):
    """60 titles in 40 countries; the effect of an artwork differs by country."""
    rng = np.random.default_rng(seed)
    title, country = np.repeat(np.arange(60), 40), np.tile(np.arange(40), 60)
    treatment = rng.integers(2, size=2400).astype(float)
    effect = 0.5 + rng.normal(size=40)[country]
    outcome = rng.normal(size=60)[title] + effect * treatment + rng.normal(size=2400)
    return outcome, treatment, rng.normal(size=(2400, 1)), title, np.column_stack([title, country])


@pytest.mark.parametrize(("design", "estimand"), [("pooled", "ATE"), ("mundlak", "ATE"), ("within", "ATO")])
def test_two_arms_in_many_countries_have_the_two_way_error_of_the_average_effect(design, estimand):
    outcome, treatment, x, title, clusters = in_many_countries()
    options = {"design": design, "estimand": estimand, "learner": "linear", "folds": 2}
    one = estimate_average_effect(outcome, treatment, x, clusters, **options)
    two = estimate_arm_effects(outcome, treatment, x, clusters, **options).contrasts[0].estimate
    assert two.std_error == pytest.approx(one.std_error, rel=0.02)  # trees draw other rows for the two
    assert two.degrees_of_freedom == one.degrees_of_freedom == 39
    alone = estimate_arm_effects(outcome, treatment, x, title, **options).contrasts[0].estimate
    assert alone.std_error < 0.5 * two.std_error  # the control: by title alone, far too sure


def test_the_joint_test_of_several_arms_knows_of_countries_too():
    outcome, treatment, x, title, clusters = in_many_countries(1)
    arms = np.where(treatment == 1, np.random.default_rng(2).integers(1, 3, len(title)), 0)
    options = {"design": "pooled", "learner": "linear", "folds": 2}
    both, alone = (estimate_arm_effects(outcome, arms, x, c, **options).no_difference for c in (clusters, title))
    assert both.statistic < 0.2 * alone.statistic
    assert (both.numerator_df, both.denominator_df) == (2, 38)


def test_inside_titles_without_confounders_it_is_the_regression_on_title_dummies(catalogue):
    outcome, _, _, title, _ = catalogue
    arms = np.random.default_rng(0).integers(3, size=len(title))
    found = estimate_arm_effects(outcome, arms, np.empty((len(title), 0)), title, design="within", estimand="ATO")
    dummies = (title[:, None] == np.arange(60)).astype(float)
    witness = sm.OLS(outcome, np.column_stack([arms == 1, arms == 2, dummies]).astype(float)).fit()
    ours = [found.contrast(arm, "0").estimate.effect for arm in ("1", "2")]
    assert ours == pytest.approx(witness.params[:2], rel=1e-4)


def test_an_arm_that_meets_no_other_inside_titles_is_named(catalogue):
    outcome, treatment, x, title, _ = catalogue
    arms = np.where(title < 5, "rare", np.where(treatment == 1, "with", "without"))
    arms[np.flatnonzero(title < 5)[::2]] = "with"
    found = estimate_arm_effects(outcome, arms, x, title, reference="without")
    refused = found.contrast("rare", "without")
    assert refused.estimate is None
    assert refused.sentence.startswith("no artworks of 'rare' and 'without' are comparable")
    assert found.contrast("with", "without").estimate is not None


def test_effective_numbers_are_those_of_the_average_effect(catalogue):
    outcome, treatment, x, title, _ = catalogue
    options = {"design": "pooled"}
    one = estimate_average_effect(outcome, treatment, x, title, **options)
    two = estimate_arm_effects(outcome, treatment, x, title, **options).contrasts[0].estimate
    assert two.n_effective_assets == pytest.approx(one.n_effective_assets, rel=0.1)
    assert two.n_effective_titles == pytest.approx(one.n_effective_titles, rel=0.1)
    assert two.n_effective_assets < 0.9 * two.n_assets


def test_crumps_limits_of_an_arm_leave_out_what_a_small_share_does_and_a_level_widens(catalogue):
    outcome, treatment, x, title, _ = catalogue
    arms = np.where(treatment == 1, "with", "without")
    options = {"design": "pooled", "learner": "linear"}
    crump = estimate_average_effect(outcome, treatment, x, title, trim="crump", **options)
    ours = estimate_arm_effects(outcome, arms, x, title, reference="without", trim="crump", level=0.99, **options)
    assert ours.contrasts[0].estimate.n_cells == pytest.approx(crump.n_cells, abs=3)
    assert crump.n_cells < len(outcome)
    assert ours.contrasts[0].simultaneous_interval == pytest.approx(ours.contrasts[0].estimate.interval(0.99))


def test_arms_that_no_title_mixes_are_compared_across_titles(catalogue):
    outcome, _, x, title, _ = catalogue
    assert estimate_arm_effects(outcome, title % 3, x, title).design == "pooled"


def test_what_cannot_be_estimated_is_refused(catalogue):
    outcome, treatment, x, title, _ = catalogue
    with pytest.raises(NotIdentifiedError, match="design 'within' estimates the ATO of several arms and no ATE"):
        estimate_arm_effects(outcome, treatment, x, title, design="within")
    with pytest.raises(NotIdentifiedError, match="design 'mundlak' is not identified: 0 of 60 titles"):
        estimate_arm_effects(outcome, title % 3, x, title, design="mundlak")
    with pytest.raises(NotIdentifiedError, match=r"level=95 is not a share; it lies between 0 and 1"):
        estimate_arm_effects(outcome, treatment, x, title, level=95)
    with pytest.raises(NotIdentifiedError, match=r"arm '0' has \d artworks, fewer than 10, as have 59 further arms"):
        estimate_arm_effects(outcome, title, x, title)
    with pytest.raises(NotIdentifiedError, match=r"trim=0.7 is no rule"):
        estimate_arm_effects(outcome, treatment, x, title, trim=0.7)
