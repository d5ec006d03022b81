from __future__ import annotations

from artwork_insights.catalog.columns import FEATURE_COLUMNS, SCALAR_FEATURES


def test_every_column_states_its_unit_and_meaning_in_one_sentence() -> None:
    for name, column in FEATURE_COLUMNS.items():
        assert column.name == name
        assert column.unit
        assert column.description.endswith(".")
        assert column.low is None or column.high is None or column.low < column.high


def test_roles_towards_a_face_follow_what_a_column_is_measured_on() -> None:
    """Faces are derived, all pixels are sensitive, the file itself is independent."""
    roles = {"file": "independent", "faces": "derived", "colour": "sensitive", "composition": "sensitive"}
    for column in FEATURE_COLUMNS.values():
        assert column.face_role == roles.get(column.group, "sensitive")


def test_scalar_features_are_those_that_are_one_value_per_asset() -> None:
    assert set(FEATURE_COLUMNS) - set(SCALAR_FEATURES) == {"palette_hex", "palette_share", "embedding"}
