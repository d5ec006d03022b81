from __future__ import annotations

import pytest

from artwork_insights.features.viewing.card import all_numbers, describe, main_numbers, palette_of, quantity

ROW = {
    "asset_id": "heat", "location": "heat.jpg", "width_px": 1000, "height_px": 1500, "image_bytes": 312_400,
    "face_present": True, "face_count": 2, "face_area_share_total": 0.123, "face_area_share_max": 0.08,
    "lightness_mean": 40.41, "colourfulness": 155.6, "symmetry": -0.0412, "clutter": 0.1,
    "palette_hex": ["#102030", "#ffffff", "red;x"], "palette_share": [0.7, 0.3, 0.0],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("face_area_share_max", 0.0812, ("8.1%", "of the frame")),
        ("lightness_mean", 50.0, ("50.0", "L*")),
        ("image_bytes", 312_400, ("312", "kB")),
        ("width_px", 12_000, ("12,000", "px")),
        ("face_present", True, ("yes", "")),
        ("symmetry", -0.0412, ("-0.0412", "")),
        ("symmetry", 0.00004, ("0.0000", "")),
        ("sharpness", 1234.5, ("1,234", "L*²")),
        ("face_score_max", float("nan"), ("–", "")),
        ("face_score_max", None, ("–", "")),
        ("image_format", "PNG", ("PNG", "")),
    ],
)
def test_a_number_is_printed_with_its_unit(name: str, value: object, expected: tuple[str, str]) -> None:
    assert quantity(name, value) == expected


def test_the_main_numbers_begin_with_the_feature_sorted_by_and_leave_out_what_was_not_measured() -> None:
    assert main_numbers(ROW, "symmetry")[0] == ("symmetry", ("-0.0412", ""))
    assert ("largest face", ("8.0%", "")) in main_numbers(ROW)
    assert [name for name, _ in main_numbers({"asset_id": "x", "clutter": 0.2})] == ["clutter"]
    missing = main_numbers({"face_area_share_max": float("nan")}, "face_area_share_max")
    assert missing == [("largest face", ("–", ""))]  # sorted by: shown even where it is missing


def test_all_numbers_stand_by_group_without_lists() -> None:
    listed = all_numbers(ROW)
    assert [group for group, _ in listed] == ["file", "faces", "colour", "composition"]
    assert ("width px", ("1,000", "px")) in listed[0][1]
    assert not any("palette" in name for _, pairs in listed for name, _ in pairs)


def test_a_palette_holds_colours_and_nothing_else() -> None:
    assert palette_of(ROW) == [("#102030", 0.7), ("#ffffff", 0.3)]
    assert palette_of({"palette_hex": ["red;background:url(x)"], "palette_share": [1.0]}) == []
    assert palette_of({}) == []


def test_a_picture_is_described_to_those_who_cannot_see_it() -> None:
    assert describe(ROW) == "Artwork heat: 2 faces over 12% of the frame, lightness 40 of 100, mostly #102030."
    assert describe({"asset_id": "x", "face_count": 0}) == "Artwork x: no face found."
    assert describe({"asset_id": "x"}) == "Artwork x."
