"""From tables to a report: what a study writes, what it refuses, what it never looks at, and that it repeats itself."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from artwork_insights.catalog.columns import FEATURE_COLUMNS, GROUPS, SCALAR_FEATURES
from artwork_insights.catalog.synthetic import SyntheticCatalogue, make_catalogue, planted_features, write_catalogue
from artwork_insights.design import treatment_model
from artwork_insights.design.learners import BoostingSettings
from artwork_insights.effects import cells as cells_module
from artwork_insights.effects import nuisances
from artwork_insights.errors import NotIdentifiedError, OutputError, TableError
from artwork_insights.features.table import read_feature_table
from artwork_insights.mining.split import mining_half
from artwork_insights.pipeline import check_study, estimate_study, run_study
from artwork_insights.publish import StudyRun, redraw, write_run
from artwork_insights.report.findings import Finding, StudyResult, read_results
from artwork_insights.report.pictures import picture_name
from artwork_insights.study import Checks, Study, read_study

N_TITLES = 60
PLANTED_EFFECT = 0.016
PLANTED_SLOPE = 0.00008  # of lightness, in the structural model of the catalogue
STANDARD_ERRORS = 3.0  # how far an estimate may lie from a planted effect
SAFE = ("genre", "launch_year", "format", "aspect_ratio")
DERIVED = "face_area_share_mean"


@pytest.fixture(scope="module", autouse=True)
def models_are_not_tuned() -> Iterator[None]:
    """Tuning has tests of its own; here it would take nine tenths of the time."""
    fixed = BoostingSettings(max_depth=2, learning_rate=0.15, min_child_weight=5.0, rounds=50)
    with pytest.MonkeyPatch.context() as patch:
        for module in (nuisances, treatment_model):
            patch.setattr(module, "tune", lambda *_, **__: fixed)
        yield


def hypothesis(name: str, treatment: str, confounders: Sequence[str] = SAFE, more: str = "") -> str:
    return (
        f'[[hypothesis]]\nname = "{name}"\ntreatment = "{treatment}"\n'
        f"confounders = {json.dumps(list(confounders))}\nsmallest_effect_of_interest = 0.002\n{more}\n"
    )


FACE = hypothesis("face_present", "face_present")
CROWD = hypothesis("many_faces", "face_count > 3")
REFUSED = hypothesis("held_fixed", "face_present", [*SAFE, DERIVED])


@dataclass(frozen=True)
class Place:
    """A user's folder: tables, pictures and features, made without a network or a detector."""

    folder: Path
    catalogue: SyntheticCatalogue

    def study(self, *hypotheses: str, header: str = "", data: str = 'impressions = "impressions.parquet"') -> Study:
        path = self.folder / "study.toml"
        path.write_text(
            f'[study]\nname = "test"\nseed = 5\n{header}\n'
            f'[data]\nassets = "assets.csv"\ntitles = "titles.csv"\n{data}\n'
            "[estimation]\nfolds = 3\nforest = false\nplacebo_draws = 40\n[checks]\nsubsets = 0\n"
            + "".join(hypotheses),
            encoding="utf-8",
        )
        return read_study(path)

    def log(self, change: Callable[[pd.DataFrame], pd.Series]) -> None:
        """Replace the takes of the log."""
        log = self.catalogue.impressions
        log.assign(takes=change(log).astype(np.int64)).to_parquet(self.folder / "impressions.parquet")


def write_features(folder: Path, catalogue: SyntheticCatalogue) -> None:
    """An extraction in the extractor's format: planted features where there are some, one value for all elsewhere."""
    frame = catalogue.assets[["asset_id", "location"]].merge(planted_features(catalogue), on="asset_id")
    fill = {"bool": False, "int64": 1, "float64": 0.5, "str": "JPEG"}
    rest = {name: fill[FEATURE_COLUMNS[name].dtype] for name in SCALAR_FEATURES if name not in frame}
    (folder / "features").mkdir(parents=True)
    if "picture_hash" in rest:
        rng = np.random.default_rng(0)
        rest["picture_hash"] = [rng.bytes(16).hex() for _ in range(len(frame))]  # no two pictures are alike
    frame.assign(**rest).to_parquet(folder / "features" / "00000.parquet", index=False)
    settings = {group: {"method": "1"} for group in GROUPS}
    manifest = {"settings": settings, "inputs": len(frame), "inputs_sha256": "0" * 64, "finished": True}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def make_place(folder: Path, catalogue: SyntheticCatalogue) -> Place:
    write_catalogue(catalogue, folder, with_truth=False)
    write_features(folder / "features", catalogue)
    picture = io.BytesIO()
    Image.new("RGB", (40, 60), "#336699").save(picture, "JPEG")
    (folder / "images").mkdir()
    for location in catalogue.assets["location"]:
        (folder / location).write_bytes(picture.getvalue())
    return Place(folder, catalogue)


@pytest.fixture(scope="module")
def catalogue() -> SyntheticCatalogue:
    return make_catalogue(seed=7, n_titles=N_TITLES)


@pytest.fixture
def place(tmp_path: Path, catalogue: SyntheticCatalogue) -> Place:
    return make_place(tmp_path / "place", catalogue)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, catalogue: SyntheticCatalogue) -> tuple[Place, Path, StudyRun]:
    """One study, run once: two hypotheses that can be answered and one that cannot."""
    place = make_place(tmp_path_factory.mktemp("finished") / "place", catalogue)
    out = place.folder.parent / "run"
    study = place.study(FACE, REFUSED, CROWD)
    run = estimate_study(study)
    write_run(run, out, started=datetime.now(UTC))
    return place, out, run


def finding_of(result: StudyResult, name: str) -> Finding:
    return next(finding for finding in result.findings if finding.question.name == name)


def diagnostic_of(finding: Finding, name: str):
    return next(diagnostic for diagnostic in finding.diagnostics if diagnostic.name == name)


def effect_by(finding: Finding, design: str) -> float:
    return next(named.estimate.effect for named in finding.designs if named.name == design and named.estimate)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_run_writes_report_results_manifest_and_the_pictures_of_its_pairs(finished):
    _, out, run = finished
    assert {path.name for path in out.iterdir()} == {
        "report.html", "results.json", "support.json", "manifest.json", "pictures"
    }  # fmt: skip
    pairs = [pair for finding in run.result.findings for pair in finding.pairs]
    assert len(pairs) >= 6
    shown = {asset for pair in pairs for asset in (pair.treated_asset, pair.control_asset)}
    assert {path.name for path in (out / "pictures").iterdir()} == {picture_name(asset) for asset in shown}
    assert json.loads((out / "manifest.json").read_text())["study"] == "test"
    assert read_results(out / "results.json") == run.result
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_pairs_share_a_title_and_differ_in_the_component(finished, catalogue):
    features = planted_features(catalogue).set_index("asset_id")
    title = catalogue.assets.set_index("asset_id")["title_id"]
    for pair in finding_of(finished[2].result, "many_faces").pairs:
        assert title[pair.treated_asset] == title[pair.control_asset] == pair.title_id
        assert features["face_count"][pair.treated_asset] > 3 >= features["face_count"][pair.control_asset]


def test_the_rate_of_a_pair_is_that_of_its_log(finished, catalogue):
    total = catalogue.impressions.groupby("asset_id")[["impressions", "takes"]].sum()
    for pair in finding_of(finished[2].result, "face_present").pairs:
        assert pair.treated_impressions == total["impressions"][pair.treated_asset]
        expected = total["takes"][pair.treated_asset] / total["impressions"][pair.treated_asset]
        assert pair.treated_rate == pytest.approx(expected)


def test_counts_are_those_of_the_tables(finished, catalogue):
    result = finished[2].result
    assert result.n_titles == N_TITLES
    assert result.n_cells == len(catalogue.impressions)
    assert result.n_impressions == catalogue.impressions["impressions"].sum()
    assert result.n_countries == 5
    assert result.feature_settings["faces.method"] == "1"


def test_two_runs_give_the_same_bytes_whatever_the_number_of_cores(finished, tmp_path, monkeypatch):
    place, out, _ = finished
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    run_study(place.study(FACE, REFUSED, CROWD), tmp_path / "again")
    assert (tmp_path / "again" / "results.json").read_bytes() == (out / "results.json").read_bytes()
    assert (tmp_path / "again" / "report.html").read_bytes() == (out / "report.html").read_bytes()


def test_another_seed_gives_other_numbers(finished):
    place, _, run = finished
    study = place.study(FACE)
    other = study.model_copy(update={"study": study.study.model_copy(update={"seed": 6})})
    assert estimate_study(other).result.findings[0].estimate != finding_of(run.result, "face_present").estimate


def test_a_hypothesis_that_cannot_be_answered_stands_there_with_its_reason_and_the_others_are_answered(finished):
    _, out, run = finished
    (refused,) = run.result.refused
    assert refused.question.name == "held_fixed"
    assert DERIVED in refused.reason
    assert "measured on the faces" in refused.reason
    assert [finding.question.name for finding in run.result.findings] == ["face_present", "many_faces"]
    assert "measured on the faces" in (out / "report.html").read_text(encoding="utf-8")


def test_adding_a_hypothesis_does_not_change_the_numbers_of_the_others(finished):
    place, _, run = finished
    (alone,) = estimate_study(place.study(FACE)).result.findings
    beside = finding_of(run.result, "face_present")
    numbers = tuple(check for check in beside.diagnostics if check.name != "multiplicity")  # that one counts them
    assert alone == replace(beside, diagnostics=numbers, verdict=alone.verdict)
    assert len(numbers) == len(beside.diagnostics) - 1


def test_the_level_of_the_study_decides_what_counts_as_a_difference_between_groups(place):
    study = place.study(FACE)
    lenient = study.model_copy(update={"estimation": study.estimation.model_copy(update={"level": 0.8})})
    found = finding_of(estimate_study(lenient).result, "face_present").moderation
    assert found
    assert {row.level for row in found} == {0.8}


def test_the_report_drawn_again_has_the_same_bytes(finished, tmp_path):
    _, out, _ = finished
    copy = shutil.copytree(out, tmp_path / "copy")
    before = (copy / "report.html").read_bytes()
    (copy / "report.html").unlink()
    assert redraw(copy).read_bytes() == before


def test_a_folder_without_results_is_not_drawn_again(tmp_path):
    with pytest.raises(OutputError, match=r"holds no results\.json"):
        redraw(tmp_path)


def test_a_picture_that_cannot_be_read_is_left_out_and_the_report_is_written(finished, tmp_path):
    _, _, run = finished
    pair = run.result.findings[0].pairs[0]
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    changed = StudyRun(run.result, run.cells, {**run.locations, pair.treated_asset: str(broken)})
    report = write_run(changed, tmp_path / "run", started=datetime.now(UTC))
    names = {path.name for path in (tmp_path / "run" / "pictures").iterdir()}
    assert report.exists()
    assert picture_name(pair.treated_asset) not in names
    assert picture_name(pair.control_asset) in names


def test_a_run_that_fails_leaves_nothing(place, tmp_path):
    with pytest.raises(NotIdentifiedError, match="no hypothesis can be answered: held_fixed"):
        run_study(place.study(REFUSED), tmp_path / "out" / "run")
    assert not (tmp_path / "out").exists()


def test_a_run_that_fails_while_writing_leaves_the_finished_one_before_it_intact(finished, tmp_path, monkeypatch):
    _, out, run = finished
    copy = shutil.copytree(out, tmp_path / "run")
    (copy / "notes.txt").write_text("mine")
    before = contents(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("artwork_insights.publish.write_report", fail)
        with pytest.raises(OSError, match="disk full"):
            write_run(run, copy, started=datetime.now(UTC))
    assert contents(tmp_path) == before
    write_run(run, copy, started=datetime.now(UTC))
    assert (copy / "notes.txt").read_text() == "mine"
    assert contents(copy).keys() == {*contents(out), "notes.txt"}


def test_the_folder_one_stands_in_can_hold_the_results(finished, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_run(finished[2], Path(), started=datetime.now(UTC))
    assert {path.name for path in tmp_path.iterdir()} == {"here"}
    assert (tmp_path / "here" / "manifest.json").exists()


def test_a_file_is_no_folder_for_results(place, tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(OutputError, match="is a file"):
        run_study(place.study(FACE), tmp_path / "run")


def test_only_the_confirming_half_is_used(place, catalogue):
    study = place.study(FACE, header='titles = "confirming"')
    run = estimate_study(study)
    ids = catalogue.titles["title_id"]
    mining = set(ids[mining_half(list(ids), study.study.seed)])
    assert 0 < len(mining) < N_TITLES
    assert run.result.titles_used == "confirming"
    assert run.result.n_titles == N_TITLES - len(mining)
    title = catalogue.assets.set_index("asset_id")["title_id"]
    assert not set(title[run.cells["face_present"]["asset_id"]]) & mining
    assert any("confirming half" in note for note in run.result.notes)
    place.log(lambda log: log["takes"].where(~log["asset_id"].map(title).isin(mining), log["impressions"]))
    assert estimate_study(study).result.findings == run.result.findings
    place.log(lambda log: log["takes"].where(log["asset_id"].map(title).isin(mining), log["impressions"] // 10))
    assert estimate_study(study).result.findings != run.result.findings  # the control


def test_checking_speaks_of_the_half_that_will_be_used(place):
    both, half = (
        next(d for d in check_study(place.study(FACE, header=header)) if d.name == "assignment")
        for header in ("", 'titles = "confirming"')
    )
    assert f"{N_TITLES} titles" in both.sentence
    assert 0 < half.value < both.value
    assert f"{N_TITLES} titles" not in half.sentence


def test_checking_reads_no_outcome(place, monkeypatch):
    study = place.study(FACE, CROWD)
    before = check_study(study)
    place.log(lambda log: log["impressions"] - log["takes"])
    assert check_study(study) == before
    assert any("have artworks that differ" in diagnostic.sentence for diagnostic in before)

    def refuse(*_: object) -> None:
        raise AssertionError("an outcome was asked for")

    monkeypatch.setattr(cells_module, "take_rate_table", refuse)
    monkeypatch.setattr(cells_module, "precision_weights", refuse)
    assert check_study(study) == before
    with pytest.raises(AssertionError, match="an outcome was asked for"):  # the control: a run does ask
        estimate_study(study)


def test_checking_refuses_what_a_run_would_refuse(place):
    with pytest.raises(NotIdentifiedError, match=DERIVED):
        check_study(place.study(REFUSED))


def test_checking_asks_for_features_first(place):
    shutil.rmtree(place.folder / "features")
    with pytest.raises(OutputError, match="artwork-insights extract"):
        check_study(place.study(FACE))


def test_an_unknown_confounder_is_refused_with_the_nearest_name_before_anything_is_measured(place, tmp_path):
    shutil.rmtree(place.folder / "features")
    study = place.study(hypothesis("face_present", "face_present", ["gener"]))
    with pytest.raises(TableError, match=r"'gener'.*did you mean 'genre'"):
        run_study(study, tmp_path / "run")
    assert not (place.folder / "features").exists()
    assert not (tmp_path / "run").exists()


def test_an_identifier_is_refused_before_anything_is_measured(place, tmp_path):
    shutil.rmtree(place.folder / "features")
    study = place.study(hypothesis("face_present", "face_present", ["genre", "image_sha256"]))
    with pytest.raises(TableError, match=r"hypothesis 'face_present': 'image_sha256' tells which picture it is"):
        run_study(study, tmp_path / "run")
    assert not (place.folder / "features").exists()


def test_popularity_joins_the_confounders_and_takes_up_what_titles_differ_in(place, catalogue, finished):
    quality = catalogue.unobserved_titles.set_index("title_id")["quality"]
    pairs = pd.MultiIndex.from_product([quality.index, ["BR", "DE", "JP", "KR", "US"]], names=["title_id", "country"])
    popularity = pairs.to_frame(index=False)
    popularity["popularity"] = (0.1 + 0.02 * popularity["title_id"].map(quality)).clip(0, 1)
    popularity.to_csv(place.folder / "popularity.csv", index=False)
    data = 'impressions = "impressions.parquet"\npopularity = "popularity.csv"'
    named = hypothesis("named", "face_present", [*SAFE, "popularity"])
    study = place.study(FACE, named, data=data)
    known, by_name = estimate_study(study).result.findings
    assert known.question.confounders == (*SAFE, "popularity") == by_name.question.confounders
    assert "popularity" in {row.confounder for row in known.balance}
    unknown = finding_of(finished[2].result, "face_present")
    assert "popularity" not in unknown.question.confounders
    gap, gap_before = (effect_by(f, "pooled") - effect_by(f, "mundlak") for f in (known, unknown))
    assert abs(gap) < gap_before / 2
    assert all(d.passed for d in check_study(study) if d.name == "assignment")


def test_what_must_show_nothing_is_named_in_the_study_and_told_in_the_findings(place):
    checks = Checks(placebo_outcome="launch_year", negative_control="lightness_mean > 0.5", subsets=2)
    study = place.study(FACE).model_copy(update={"checks": checks})
    (finding,) = estimate_study(study).result.findings
    by_name = {check.name: check for check in finding.diagnostics}
    attacks = {
        "placebo_outcome", "negative_control", "split_halves", "random_common_cause", "zero_confounder",
        "subset_stability", "leave_one_block_out", "specification_curve",
    }  # fmt: skip
    assert attacks <= set(by_name)
    assert by_name["placebo_outcome"].passed is None  # a title's own launch year cannot differ inside titles
    assert {by_name[name].passed for name in ("split_halves", "subset_stability", "specification_curve")} == {True}
    assert finding.stress.subsets is not None
    assert len(finding.stress.subsets.effects) == 2


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ({"placebo_outcome": "launch_yer"}, "did you mean 'launch_year'"),
        ({"negative_control": "lightness_men > 0.5"}, "did you mean 'lightness_mean'"),
        ({"placebo_outcome": "popularity"}, "names no table of it"),
    ],
)
def test_a_check_of_an_unknown_column_is_refused_before_anything_is_estimated(place, checks, words):
    study = place.study(FACE).model_copy(update={"checks": Checks(**checks)})
    with pytest.raises(TableError, match=re.escape(words)) as refusal:
        estimate_study(study)
    assert str(refusal.value).startswith("[checks]: ")


def test_a_confounder_that_a_face_changes_is_shown_with_and_without(place):
    study = place.study(hypothesis("face_present", "face_present", [*SAFE, "lightness_mean"]))
    (finding,) = estimate_study(study).result.findings
    (without,) = [one for one in finding.stress.curve.specifications if one.name == "without lightness_mean"]
    assert without.is_counted
    assert without.estimate != finding.estimate.effect
    assert any("lightness_mean" in warning for warning in finding.warnings)
    assert any("lightness_mean" in diagnostic.sentence for diagnostic in check_study(study))


def test_a_measure_that_is_no_condition_gives_a_slope_near_the_planted_one(place):
    study = place.study(hypothesis("lightness", "lightness_mean", [*SAFE, "face_count"]))
    (finding,) = estimate_study(study).result.findings
    assert (finding.estimate.estimand, finding.question.is_binary) == ("slope", False)
    assert finding.estimate.effect == pytest.approx(PLANTED_SLOPE, abs=STANDARD_ERRORS * finding.estimate.std_error)
    assert finding.estimate.std_error < PLANTED_SLOPE / 2
    assert (finding.pairs, finding.balance, finding.mediation) == ((), (), ())
    assert "one standard deviation more" in finding.e_value.scale
    assert finding.unseen.bounds.effect == pytest.approx(finding.estimate.effect)


def test_mediation_is_asked_where_the_hypothesis_speaks_of_its_treatment(finished):
    crowd, face = (finding_of(finished[2].result, name) for name in ("many_faces", "face_present"))
    assert [(m.treatment, m.mediator) for m in crowd.mediation] == [("face_count", DERIVED)]
    assert crowd.mediation[0].classification == "partial"
    assert face.mediation == ()


def test_one_artwork_per_title_is_called_an_association(tmp_path, catalogue):
    place = make_place(tmp_path / "place", make_catalogue(seed=3, n_titles=150))
    first = place.catalogue.assets.drop_duplicates("title_id")
    first.to_csv(place.folder / "assets.csv", index=False)
    faces = first.merge(planted_features(place.catalogue), on="asset_id").set_index("title_id")["face_present"]
    noise = np.random.default_rng(1).normal(0, 0.5, len(place.catalogue.titles))
    titles = place.catalogue.titles.assign(score=lambda t: 6 + 1.0 * t["title_id"].map(faces) + noise)
    titles.to_csv(place.folder / "titles.csv", index=False)
    study = place.study(FACE, data='outcome = { table = "titles", column = "score" }')
    result = run_study(study, tmp_path / "run")
    (finding,) = result.findings
    designs = {named.name: named for named in finding.designs}
    assert designs["pooled"].estimate is not None
    for name in ("mundlak", "within"):
        assert designs[name].estimate is None
        assert "every title has one artwork" in designs[name].sentence
    assert finding.estimate.design == "pooled"
    assert finding.estimate.effect == pytest.approx(1.0, abs=STANDARD_ERRORS * finding.estimate.std_error)
    assert (finding.verdict.word, finding.verdict.credible) == ("not_supported", False)
    sentence = "an association among titles"
    assert any(sentence in reason for reason in finding.verdict.reasons)
    assert sentence in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert (result.n_impressions, result.n_countries) == (None, None)
    assert finding.pairs  # of two titles alike in genre, and no A/B test is advised between them
    assert all(pair.control_title not in (None, pair.title) for pair in finding.pairs)
    assert not any(finding.pairs[0].title in action.text for action in finding.verdict.next_actions)
    assert finding.e_value.scale.startswith("approximation from standard deviations")
    assert result.unit.name == "score"
    assert not result.unit.is_rate


@pytest.mark.parametrize(("per_quality", "is_confounded"), [(0.015, True), (0.0, False)])
def test_titles_that_drive_both_faces_and_takes_are_noticed(place, per_quality, is_confounded):
    """The hidden quality of a title moves its faces; the diagnostic must speak only where it moves takes as well."""
    assets = place.catalogue.assets.merge(planted_features(place.catalogue), on="asset_id").set_index("asset_id")
    quality = place.catalogue.unobserved_titles.set_index("title_id")["quality"]
    rng = np.random.default_rng(4)

    def takes(log: pd.DataFrame) -> pd.Series:
        face = log["asset_id"].map(assets["face_present"]).astype(float)
        rate = 0.1 + PLANTED_EFFECT * face + per_quality * log["asset_id"].map(assets["title_id"]).map(quality)
        return pd.Series(rng.binomial(log["impressions"], rate), index=log.index)

    place.log(takes)
    (finding,) = estimate_study(place.study(FACE)).result.findings
    found = diagnostic_of(finding, "title_confounding")
    assert ("differs" in found.sentence) is is_confounded
    assert finding.estimate.effect == pytest.approx(PLANTED_EFFECT, abs=STANDARD_ERRORS * finding.estimate.std_error)
    assert finding.estimate.std_error < PLANTED_EFFECT / 4
    if is_confounded:
        assert found.value > 0
        assert effect_by(finding, "pooled") > PLANTED_EFFECT + STANDARD_ERRORS * finding.estimate.std_error


def test_a_folder_with_other_files_is_never_written_over(place, tmp_path):
    folder = tmp_path / "mine"
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "poster.jpg").write_bytes(b"precious")
    with pytest.raises(OutputError, match="holds other files than an earlier run"):
        run_study(place.study(REFUSED), folder)
    assert (folder / "pictures" / "poster.jpg").read_bytes() == b"precious"


def test_a_place_that_cannot_become_a_folder_is_refused_before_anything_is_estimated(place, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        run_study(place.study(REFUSED), tmp_path / "file" / "run")


def test_damaged_results_are_one_sentence(tmp_path):
    (tmp_path / "results.json").write_text('{"study": "x"')
    with pytest.raises(OutputError, match="damaged or of another version"):
        redraw(tmp_path)


def test_features_that_are_not_what_the_manifest_says_are_refused(place, tmp_path):
    folder = shutil.copytree(place.folder / "features", tmp_path / "features")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"counts": {"features": 3}}))
    with pytest.raises(OutputError, match=r"rows where manifest[.]json says 3"):
        read_feature_table(folder)


def keep_groups(folder: Path, *groups: str) -> None:
    """Leave out of an extraction what belongs to other groups."""
    path = folder / "features" / "00000.parquet"
    frame = pd.read_parquet(path)
    kept = [name for name in frame if name not in FEATURE_COLUMNS or FEATURE_COLUMNS[name].group in groups]
    frame[kept].to_parquet(path, index=False)
    manifest = json.loads((folder / "manifest.json").read_text())
    settings = {group: manifest["settings"][group] for group in groups}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"settings": settings}))


def test_a_study_of_a_group_that_was_not_measured_is_told_how_to_add_it(place):
    keep_groups(place.folder / "features", "file", "colour")
    with pytest.raises(TableError, match=r"'face_present' belongs to the feature group faces, .* --features faces$"):
        check_study(place.study(FACE))


def test_a_study_needs_no_group_that_it_does_not_name(place):
    folder = place.folder / "features"
    frame = pd.read_parquet(folder / "features" / "00000.parquet")
    light = 50 + 20 * np.random.default_rng(3).normal(size=len(frame))
    frame.assign(lightness_mean=light).to_parquet(folder / "features" / "00000.parquet", index=False)
    keep_groups(folder, "file", "colour")
    study = place.study(hypothesis("bright", "lightness_mean > 50"))
    (finding,) = estimate_study(study).result.findings
    assert finding.question.name == "bright"


def test_arms_a_curve_and_a_crossing_stand_beside_the_headline_and_are_read_back(place, tmp_path):
    crossed = 'effect_modifiers = ["genre", "country", "genre x country"]'
    counted = hypothesis("face_count", "face_count", more=f"arms = [0, 1, 2, 3]\n{crossed}")
    light = hypothesis(
        "lightness", "lightness_mean", [*SAFE, "face_count"], more="effect_modifiers = []\narms = [40, 60]"
    )
    run = estimate_study(place.study(counted, light))
    faces, lightness = (finding_of(run.result, name) for name in ("face_count", "lightness"))
    assert faces.arms is not None
    assert faces.arms.arms == ("0", "1", "2", "3+")
    low, high = faces.arms.contrast("1", "0").simultaneous_interval or (0, 0)
    assert low > 0  # a face raises the take rate in the structural model
    assert faces.arms.contrast("3+", "0").estimate.effect < (low + high) / 2  # and a crowd lowers it
    assert faces.dose_response is None  # seven counts are no curve
    crossing = [group for group in faces.group_effects if group.modifier == "genre x country"]
    assert len(crossing) > 10
    assert all(group.simultaneous_interval is not None for group in crossing)
    assert not any(row.modifier == "genre x country" for row in faces.moderation)
    curve = lightness.dose_response
    assert curve is not None
    slope = (curve.effect[-1] - curve.effect[0]) / (curve.dose[-1] - curve.dose[0])
    error = (curve.std_error[0] + curve.std_error[-1]) / (curve.dose[-1] - curve.dose[0])
    assert abs(slope - PLANTED_SLOPE) < STANDARD_ERRORS * error
    assert any("lie below the first arm, 40" in line for line in lightness.left_out)
    assert faces.estimate.n_effective_titles is not None
    write_run(run, tmp_path / "out", started=datetime.now(UTC))
    assert read_results(tmp_path / "out" / "results.json") == run.result


def test_arms_of_which_one_holds_all_are_left_out_in_one_sentence(place):
    one = hypothesis("face_count", "face_count", more="effect_modifiers = []\narms = [0, 50]")
    (finding,) = estimate_study(place.study(one)).result.findings
    assert finding.arms is None
    assert "The arms could not be compared: 1 arm holds all rows; a comparison needs at least 2." in finding.left_out


def test_an_unknown_part_of_a_crossing_is_refused_before_anything_is_measured(place):
    study = place.study(hypothesis("face_present", "face_present", more='effect_modifiers = ["genre x formatt"]'))
    with pytest.raises(TableError, match=r"'formatt' is neither a feature nor a column of the tables .did you mean"):
        check_study(study)
