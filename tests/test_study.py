"""The study file: what is read, and every refusal as one sentence with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from artwork_insights.errors import ArtworkInsightsError, StudyFileError, did_you_mean
from artwork_insights.study import DEFAULT_MEDIATION, read_study, single_modifiers

SMALLEST = """
[study]
name = "faces"
[data]
assets = "assets.csv"
titles = "titles.csv"
impressions = "log/*.parquet"
[[hypothesis]]
name = "close_up"
treatment = "face_count > 3"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(StudyFileError) as caught:
        read_study(write(folder, text))
    return str(caught.value)


def test_the_smallest_study_has_the_documented_defaults(tmp_path):
    study = read_study(write(tmp_path, SMALLEST))
    assert (study.study.name, study.study.seed, study.study.titles) == ("faces", 0, "all")
    assert (study.estimation.folds, study.estimation.trim, study.estimation.level) == (5, 0.05, 0.95)
    assert study.hypothesis[0].effect_modifiers == ("genre", "country")
    assert study.hypothesis[0].expression.names == ("face_count",)
    assert study.mediation == (DEFAULT_MEDIATION,)


def test_paths_are_read_from_the_folder_of_the_file(tmp_path, monkeypatch):
    path = write(tmp_path, SMALLEST.replace('"titles.csv"', '"/elsewhere/titles.csv"'))
    monkeypatch.chdir(tmp_path.parent)
    data = read_study(path.relative_to(tmp_path.parent)).data
    assert data.assets == tmp_path / "assets.csv"
    assert data.impressions == tmp_path / "log/*.parquet"
    assert data.features == tmp_path / "features"
    assert data.titles == Path("/elsewhere/titles.csv")
    assert data.popularity is None


def test_a_study_cannot_be_changed_after_it_was_read(tmp_path):
    with pytest.raises(ValidationError, match="frozen"):
        read_study(write(tmp_path, SMALLEST)).study.seed = 3


def test_an_unknown_key_is_named_with_its_nearest_exactly_as_the_style_page_says(tmp_path):
    sentence = refusal(tmp_path, SMALLEST + 'confouders = ["genre"]\n')
    assert sentence == "study.toml: hypothesis[0]: unknown key 'confouders'; did you mean 'confounders'?"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", 'zzz = "x"', "hypothesis[0]: unknown key 'zzz'; known here: arms, confounders, effect_modifiers, "),
        ('name = "faces"', 'name = "faces"\nsede = 3', "study: unknown key 'sede'; did you mean 'seed'?"),
        ("[study]", "[estimaton]\n[study]", "unknown key 'estimaton'; did you mean 'estimation'?"),
        (
            "[study]",
            "[extraction]\ndevise = 'cpu'\n[study]",
            "extraction: unknown key 'devise'; did you mean 'device'?",
        ),
        ('titles = "titles.csv"', "", "data: 'titles' is missing."),
        ('treatment = "face_count > 3"', "", "hypothesis[0]: 'treatment' is missing."),
        ('impressions = "log/*.parquet"', "", "data: give either impressions = "),
        (
            '[[hypothesis]]\nname = "close_up"',
            '[data.outcome]\ncolumn = "imdb"\n[[hypothesis]]\nname = "close_up"',
            "data: give either impressions = ",
        ),
        ('"face_count > 3"', '"face_count >"', "hypothesis[0]: treatment 'face_count >': cannot read 'the end' at "),
        ('name = "close_up"', 'name = "close up"', "hypothesis[0].name: String should match pattern "),
        (
            "[study]",
            "[estimation]\ntrim = 0.5\n[study]",
            'estimation.trim: expected a number from 0 to below 0.5, or "crump"; found 0.5.',
        ),
        ("[study]", "[estimation]\nfolds = 1\n[study]", "estimation.folds: Input should be greater than or equal to 2"),
        ('name = "faces"', 'name = "faces"\nseed = -1', "study.seed: Input should be greater than or equal to 0"),
    ],
)
def test_a_fault_is_one_sentence_with_its_place(tmp_path, old, new, expected):
    text = SMALLEST + new if not old else SMALLEST.replace(old, new, 1)
    sentence = refusal(tmp_path, text)
    assert sentence.startswith(f"study.toml: {expected}")
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    assert "Value error" not in sentence


def test_an_unknown_key_is_told_before_other_faults_and_their_number_is_said(tmp_path):
    sentence = refusal(tmp_path, SMALLEST.replace('name = "faces"', 'name = "faces"\nseed = -1') + "confouders = []\n")
    assert sentence == "study.toml: hypothesis[0]: unknown key 'confouders'; did you mean 'confounders'? (1 more)"


def test_two_hypotheses_of_one_name_are_refused(tmp_path):
    twice = SMALLEST + '[[hypothesis]]\nname = "close_up"\ntreatment = "clutter"\n'
    assert refusal(tmp_path, twice) == ("study.toml: two hypotheses are named 'close_up'; give each its own name.")


def test_a_study_without_a_hypothesis_is_refused(tmp_path):
    assert refusal(tmp_path, SMALLEST.split("[[hypothesis]]")[0]) == "study.toml: 'hypothesis' is missing."


def test_a_hypothesis_with_single_brackets_is_told_to_double_them(tmp_path):
    sentence = refusal(tmp_path, SMALLEST.replace("[[hypothesis]]", "[hypothesis]"))
    assert sentence == "study.toml: hypothesis: write it in double brackets, [[hypothesis]]."


def test_a_missing_file_an_unreadable_one_and_bad_toml_are_told_apart(tmp_path):
    with pytest.raises(StudyFileError, match=r"nowhere\.toml does not exist; `artwork-insights init FOLDER` writes"):
        read_study(tmp_path / "nowhere.toml")
    with pytest.raises(StudyFileError, match="cannot be read"):
        read_study(tmp_path)
    assert "is not valid TOML" in refusal(tmp_path, "[study\n")
    (tmp_path / "study.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(StudyFileError, match="cannot be read"):
        read_study(tmp_path / "study.toml")


def test_a_suggestion_ignores_case_and_stays_silent_when_nothing_is_near():
    assert did_you_mean("Genre", ["genre", "country"]) == " (did you mean 'genre'?)"
    assert did_you_mean("assetid", ["asset_id"]) == " (did you mean 'asset_id'?)"
    assert did_you_mean("zzz", ["genre"]) == ""
    assert did_you_mean("genre", []) == ""


def test_every_error_of_the_package_can_be_caught_at_once():
    assert issubclass(StudyFileError, ArtworkInsightsError)
    assert not issubclass(ValueError, ArtworkInsightsError)


def test_arms_and_crossings_are_read(tmp_path):
    text = SMALLEST.replace("face_count > 3", "face_count") + (
        'arms = [0, 1, 2, 3]\neffect_modifiers = ["genre", "genre x country"]\nslopes_at = { genre = [1, 2.5] }\n'
    )
    hypothesis = read_study(write(tmp_path, text)).hypothesis[0]
    assert hypothesis.arms == (0, 1, 2, 3)
    assert hypothesis.effect_modifiers == ("genre", "genre x country")
    assert single_modifiers(hypothesis.effect_modifiers) == ("genre", "country")
    assert hypothesis.slopes_at == {"genre": (1.0, 2.5)}


@pytest.mark.parametrize(
    ("treatment", "line", "expected"),
    [
        ("face_count > 3", "arms = [0, 1]", "arms cut a feature such as face_count; 'face_count > 3' is a condition"),
        ("face_count", "arms = [1]", "at least two lower edges in ascending order, such as [0, 1, 2, 3], found [1]."),
        ("face_count", "arms = [0, 2, 1]", "at least two lower edges in ascending order"),
        ("face_count", "arms = [0, 1, 1]", "at least two lower edges in ascending order"),
        ("face_count", "arms = [0, inf]", "at least two lower edges in ascending order"),
        ("face_count", 'effect_modifiers = ["genre x genre"]', "'genre x genre' is no crossing; join two different"),
        ("face_count", 'effect_modifiers = ["a x b x c"]', "'a x b x c' is no crossing; join two different columns"),
        ("face_count", "slopes_at = { year = [1] }", "slopes_at names 'year', which is no effect modifier; add it to"),
        ("face_count", "slopes_at = { genre = [] }", "slopes_at gives 'genre' no values; give some"),
        ("face_count", "slopes_at = { genre = [inf] }", "finite"),
    ],
)
def test_arms_and_crossings_that_mean_nothing_are_one_sentence(tmp_path, treatment, line, expected):
    sentence = refusal(tmp_path, SMALLEST.replace("face_count > 3", treatment) + line)
    assert sentence.startswith("study.toml: hypothesis[0]")
    assert expected in sentence
    assert sentence.count("\n") == 0


def test_mediation_takes_one_mediator_or_several(tmp_path):
    one = '[[mediation]]\ntreatment = "face_count"\nmediator = "face_area_share_mean"\n'
    assert read_study(write(tmp_path, SMALLEST + one)).mediation[0].names == ("face_area_share_mean",)
    several = '[[mediation]]\ntreatment = "face_count"\nmediators = ["face_area_share_mean", "text_area_share"]\n'
    assert read_study(write(tmp_path, SMALLEST + several)).mediation[0].names[1] == "text_area_share"
    assert "either mediator" in refusal(tmp_path, SMALLEST + one + 'mediators = ["text_area_share"]\n')
    assert "either mediator" in refusal(tmp_path, SMALLEST + '[[mediation]]\ntreatment = "face_count"\n')


def test_a_joint_change_names_two_ends_of_the_same_features(tmp_path):
    change = "[[joint_change]]\nfrom = {{face_count = 3, face_area_share_mean = 0.02}}\nto = {{face_count = 1{}}}\n"
    asked = read_study(write(tmp_path, SMALLEST + change.format(", face_area_share_mean = 0.1"))).joint_change[0]
    assert asked.features == ("face_count", "face_area_share_mean")
    assert asked.start["face_count"] == 3.0
    assert asked.to["face_area_share_mean"] == 0.1
    assert "the same two features" in refusal(tmp_path, SMALLEST + change.format(""))
    same = SMALLEST + "[[joint_change]]\nfrom = {a = 1, b = 2}\nto = {a = 1, b = 2}\n"
    assert "nothing changes" in refusal(tmp_path, same)
    misspelt = SMALLEST + "[[joint_change]]\nform = {a = 1, b = 2}\nto = {a = 2, b = 2}\n"
    assert "joint_change[0]" in refusal(tmp_path, misspelt)
