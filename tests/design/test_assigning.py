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


def test_unknown_names_are_refused_with_the_nearest(frame):
    with pytest.raises(TableError, match=r"'gnere' is neither a feature nor a column of the tables \(did you mean 'ge"):
        assign(frame, "face_count > 2", confounders=["gnere"])
    with pytest.raises(TableError, match=r"'embedding' is neither a feature"):
        assign(frame, "face_count > 2", confounders=["embedding"])
    with pytest.raises(TableError, match=r"'title_id' is neither a feature"):
        assign(frame, "face_count > 2", confounders=["title_id"])
    with pytest.raises(TableError, match=r"treatment 'tagline > 2': 'tagline' is text; it needs numbers"):
        assign(frame, "tagline > 2")


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
