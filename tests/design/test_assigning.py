"""From a table of cells to an assignment: roles of confounders, what is left out, group labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.assigning import assign_component, check_roles, label_groups
from artwork_insights.errors import NotIdentifiedError, TableError
from artwork_insights.expression import parse_expression


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "asset_id": [f"a{i // 2:02d}" for i in range(n)],
            "title_id": [f"t{i // 8}" for i in range(n)],
            "country": ["BR", "SE"] * 30,
            "genre": rng.choice(["Drama", "Comedy"], n),
            "face_count": np.repeat(rng.integers(0, 5, n // 2), 2),
            "face_area_share_mean": np.where(np.repeat(rng.random(n // 2), 2) < 0.3, np.nan, 0.1),
            "clutter": rng.random(n),
            "votes": rng.normal(size=n),
            "tagline": ["x"] * n,
        }
    )


def assign(frame, treatment, **options):
    options.setdefault("confounders", ["genre"])
    return assign_component(frame, parse_expression(treatment), **options)


@pytest.mark.parametrize("treatment", ["face_present", "face_count > 3", "face_area_share_mean"])
@pytest.mark.parametrize("confounder", [n for n, c in FEATURE_COLUMNS.items() if c.face_role == "derived"])
def test_a_confounder_made_of_faces_is_refused_for_a_face_treatment(treatment, confounder):
    expression = parse_expression(treatment)
    reason = "is the treatment itself" if confounder in expression.names else "is measured on the faces, so it follows"
    with pytest.raises(NotIdentifiedError, match=f"'{confounder}' {reason}"):
        check_roles(expression, ["genre", confounder])


def test_the_refusal_says_why_and_what_to_do():
    with pytest.raises(NotIdentifiedError) as refusal:
        check_roles(parse_expression("face_count > 3"), ["face_area_share_mean"])
    assert str(refusal.value) == (
        "confounder 'face_area_share_mean' is measured on the faces, so it follows from the treatment "
        "'face_count > 3'; holding it fixed would take away part of the effect: "
        "take it out, or ask about it under [[mediation]]."
    )


def test_a_sensitive_confounder_is_warned_about_and_remembered():
    warnings, sensitive = check_roles(parse_expression("face_present"), ["genre", "clutter", "embedding", "width_px"])
    assert sensitive == ("clutter", "embedding")
    assert warnings == (
        "A face in the artwork changes clutter, embedding by itself: "
        "the effect is shown with and without adjusting for it.",
    )


def test_roles_concern_face_treatments_only():
    assert check_roles(parse_expression("warm_share > 0.5"), ["face_count", "clutter"]) == ((), ())
    assert check_roles(parse_expression("face_present"), ["genre", "aspect_ratio"]) == ((), ())


def test_cells_where_the_treatment_is_not_defined_are_left_out_and_counted_as_artworks(frame):
    assigned = assign(frame, "face_area_share_mean > 0.05 and face_count > 2")
    undefined = frame["face_area_share_mean"].isna() & (frame["face_count"] > 2)
    np.testing.assert_array_equal(assigned.kept, ~undefined)
    assert assigned.left_out == (
        f"{undefined.sum() // 2} artworks are left out because "
        "'face_area_share_mean > 0.05 and face_count > 2' is not defined for them.",
    )
    assert len(assigned.assignment.treatment) == (~undefined).sum()


def test_treatment_weights_and_groups_follow_the_rows(frame):
    weights = np.arange(1.0, 61)
    assigned = assign(frame, "face_count > 2", effect_modifiers=("genre", "country"), weights=weights)
    np.testing.assert_array_equal(assigned.assignment.treatment, frame["face_count"] > 2)
    np.testing.assert_allclose(assigned.assignment.weights, weights / weights.mean())
    np.testing.assert_array_equal(assigned.assignment.groups["genre"], frame["genre"])
    assert (assigned.assignment.n_assets, assigned.assignment.n_titles) == (30, 8)


def test_country_joins_the_confounders_where_there_are_several(frame):
    assert assign(frame, "face_count > 2").assignment.confounders.blocks == ("genre", "country")
    one_country = frame.assign(country="BR")
    assert assign(one_country, "face_count > 2").assignment.confounders.blocks == ("genre",)


def test_the_embedding_is_used_only_when_named(frame):
    embedding = np.random.default_rng(1).normal(size=(60, 3))
    without = assign(frame, "votes > 0", embedding=embedding)
    named = assign(frame, "votes > 0", embedding=embedding, confounders=["embedding"])
    assert "embedding" not in without.assignment.confounders.blocks
    assert named.assignment.confounders.blocks.count("embedding") == 3


def test_titles_that_share_near_identical_artwork_are_one_block_and_it_is_said(frame):
    bits = np.random.default_rng(0).integers(0, 16, (30, 32))
    picture = np.repeat(["".join(f"{digit:x}" for digit in row) for row in bits], 2)
    apart = assign(frame.assign(picture_hash=picture), "face_count > 2")
    assert apart.assignment.n_blocks == 8
    assert apart.warnings == ()
    picture[frame["title_id"] == "t5"] = picture[0]
    shared = assign(frame.assign(picture_hash=picture), "face_count > 2")
    assert shared.assignment.n_blocks == 7
    block = shared.assignment.block
    assert set(block[frame["title_id"] == "t5"]) == set(block[frame["title_id"] == "t0"])
    assert shared.warnings == (
        "Some titles share near-identical artwork: the 8 titles count as 7 independent ones, in folds and in errors.",
    )


def test_one_picture_under_every_title_leaves_nothing_independent(frame):
    with pytest.raises(NotIdentifiedError, match=r"all 8 titles are joined by near-identical artwork"):
        assign(frame.assign(picture_hash="0" * 32), "face_count > 2")


@pytest.mark.parametrize(
    ("treatment", "options"),
    [
        ("duplicate_group > 1", {}),
        ("face_count > 2", {"confounders": ["genre", "duplicate_group"]}),
        ("face_count > 2", {"effect_modifiers": ["duplicate_group"]}),
        ("face_count > 2", {"confounders": ["picture_hash"]}),
    ],
)
def test_the_name_of_a_picture_is_never_a_covariate(frame, treatment, options):
    named = frame.assign(duplicate_group=range(60), picture_hash="0" * 32)
    with pytest.raises(NotIdentifiedError, match="tells which picture it is, not what it is like"):
        assign(named, treatment, **options)


def test_unknown_names_are_refused_with_the_nearest(frame):
    with pytest.raises(TableError, match=r"'gnere' is neither a feature nor a column of the tables \(did you mean 'ge"):
        assign(frame, "face_count > 2", confounders=["gnere"])
    with pytest.raises(TableError, match=r"'embedding' is neither a feature"):
        assign(frame, "face_count > 2", confounders=["embedding"])
    with pytest.raises(TableError, match=r"'title_id' is neither a feature"):
        assign(frame, "face_count > 2", confounders=["title_id"])
    with pytest.raises(TableError, match=r"treatment 'tagline > 2': 'tagline' is text; it needs numbers"):
        assign(frame, "tagline > 2")


@pytest.mark.parametrize("name", ["image_sha256", "picture_hash", "background_hex", "palette_hex", "duplicate_group"])
def test_what_tells_pictures_apart_is_no_covariate(frame, name):
    frame[name] = [f"{i % 7:032x}" for i in range(len(frame))]  # few enough levels to pass for a category
    for options in ({"confounders": [name]}, {"effect_modifiers": [name]}):
        with pytest.raises(NotIdentifiedError, match=rf"'{name}' tells which picture it is, not what it is like"):
            assign(frame, "face_count > 2", **options)
    assert "genre" in assign(frame.drop(columns=name), "face_count > 2").assignment.confounders.blocks


def test_a_treatment_that_never_varies_is_refused(frame):
    with pytest.raises(NotIdentifiedError, match=r"does not vary \(it is always 0\)"):
        assign(frame, "face_count > 99")


def test_numbers_of_many_values_are_cut_in_three_equal_parts_and_categories_stay():
    frame = pd.DataFrame(
        {"year": [*range(30), np.nan], "genre": [*["Drama"] * 30, None], "n": [1, 2] * 15 + [1], "b": [True] * 31}
    )
    labels = label_groups(frame, ["year", "genre", "n", "b", "year"])
    assert {name: int((labels["year"] == name).sum()) for name in set(labels["year"])} == {
        "(-0.001, 9.667]": 10, "(9.667, 19.333]": 10, "(19.333, 29.0]": 10, "missing": 1,
    }  # fmt: skip
    assert set(labels["genre"]) == {"Drama", "missing"}
    assert set(labels["n"]) == {"1", "2"}
    assert set(labels["b"]) == {"True"}


def test_a_crossing_stands_for_its_two_columns_and_each_is_looked_at(frame):
    groups = assign(frame, "face_count > 1", effect_modifiers=["genre", "genre x country"]).assignment.groups
    assert list(groups) == ["genre", "country"]
    with pytest.raises(TableError, match="'genr' is neither a feature nor a column"):
        assign(frame, "face_count > 1", effect_modifiers=["genr x country"])
    with pytest.raises(NotIdentifiedError, match="effect modifier 'face_count' follows from the treatment"):
        assign(frame, "face_count > 1", effect_modifiers=["genre x face_count"])


def test_the_country_is_a_second_clustering_whatever_the_modifiers_are(frame):
    assignment = assign(frame, "face_count > 1").assignment
    assert assignment.groups == {}
    assert assignment.country.tolist() == [0, 1] * 30
    assert assignment.rows(np.arange(60) % 2 == 1).country.tolist() == [0] * 30
    assert assign(frame.drop(columns="country"), "face_count > 1").assignment.country is None
