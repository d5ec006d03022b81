from __future__ import annotations

from artwork_insights.catalog.columns import FEATURE_COLUMNS, SCALAR_FEATURES
from artwork_insights.catalog.dictionary import data_dictionary


def test_every_column_states_its_unit_and_meaning_in_one_sentence() -> None:
    for name, column in FEATURE_COLUMNS.items():
        assert column.name == name
        assert column.unit
        assert column.description.endswith(".")
        assert column.source
        assert column.low is None or column.high is None or column.low < column.high


def test_roles_towards_a_face_follow_what_a_column_is_measured_on() -> None:
    """Faces are derived, all pixels and those beside the faces are sensitive, the file itself is independent."""
    roles = {"file": "independent", "faces": "derived", "colour": "sensitive", "composition": "sensitive"}
    for name, column in FEATURE_COLUMNS.items():
        beside = column.group == "faces" and name.endswith("_without_faces")
        assert column.face_role == ("sensitive" if beside else roles.get(column.group, "sensitive"))


def test_every_colour_beside_the_faces_has_the_unit_and_range_of_the_whole_picture() -> None:
    beside = [name for name in FEATURE_COLUMNS if name.endswith("_without_faces")]
    assert len(beside) == 9
    for name in beside:
        column, whole = FEATURE_COLUMNS[name], FEATURE_COLUMNS[name.removesuffix("_without_faces")]
        assert (column.unit, column.low, column.high) == (whole.unit, whole.low, whole.high)
        assert column.dtype == "float64"  # also where the whole picture has a whole number: it may be missing


def test_identifiers_are_the_texts_that_are_nothing_artworks_share() -> None:
    texts = {name for name, column in FEATURE_COLUMNS.items() if column.dtype in ("str", "list[str]")}
    identifiers = {name for name, column in FEATURE_COLUMNS.items() if column.is_identifier}
    assert identifiers == texts - {"image_format", "image_mode"}
    assert "| image_sha256 | str, identifier |" in data_dictionary("markdown")


def test_scalar_features_are_those_that_are_one_value_per_asset() -> None:
    assert set(FEATURE_COLUMNS) - set(SCALAR_FEATURES) == {"palette_hex", "palette_share", "embedding"}
