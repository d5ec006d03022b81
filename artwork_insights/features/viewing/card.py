"""What stands under a picture: its main numbers with their units, and what is said of it to those who cannot see it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from artwork_insights.catalog.columns import FEATURE_COLUMNS, GROUPS

_LABELS = {
    "face_count": "faces", "face_area_share_total": "faces' share of the frame", "face_area_share_max": "largest face",
    "lightness_mean": "lightness", "contrast_rms": "contrast", "chroma_mean": "chroma", "saturation_mean": "saturation",
    "text_area_share": "lettering",
}  # fmt: skip
_MAIN = (
    "face_count", "face_area_share_max", "lightness_mean", "colourfulness", "clutter", "symmetry", "text_area_share",
)  # fmt: skip
_UNITS = {
    "true or false": "", "pixels": "px", "score": "", "name": "", "width / height": "", "correlation": "",
    "CIE L*": "L*", "CIE C*ab": "C*", "L* squared": "L*²", "degrees": "°", "faces": "", "frames": "",
}  # fmt: skip
_KILOBYTE = 1000
_HEX = re.compile(r"#[0-9a-fA-F]{6}")

Quantity = tuple[str, str]
"""A number and its unit, as text; the unit may be empty."""


def label(name: str) -> str:
    """A feature in a few words."""
    return _LABELS.get(name, name.replace("_", " "))


def is_missing(value: object) -> bool:
    """Whether a feature has no value: null or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def quantity(name: str, value: object) -> Quantity:
    """A value as people read it, and its unit: shares in per cent, bytes in kB, the rest to three digits."""
    unit = FEATURE_COLUMNS[name].unit if name in FEATURE_COLUMNS else ""
    if is_missing(value):
        return "–", ""
    if isinstance(value, bool):
        return ("yes" if value else "no"), ""
    if not isinstance(value, (int, float)):
        return str(value), ""
    if unit.startswith("share"):
        return f"{value:.1%}", unit.removeprefix("share").strip()
    if unit == "bytes":
        return f"{value / _KILOBYTE:,.0f}", "kB"
    return _digits(value), _UNITS.get(unit, unit)


def _digits(value: float) -> str:
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 0.001 else f"{value:#.3g}"


def main_numbers(values: Mapping[str, Any], sort_by: str | None = None) -> list[tuple[str, Quantity]]:
    """Label and quantity of what is said first: the feature sorted by, then some of each group that was measured."""
    names = dict.fromkeys(([sort_by] if sort_by else []) + [name for name in _MAIN if name in values])
    shown = [name for name in names if name == sort_by or not is_missing(values[name])]
    return [(label(name), _brief(quantity(name, values[name]))) for name in shown]


def _brief(found: Quantity) -> Quantity:
    """Under a picture the share's whole is left out: the numbers of the details name it."""
    return (found[0], "") if found[0].endswith("%") else found


def all_numbers(values: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Quantity]]]]:
    """Every single-valued feature that was measured, by group in the order of the data dictionary."""
    listed: list[tuple[str, list[tuple[str, Quantity]]]] = []
    for group in GROUPS:
        names = [n for n, column in FEATURE_COLUMNS.items() if column.group == group and n in values]
        found = [(n.replace("_", " "), quantity(n, values[n])) for n in names if not isinstance(values[n], list)]
        if found:
            listed.append((group, found))
    return listed


def palette_of(values: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Colours and shares of the palette; empty where colour was not measured."""
    colours, shares = values.get("palette_hex") or [], values.get("palette_share") or []
    return [(c, s) for c, s in zip(colours, shares, strict=False) if s > 0 and _HEX.fullmatch(c)]


def describe(values: Mapping[str, Any]) -> str:
    """The picture in one sentence, for those who cannot see it."""
    facts = []
    count = values.get("face_count")
    if count is not None:
        share = values.get("face_area_share_total")
        of_frame = f" over {share:.0%} of the frame" if count and not is_missing(share) else ""
        facts.append(f"{count} face{'s' if count > 1 else ''}{of_frame}" if count else "no face found")
    if not is_missing(lightness := values.get("lightness_mean")):
        facts.append(f"lightness {lightness:.0f} of 100")
    if colours := palette_of(values):
        facts.append(f"mostly {colours[0][0]}")
    return f"Artwork {values['asset_id']}" + (f": {', '.join(facts)}." if facts else ".")
