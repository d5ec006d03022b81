"""Each stress test on cells with its fault planted, and on sound ones: caught, and silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from artwork_insights.effects.cells import Cells
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.null_effects import find_null_effects
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.inquiry.stress import (
    add_random_cause,
    compare_halves,
    estimate_subsets,
    judge_stress,
    leave_blocks_out,
    refit_with_zero_confounder,
    stress_hypothesis,
)
from artwork_insights.sensitivity.stress.halves import split_diagnostic
from artwork_insights.sensitivity.stress.movement import (
    Movement,
    leave_one_block_out_diagnostic,
    plant_confounder,
    random_common_cause_diagnostic,
    zero_confounder_diagnostic,
)
from artwork_insights.sensitivity.stress.null_effects import null_effect_diagnostic
from artwork_insights.sensitivity.stress.result import Stress
from artwork_insights.sensitivity.stress.stability import subset_stability_diagnostic
from artwork_insights.study import Checks, Estimation, Hypothesis

LINEAR = Estimation(folds=3, placebo_draws=0, forest=False, learner="linear")
CHECKS = Checks(placebo_outcome="format_code", negative_control="hue > 0", subsets=5)
NAMES = (
    "placebo_outcome", "negative_control", "split_halves", "random_common_cause", "zero_confounder",
    "subset_stability", "leave_one_block_out", "specification_curve",
)  # fmt: skip
DRAWS = 40


def make_cells(seed=0, *, n_titles=60, effect=0.02, hidden=0.0, colour=0.01, countries=3, noise_columns=0, curved=0.0):
    """Faces that colour drives; a hidden cause of face, outcome, format and hue where `hidden` is not zero."""
    rng = np.random.default_rng(seed)
    per_title = rng.integers(3, 8, n_titles)
    title = np.repeat(np.arange(n_titles), per_title)
    n = len(title)
    shade, unseen, quality = rng.normal(size=n), rng.normal(size=n), rng.normal(size=n_titles)[title]
    drive = 0.8 * shade + 1.5 * hidden * unseen + 0.5 * quality + curved * (shade**2 - 1)
    face = (rng.random(n) < 1 / (1 + np.exp(-drive))).astype(int)
    rate = 0.1 + effect * face + colour * shade + 0.02 * quality + 0.02 * hidden * unseen + 0.01 * rng.normal(size=n)
    rate = rate + 0.02 * curved * (shade**2 - 1)
    frame = pd.DataFrame(
        {"asset_id": [f"a{i:04d}" for i in range(n)], "title_id": [f"t{t:03d}" for t in title], "face_count": face,
         "colour": shade, "format_code": hidden * unseen + rng.normal(size=n), "launch_year": 2000.0 + title % 20,
         "hue": hidden * unseen + rng.normal(size=n), "genre": np.where(title % 2, "Drama", "Comedy")}
    )  # fmt: skip
    for column in range(noise_columns):
        frame[f"noise_{column}"] = rng.normal(size=n)
    cells = frame.loc[np.repeat(np.arange(n), countries)].reset_index(drop=True)
    cells["country"] = np.tile([f"c{c}" for c in range(countries)], n)
    outcome = np.repeat(rate, countries) + 0.003 * rng.normal(size=n * countries)
    return Cells(cells, outcome, np.ones(len(cells)), None, None, ())


def ask(*confounders, **changes):
    asked = {"name": "face", "treatment": "face_count > 0", "effect_modifiers": ("genre",)} | changes
    return Hypothesis(confounders=confounders or ("colour",), **asked)


def make_anew(cells, question=None, settings=LINEAR, seed=1):
    question = question or ask()
    fitted = fit_hypothesis(cells, question, settings, seed)
    return question, Remaker(fitted, settings, seed)


def move(maker, after):
    before = maker.baseline
    return Movement("changed", before.effect, after.effect, before.std_error, after.std_error)


@pytest.fixture(scope="module")
def sound():
    cells = make_cells(3, n_titles=120)
    question, maker = make_anew(cells)
    return cells, question, maker, stress_hypothesis(cells, question, maker, CHECKS)


def test_sound_cells_pass_every_stress_test_by_its_name(sound):
    _, _, _, (_, diagnostics) = sound
    assert tuple(check.name for check in diagnostics) == NAMES
    assert [check.name for check in diagnostics if check.passed is not True] == []


def test_the_curve_holds_other_scores_trims_learners_designs_matching_weighting_and_regression(sound):
    _, _, maker, (found, _) = sound
    curve = found.curve
    assert curve.missing == ()
    assert {one.family for one in curve.specifications} >= {
        "headline", "score", "trimming", "learner", "design", "regression", "matching", "weighting", "confounders",
        "chance",
    }  # fmt: skip
    assert curve.headline.estimate == maker.fitted.headline.estimate("ATE").effect
    counted = {one.name for one in curve.specifications if one.is_counted}
    assert not {"design pooled", "without colour"} & counted
    truth = [abs(one.estimate - 0.02) <= 3.5 * one.std_error for one in curve.specifications if one.is_counted]
    assert all(truth)


def test_what_was_found_survives_a_round_trip_through_json(sound):
    _, _, _, (found, _) = sound
    adapter = TypeAdapter(Stress)
    assert adapter.validate_json(adapter.dump_json(found)) == found


def test_without_subsets_nothing_is_fitted_anew_and_the_checks_say_so(sound):
    cells, question, maker, _ = sound
    found, diagnostics = stress_hypothesis(cells, question, maker, Checks(subsets=0))
    open_checks = {check.name for check in diagnostics if check.passed is None}
    assert open_checks == {"random_common_cause", "zero_confounder", "subset_stability", "leave_one_block_out"}
    assert {one.family for one in found.curve.specifications} >= {"score", "weighting", "matching", "regression"}


@pytest.mark.parametrize("hidden", [0.0, 1.0])
def test_a_hidden_cause_shows_on_placebo_outcome_and_negative_control_and_nothing_does_without(hidden):
    failed = {"placebo_outcome": 0, "negative_control": 0}
    for seed in range(DRAWS):
        cells = make_cells(100 + seed, hidden=hidden, countries=1)
        question, maker = make_anew(cells, seed=seed)
        for found in find_null_effects(cells, question, maker, CHECKS):
            assert found.decides
            failed[found.kind] += null_effect_diagnostic(found).passed is False
    allowed = 0.01 * DRAWS + 3 * np.sqrt(0.01 * 0.99 * DRAWS)
    if hidden:
        assert min(failed.values()) >= 0.9 * DRAWS
    else:
        assert max(failed.values()) <= allowed


def test_an_outcome_of_titles_is_told_across_titles_and_decides_nothing_inside_them():
    cells = make_cells(1)
    question, maker = make_anew(cells)
    (found,) = find_null_effects(cells, question, maker, Checks(placebo_outcome="launch_year"))
    assert found.estimate.design == "pooled"
    assert not found.decides
    lone = replace(cells, frame=cells.frame.assign(title_id=cells.frame["asset_id"]))
    question, maker = make_anew(lone)
    (found,) = find_null_effects(lone, question, maker, Checks(placebo_outcome="launch_year"))
    assert found.decides  # the headline itself compares across titles


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        (Checks(placebo_outcome="genre"), "no column of numbers"),
        (Checks(placebo_outcome="face_count"), "what this hypothesis asks about"),
        (Checks(negative_control="face_count > 1"), "what this hypothesis asks about"),
        (Checks(negative_control="hue > 99"), "does not vary"),
    ],
)
def test_a_placebo_that_cannot_be_one_says_why(checks, words):
    cells = make_cells(1)
    question, maker = make_anew(cells)
    (found,) = find_null_effects(cells, question, maker, checks)
    assert words in found.sentence
    assert null_effect_diagnostic(found).passed is None


def test_noise_among_the_confounders_moves_a_learner_that_follows_noise_and_no_other():
    """The planted fault: straight lines, one set per arm, through nearly as many columns as there are artworks."""
    sound, fooled = [], []
    for seed in range(DRAWS // 2):
        _, maker = make_anew(make_cells(seed, countries=1), seed=seed)
        sound.append(random_common_cause_diagnostic(add_random_cause(maker, maker.baseline)).passed)
        many = tuple(f"noise_{column}" for column in range(16))
        cells = make_cells(seed, n_titles=24, countries=1, noise_columns=16)
        _, maker = make_anew(cells, ask("colour", *many), LINEAR.model_copy(update={"trim": 0.0}), seed)
        fooled.append(random_common_cause_diagnostic(add_random_cause(maker, maker.baseline)).passed)
    assert np.mean(sound) >= 0.9
    assert np.mean(fooled) <= 0.65


def test_chance_in_the_making_is_caught_where_it_decides_and_not_where_it_does_not():
    sound, fooled = [], []
    for seed in range(DRAWS // 2):
        _, maker = make_anew(make_cells(seed, countries=1), seed=seed)
        sound.append(zero_confounder_diagnostic(move(maker, maker.estimate(refit_with_zero_confounder(maker)))).passed)
        many = tuple(f"noise_{column}" for column in range(16))
        cells = make_cells(seed, n_titles=24, countries=1, noise_columns=16)
        _, maker = make_anew(cells, ask("colour", *many), LINEAR.model_copy(update={"trim": 0.0}), seed)
        fooled.append(zero_confounder_diagnostic(move(maker, maker.estimate(refit_with_zero_confounder(maker)))).passed)
    assert np.mean(sound) >= 0.9
    assert np.mean(fooled) <= 0.65


def test_the_simulated_confounder_with_strength_moves_the_estimate_that_it_leaves_at_zero():
    _, maker = make_anew(make_cells(5, n_titles=150))
    sample = maker.fitted.sample
    assignment = sample.assignment
    treatment, outcome, _ = plant_confounder(
        assignment.treatment, sample.outcome, assignment.asset, strength_treatment=0.4, strength_outcome=0.5, seed=1
    )
    planted = replace(sample, assignment=replace(assignment, treatment=treatment), outcome=outcome)
    strong = move(maker, maker.estimate(maker.again(planted, other_chance=True)))
    zero = move(maker, maker.estimate(refit_with_zero_confounder(maker)))
    assert strong.in_errors > 4
    assert zero.in_errors < 1


def test_errors_over_rows_are_caught_by_subsets_of_titles_and_errors_over_titles_are_not():
    """The planted fault: an artwork's 12 countries count as 12 artworks."""
    _, maker = make_anew(make_cells(7, n_titles=100, countries=12))
    fitted = maker.fitted
    assert subset_stability_diagnostic(estimate_subsets(maker, maker.baseline, 5), None).passed
    assert split_diagnostic(compare_halves(fitted, 1)).passed
    headline = fitted.headline
    rows = np.arange(len(headline.sample.outcome))
    assignment = replace(headline.sample.assignment, block=rows)
    torn = replace(headline, sample=replace(headline.sample, assignment=assignment))
    wrong = replace(maker, fitted=replace(fitted, headline=torn))
    assert wrong.baseline.std_error < 0.5 * maker.baseline.std_error
    assert subset_stability_diagnostic(estimate_subsets(wrong, wrong.baseline, 5), None).passed is False


@pytest.mark.parametrize(("colour", "effect", "passed"), [(0.03, 0.006, False), (0.001, 0.02, True)])
def test_an_answer_that_one_known_confounder_could_take_away_is_told(colour, effect, passed):
    _, maker = make_anew(make_cells(2, n_titles=150, colour=colour, effect=effect))
    moved = tuple(move(maker, maker.estimate(refit)) for refit in leave_blocks_out(maker).values())
    assert leave_one_block_out_diagnostic(moved, 1.98).passed is passed


def test_an_answer_that_straight_lines_alone_give_fails_the_specification_curve():
    """The planted fault: no effect, and a confounder that works by its square, which a linear headline cannot see."""
    cells = make_cells(4, n_titles=150, effect=0.0, curved=1.0)
    question, maker = make_anew(cells)
    assert maker.baseline.p_value < 1e-4
    _, diagnostics = stress_hypothesis(cells, question, maker, Checks(subsets=1))
    (check,) = [check for check in diagnostics if check.name == "specification_curve"]
    assert check.passed is False


def test_a_continuous_treatment_is_attacked_too():
    cells = make_cells(6, n_titles=80)
    question, maker = make_anew(cells, ask("face_count", treatment="hue"))
    found, diagnostics = stress_hypothesis(cells, question, maker, Checks(subsets=2))
    assert {one.family for one in found.curve.specifications} >= {"regression", "design", "learner", "chance"}
    assert not [check for check in diagnostics if check.passed is False]
    assert judge_stress(found, maker.baseline, 0.95) == diagnostics
