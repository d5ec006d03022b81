"""The forest in the report: the curve shows its numbers, words follow the tests, claims wait for credibility."""

from __future__ import annotations

import dataclasses

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artwork_insights.effects.forest.held_out import HeldOutNumber
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.forest_figures import plot_targeting
from artwork_insights.report.forest_words import (
    calibration_in_words,
    calibration_test,
    policy_in_words,
    policy_worth,
    targeting_in_words,
    targeting_test,
)
from artwork_insights.report.html import write_report
from artwork_insights.report.numbers import scale_of

SCALE = scale_of(OutcomeUnit("take rate", True), 0.00025)
NOTHING = HeldOutNumber(0.0001, 0.0005, 100)


def test_the_curve_shows_gains_and_band_in_the_unit_of_the_report(finding):
    curve, given = finding.forest.targeting, Figure().subplots()
    ax = plot_targeting(curve, SCALE, given)
    assert ax is given
    line = next(line for line in ax.get_lines() if len(line.get_xdata()) == len(curve.shares))
    assert list(line.get_ydata()) == pytest.approx([1000 * gain for gain in curve.gains])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0, 1000 * max(curve.high)))
    assert "share of rows" in ax.get_xlabel()
    assert "takes per 1,000 impressions" in ax.get_ylabel().replace("\n", " ")
    assert isinstance(plot_targeting(curve, SCALE), Axes)


def test_words_follow_the_tests(finding):
    calibration, curve = finding.forest.calibration, finding.forest.targeting
    assert "other titles show a larger one" in calibration_in_words(calibration)
    assert "they may be noise" in calibration_in_words(dataclasses.replace(calibration, slope=NOTHING))
    assert calibration_in_words(None) == "The forest predicts the same effect for all."
    assert calibration_test(None) == ""
    assert "180 titles" in calibration_test(calibration)
    assert "show 0.90 (standard error 0.20" in calibration_test(calibration)
    assert "larger effects than a random choice" in targeting_in_words(curve)
    assert "cannot be told from a random choice" in targeting_in_words(dataclasses.replace(curve, autoc=NOTHING))
    assert "+1.00 takes per 1,000 impressions above the average" in targeting_test(curve, SCALE)


def test_a_rule_that_cannot_be_told_from_always_or_never_says_so(finding):
    policy = finding.forest.policy
    assert policy_in_words(policy).endswith("On other titles this beats doing the same everywhere.")
    for changes, rival in (
        ({"gain_over_always": NOTHING}, "always having it"),
        ({"gain_over_never": NOTHING}, "never having it"),
        ({"gain_over_always": NOTHING, "gain_over_never": NOTHING}, "always or never having it"),
    ):
        words = policy_in_words(dataclasses.replace(policy, pays=False, **changes))
        assert words.startswith("The best simple rule is: Choose artwork with a face for Drama.")
        assert words.endswith(f"cannot be told from {rival}.")
    assert "No rule that asks for more" in policy_in_words(dataclasses.replace(policy, depth=0))


def test_the_worth_of_a_rule_has_intervals_and_names_its_cost(finding):
    worth = policy_worth(finding.forest.policy, SCALE)
    low, high = (1000 * limit for limit in finding.forest.policy.gain_over_never.interval(0.95))
    assert f"+1.10 (from +{low:.2f} to +{high:.2f}, 95" in worth
    assert "taking off 0.50 as the smallest effect that matters" in worth
    assert "42\N{NARROW NO-BREAK SPACE}% of rows" in worth


def test_the_page_shows_the_curve_and_keeps_claims_for_credible_findings(result, finding, tmp_path):
    pages = []
    for credible in (True, False):
        verdict = dataclasses.replace(finding.verdict, credible=credible)
        one = dataclasses.replace(finding, verdict=verdict)
        write_report(dataclasses.replace(result, findings=(one,)), tmp_path)
        pages.append((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert all("Does it pay to go by the forest?" in page for page in pages)
    assert ["Choose artwork with a face for Drama." in page for page in pages] == [True, False]
    assert ["Going by the forest finds" in page for page in pages] == [True, False]
