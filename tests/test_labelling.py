"""From a study to a table of artworks to label, and from labels to a corrected finding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.catalog.labels import read_labels
from artwork_insights.effects.cells import Cells
from artwork_insights.errors import NotIdentifiedError, OutputError, StudyFileError, TableError
from artwork_insights.inquiry.detector import examine_detector
from artwork_insights.inquiry.detector_cells import DetectorInput, label_values, read_detector
from artwork_insights.inquiry.fitting import FittedHypothesis, fit_hypothesis
from artwork_insights.inquiry.label_stakes import HypothesisStake, find_hypothesis_stake
from artwork_insights.labelling import LabelPlan, Promise, _promise, _tabulate, plan_study_labels
from artwork_insights.pipeline import estimate_study
from artwork_insights.report.detector_words import detector_in_words, detector_rows
from artwork_insights.report.numbers import Scale
from artwork_insights.sensitivity.detector.label_plan import Stake, label_probabilities
from artwork_insights.sensitivity.detector.label_waves import EarlierLabels
from artwork_insights.sensitivity.detector.result import judge_detector
from artwork_insights.study import Detector, Estimation, Hypothesis, read_study
from tests.test_pipeline import FACE, make_catalogue, make_place

EFFECT = 0.03
PROMISE_RTOL = 0.25
"""As in the simulations of `tests/sensitivity/test_detector_labelled.py`."""
SETTINGS = Estimation(learner="linear", folds=3, forest=False)
HYPOTHESIS = Hypothesis(name="face", treatment="face_count > 0", confounders=("year",), effect_modifiers=())
SCALE = Scale(1000.0, 1, "takes per 1,000 impressions")


def make_cells(seed: int = 1, n_titles: int = 250) -> tuple[Cells, pd.Series]:
    """A catalogue whose face detector has sensitivity and specificity .88; the true component by asset."""
    rng = np.random.default_rng(seed)
    title = np.repeat(np.arange(n_titles), rng.integers(3, 8, n_titles))
    n = len(title)
    quality = rng.normal(size=n_titles)[title]
    year = rng.normal(size=n)
    true = rng.random(n) < 1 / (1 + np.exp(-(0.7 * quality + 0.5 * year)))
    seen = np.where(rng.random(n) < 0.88, true, ~true).astype(float)
    rate = 0.2 + EFFECT * true + 0.02 * year + 0.05 * quality + rng.normal(0, 0.02, n)
    frame = pd.DataFrame(
        {
            "asset_id": [f"a{i:05d}" for i in range(n)],
            "title_id": [f"t{t:04d}" for t in title],
            "country": "BR",
            "year": year,
            "face_count": seen,
            "style": np.where(rng.random(n) < 0.5, "photo", "painting"),
        }
    )
    return Cells(frame, rate, np.ones(n), np.full(n, 1000.0), None, ()), pd.Series(true * 1.0, index=frame["asset_id"])


@pytest.fixture(scope="module")
def fitted() -> tuple[Cells, pd.Series, FittedHypothesis]:
    cells, true = make_cells()
    return cells, true, fit_hypothesis(cells, HYPOTHESIS, SETTINGS, 3)


def examined(fitted: tuple[Cells, pd.Series, FittedHypothesis], given: DetectorInput | None):  # type: ignore[no-untyped-def]
    cells, _, fit = fitted
    estimate = fit.headline.estimate(fit.estimand)
    error = examine_detector(cells, HYPOTHESIS, fit, estimate, given, SETTINGS, 3)
    assert error is not None
    return estimate, error


def test_known_rates_bring_back_the_effect_in_a_run(fitted: tuple[Cells, pd.Series, FittedHypothesis]) -> None:
    table = Detector(sensitivity=0.88, specificity=0.88, n_positive=300, n_negative=300)
    estimate, error = examined(fitted, DetectorInput(table))
    assert error.source == "rates"
    assert error.corrected.lower <= EFFECT <= error.corrected.upper
    assert estimate.interval(0.95)[1] < EFFECT  # the control: uncorrected misses the truth
    assert {one.design for one in error.designs} == {"pooled", "within"}
    check = judge_detector(error, *estimate.interval(0.95), "a face")
    assert check.passed is True
    assert "times as large" in check.sentence
    assert "takes per 1,000" in detector_in_words(error, SCALE, "a face")[0]
    assert len(detector_rows(error, SCALE)) == 3


def test_rates_by_style_need_the_style_and_use_it(fitted: tuple[Cells, pd.Series, FittedHypothesis]) -> None:
    rates = {"sensitivity": 0.88, "specificity": 0.88}
    table = Detector.model_validate({"photo": rates, "painting": rates})
    plain = examined(fitted, DetectorInput(Detector(**rates)))[1].corrected
    assert examined(fitted, DetectorInput(table))[1].corrected == plain
    lost = examined(fitted, DetectorInput(table.model_copy(update={"style_column": "look"})))[1]
    assert lost.corrected is None
    assert "no column 'look'" in lost.unknown


def test_labels_bring_back_the_effect_in_a_run(fitted: tuple[Cells, pd.Series, FittedHypothesis]) -> None:
    _, true, _ = fitted
    rng = np.random.default_rng(2)
    chosen = rng.random(len(true)) < 0.4
    labels = pd.DataFrame({"asset_id": true.index[chosen], "face_count": true[chosen].to_numpy()})
    labels["probability"], labels["wave"] = 0.4, 1.0
    estimate, error = examined(fitted, DetectorInput(Detector(labels=Path("labels.csv")), labels))
    assert error.source == "labels"
    assert error.labelled.lower <= EFFECT <= error.labelled.upper
    assert error.labelled_uncorrected < error.labelled.lower  # the control
    assert error.accuracy.sensitivity == pytest.approx(0.88, abs=0.05)
    assert judge_detector(error, *estimate.interval(0.95), "a face").passed is True


def test_without_anything_known_the_posters_inform_and_decide_nothing(
    fitted: tuple[Cells, pd.Series, FittedHypothesis],
) -> None:
    estimate, error = examined(fitted, None)
    assert error.source == "posters"
    assert error.accuracy is None
    check = judge_detector(error, *estimate.interval(0.95), "a face")
    assert check.passed is None
    assert "labelled posters" in check.sentence
    assert detector_in_words(error, SCALE, "a face")[0].startswith("For information")


def test_a_component_measured_on_the_picture_has_no_detector_error(
    fitted: tuple[Cells, pd.Series, FittedHypothesis],
) -> None:
    cells, _, fit = fitted
    lightness = Hypothesis(name="light", treatment="lightness_mean > 50")
    assert examine_detector(cells, lightness, fit, fit.headline.estimate("ATE"), None, SETTINGS, 1) is None


def test_a_stake_promises_less_error_with_more_labels(fitted: tuple[Cells, pd.Series, FittedHypothesis]) -> None:
    cells, _, _ = fitted
    assets = sorted(cells.frame["asset_id"])
    given = DetectorInput(Detector(sensitivity=0.88, specificity=0.88))
    stake = find_hypothesis_stake(cells, HYPOTHESIS, given, SETTINGS, assets, 3)
    assert "as the study file says" in stake.assumption
    assert stake.stake.change.shape == (len(assets),)
    with pytest.raises(NotIdentifiedError, match="nothing to label"):
        find_hypothesis_stake(cells, Hypothesis(name="l", treatment="year > 0"), None, SETTINGS, assets, 3)


def test_a_count_of_faces_answers_for_their_presence() -> None:
    cells, _ = make_cells(n_titles=20)
    labels = pd.DataFrame({"asset_id": cells.frame["asset_id"][:3], "face_count": [0.0, 2.0, np.nan]})
    present = Hypothesis(name="face", treatment="face_present")
    np.testing.assert_array_equal(label_values(cells, present, labels), [0, 1, np.nan])
    own = labels.assign(face=[1.0, 0.0, np.nan])
    np.testing.assert_array_equal(label_values(cells, present, own), [1, 0, np.nan])


def test_a_second_plan_keeps_the_first_labels(tmp_path: Path) -> None:
    assets = [f"a{i}" for i in range(6)]
    frame = pd.DataFrame({"asset_id": assets, "title_id": "t", "location": assets})
    path = tmp_path / "labels.csv"
    path.write_text("asset_id,location,face_count,probability,wave\na1,x,2,0.5,1\na2,x,0,0.4,1\n")
    given = DetectorInput(Detector(labels=path), read_labels(path))
    drawn = np.array([False, True, False, True, False, False])
    catalog = Catalog(frame, frame, None, None, ())
    table, n_known = _tabulate(catalog, assets, drawn, np.full(6, 1 / 3), ["face_count"], given, 2)
    assert n_known == 1
    assert list(table["asset_id"]) == ["a1", "a2", "a1", "a3"]
    np.testing.assert_array_equal(table["face_count"], [2, 0, 2, np.nan])
    table.to_csv(tmp_path / "again.csv", index=False)
    assert len(read_labels(tmp_path / "again.csv")) == 4


STUDY = """
[study]
name = "faces"
[data]
assets = "assets.csv"
titles = "titles.csv"
impressions = "impressions.csv"
[[hypothesis]]
name = "face"
treatment = "face_present"
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sensitivity = 0.9", "both sensitivity and specificity"),
        ("sensitivity = 0.4\nspecificity = 0.5", None),
        ("", "give sensitivity and specificity"),
        ("sensitivty = 0.9", "did you mean 'sensitivity'"),
        ("[detector.photo]\nsensitivity = 0.4\nspecificity = 0.5", "no better than chance"),
        ("[detector.photo]\nsensitivity = 0.9\nspecifity = 0.9", "specificity"),
        ('labels = "l.csv"\nhypotheses = ["fase"]', "names hypothesis 'fase'"),
    ],
)
def test_a_detector_table_that_says_nothing_usable_is_refused(tmp_path: Path, text: str, told: str | None) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f"{STUDY}[detector]\n{text}\n")
    with pytest.raises(StudyFileError, match=told or "no better than chance"):
        read_study(path)


def test_labels_are_read_from_the_folder_of_the_study_and_must_answer_something(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f'{STUDY}[detector]\nlabels = "labels.csv"\n[detector.photo]\nsensitivity = 1\nspecificity = 1\n')
    study = read_study(path)
    assert study.detector is not None
    assert study.detector.labels == tmp_path / "labels.csv"
    assert study.detector.styles["photo"].sensitivity == 1
    (tmp_path / "labels.csv").write_text("asset_id,logo\na1,1\n")
    with pytest.raises(TableError, match="no hypothesis asks"):
        read_detector(study)
    with pytest.raises(ValidationError):
        Detector()


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    out = tmp_path / "labels.csv"
    out.write_text("precious")
    study = read_study(tmp_path / "study.toml")
    with pytest.raises(OutputError, match="may hold labels"):
        plan_study_labels(study, out)
    assert out.read_text() == "precious"
    with pytest.raises(OutputError, match=r"ends in \.csv"):
        plan_study_labels(study, tmp_path / "labels.xlsx")


def test_a_plan_says_how_much_narrower_each_hundred_makes_it() -> None:
    promise = Promise("face", "as on labelled posters", 0.003, ((100, 0.005), (200, 0.004)))
    lines = "\n".join(LabelPlan(Path("l.csv"), 200, 0, (promise,), (("light", "nothing to label."),), True).lines)
    for part in ("200 artworks to label", 'labels = "l.csv"', "corrected, 200 labels", "-20%", "light: nothing"):
        assert part in lines


def make_stake(seed: int, n: int = 500) -> HypothesisStake:
    rng = np.random.default_rng(seed)
    change = rng.standard_t(3, n) * 0.002
    return HypothesisStake("face", Stake(change, rng.uniform(0.05, 0.2, n), 0.3 * change, 0.002), "assumed", 0.003)


@pytest.mark.parametrize("n_before", [10, 40, 200, 490])
def test_a_promise_beside_earlier_labels_never_exceeds_the_interval_that_they_give(n_before: int) -> None:
    """Also where nearly every artwork has a label, so that a further wave by itself would only add chance."""
    for seed in range(5):
        stake = make_stake(seed)
        n = len(stake.stake.change)
        earlier = EarlierLabels(n_before, n_before, np.full(n, n / n_before - 1))
        (promise,) = _promise([stake], [earlier], n, 350, 0.95)
        sizes, widths = zip(*promise.half_widths, strict=True)
        assert list(widths) == sorted(widths, reverse=True)
        assert (promise.n_before, sizes[0]) == (n_before, 0 if n_before >= 30 else 100)  # 29 give no interval yet


def test_a_hundred_labels_beside_350_promise_more_than_a_hundred_alone() -> None:
    stake = make_stake(1)
    probability = label_probabilities([stake.stake], 350)
    earlier = EarlierLabels(350, 350, 1 / probability - 1)
    (fresh,), (promise,) = (_promise([stake], [one], 500, 100, 0.95) for one in (None, earlier))
    alone, beside = dict(fresh.half_widths), dict(promise.half_widths)
    assert beside[100] <= beside[0] < alone[300]
    assert beside[0] < 0.75 * alone[100]


def test_a_plan_beside_earlier_labels_starts_with_now_and_counts_what_is_yet_to_be_made() -> None:
    promise = Promise("face", "350 labels made so far", 0.003, ((0, 0.004), (100, 0.003), (200, 0.0027)), 350)
    lines = LabelPlan(Path("l.csv"), 200, 60, (promise,), (), True).lines
    assert [line.split("  ")[1] for line in lines[-3:]] == ["now, 350 labels", "100 more labels", "200 more labels"]
    assert "%" not in lines[-3]
    assert lines[-2].endswith("-25%")


@pytest.mark.slow
def test_a_planted_detector_error_is_found_and_mended_from_plan_to_report(tmp_path: Path) -> None:
    """Labels planned, filled in with the truth and handed back: the run sees the error and takes it out."""
    place = make_place(tmp_path / "place", make_catalogue(seed=7, n_titles=120))
    shard = place.folder / "features" / "features" / "00000.parquet"
    features = pd.read_parquet(shard)
    truth = features.set_index("asset_id")["face_count"]
    wrong = np.random.default_rng(4).random(len(features)) < 0.15
    count = np.where(wrong, np.where(features["face_count"] > 0, 0, 1), features["face_count"])
    features.assign(face_count=count, face_present=count > 0).to_parquet(shard, index=False)
    plan = plan_study_labels(place.study(FACE), place.folder / "labels.csv", 350)
    assert plan.n_drawn == 350
    assert [promise.hypothesis for promise in plan.promises] == ["face_present"]
    table = pd.read_csv(place.folder / "labels.csv")
    assert list(table.columns) == ["asset_id", "location", "face_present", "probability", "wave"]
    assert table["face_present"].isna().all()
    table.assign(face_present=table["asset_id"].map(truth > 0).astype(int)).to_csv(
        place.folder / "labels.csv", index=False
    )
    run = estimate_study(place.study(FACE, '[detector]\nlabels = "labels.csv"\n'))
    finding = run.result.findings[0]
    assert finding.detector is not None
    labelled = finding.detector.labelled
    assert labelled is not None
    assert labelled.sensitivity == pytest.approx(0.85, abs=0.07)
    measurement = next(check for check in finding.diagnostics if check.name == "measurement")
    assert measurement.passed is False
    assert labelled.effect > 1.15 * (finding.detector.labelled_uncorrected or 0.0) > 0
    again = plan_study_labels(place.study(FACE, '[detector]\nlabels = "labels.csv"\n'), place.folder / "more.csv", 100)
    assert "350 labels made so far" in again.promises[0].assumption
    (sizes, widths), has = zip(*again.promises[0].half_widths, strict=True), (labelled.upper - labelled.lower) / 2
    assert (again.promises[0].n_before, sizes[:2]) == (350, (0, 100))
    assert widths[0] == pytest.approx(has, rel=PROMISE_RTOL)
    assert widths[-1] < 0.96 * widths[0]  # nearly half of the artworks are labelled: little is left to be gained
    assert max(widths) == widths[0] < 1.05 * has
    assert "100 more labels" in "\n".join(again.lines)
    assert len(read_labels(place.folder / "more.csv")) == 450
