"""The figures and words of mechanisms."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from artwork_insights.mechanisms.continuous_moderation import moderate_continuous
from artwork_insights.mechanisms.joint_change import joint_change
from artwork_insights.mechanisms.joint_mediation import mediate_jointly
from artwork_insights.mechanisms.mediation_sensitivity import indirect_by_rho
from artwork_insights.mechanisms.natural_effects import natural_effects
from artwork_insights.mechanisms.summary import Mechanisms
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.html import write_report
from artwork_insights.report.mechanism_figures import plot_natural_effects, plot_rho, plot_simple_slopes
from artwork_insights.report.mechanisms import view_mechanisms
from artwork_insights.report.numbers import Scale

SCALE = Scale(1000.0, 1, "takes per 1,000 impressions")
RATE = OutcomeUnit("take rate", True)


@pytest.fixture(scope="module")
def mechanisms() -> Mechanisms:
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(80), 6)
    count = rng.integers(1, 5, len(title)).astype(float)
    size = 0.1 / count + 0.005 * rng.normal(size=len(title))
    year = rng.uniform(2000, 2020, 80)[title]
    rate = 0.05 + 0.3 * size - 0.002 * count + 0.004 * rng.normal(size=len(title))
    turning = 0.05 - 0.001 * count * (year - 2010) + 0.004 * rng.normal(size=len(title))
    names = {"treatment_name": "face_count", "mediator_name": "face_area_share_mean"}
    return Mechanisms(
        natural=(natural_effects(rate, count, size, None, title, levels=(1, 3), **names),),
        rho_curves=(indirect_by_rho(rate, count, size, None, title, **names),),
        joint_mediation=(
            mediate_jointly(
                rate, count, {"face_area_share_mean": size, "<b>": size + rng.normal(size=480)}, None, title
            ),
        ),
        moderation=(moderate_continuous(turning, count, year, None, title, modifier="launch_year"),),
        joint_changes=(
            joint_change(
                rate,
                {"face_count": count, "face_area_share_mean": size},
                ({"face_count": 3, "face_area_share_mean": 0.033}, {"face_count": 1, "face_area_share_mean": 0.1}),
                None,
                title,
            ),
        ),
    )


def test_every_figure_is_labelled_and_shows_its_numbers(mechanisms):
    (effects,), (curve,), (slopes,) = mechanisms.natural, mechanisms.rho_curves, mechanisms.moderation
    ax = plot_natural_effects(effects, SCALE)
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "through it, at 1"
    assert SCALE.effect(effects.total.effect) in {text.get_text() for text in ax.texts}
    rho = plot_rho(curve, SCALE)
    assert any(list(line.get_xdata()) == [curve.rho_at_zero] for line in rho.lines)
    shown = plot_simple_slopes(slopes, SCALE)
    assert all(figure.get_xlabel() for figure in (ax, rho, shown))
    assert sum(line.get_linestyle() == "--" for line in shown.lines) == len(slopes.boundaries) == 2


def test_the_words_name_both_ends_and_what_is_no_choice(mechanisms, result):
    finding = dataclasses.replace(result.findings[0], mechanisms=mechanisms)
    view = view_mechanisms(finding, RATE, 0.95, "f1")
    (change,) = view.changes
    assert change.sentence.startswith("From face count 3 and mean face area share 0.033 to face count 1")
    assert any("not a choice anybody has" in line for line in change.alone)
    assert "mean face area share" in view.natural[0].sentence
    assert view.natural[0].change == "face count from 1 to 3"
    assert "% of what is left of mean face area share" in view.natural[0].curve_sentence
    assert not view_mechanisms(result.findings[0], RATE, 0.95, "f1")
    (slopes,) = view.slopes
    years = [round(slope.value) for slope in slopes.moderation.slopes]
    assert re.findall(r"at (\S+) ", slopes.told) == [str(year) for year in years]  # and not 2,010


def test_the_report_shows_them_and_escapes_names(mechanisms, result, tmp_path):
    finding = dataclasses.replace(result.findings[0], mechanisms=mechanisms)
    path = write_report(dataclasses.replace(result, findings=(finding,)), tmp_path)
    page = path.read_text(encoding="utf-8")
    for said in ("Through mean face area share, and past it", "Several ways together", "A change that can be made",
                 "The effect along launch year", "What if something unseen drives both"):  # fmt: skip
        assert said in page
    assert f"Dots: {view_mechanisms(finding, RATE, 0.95, 'f1').slopes[0].told}" in page
    assert '<th scope="row"><b>' not in page
