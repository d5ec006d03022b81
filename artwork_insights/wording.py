"""A treatment in words: ``face_count > 3`` is "more than 3 faces"."""

from __future__ import annotations

from artwork_insights.expression import Comparison, Expression, Junction, Name, Negation, Node, Number

COUNTED = {"face_count": ("face", "faces")}
TRUTHS = {"face_present": "a face"}
LABELS = {
    "face_count": "number of faces",
    "face_area_share_total": "area of all faces",
    "face_area_share_mean": "mean face size",
    "face_area_share_max": "size of the largest face",
    "face_x_largest": "horizontal place of the largest face",
    "face_y_largest": "vertical place of the largest face",
    "face_centre_distance_largest": "distance of the largest face from the middle",
    "lightness_mean": "lightness",
    "contrast_rms": "contrast",
    "chroma_mean": "colour strength",
    "saturation_mean": "saturation",
    "colourfulness": "colourfulness",
    "warm_share": "share of warm colours",
    "aspect_ratio": "width over height",
    "clutter": "clutter",
    "subject_x": "horizontal place of the subject",
    "subject_y": "vertical place of the subject",
    "thirds_distance": "distance of the subject from the thirds",
}
SIGNS = {">": "above", ">=": "at least", "<": "below", "<=": "at most", "==": "equal to", "!=": "other than"}
FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def describe_component(treatment: Expression) -> str:
    """Say what the treatment is, as a noun phrase."""
    return _describe(treatment.root)


def _describe(node: Node) -> str:
    match node:
        case Name(name):
            return TRUTHS.get(name, _plain(name))
        case Negation(Name(name)) if name in TRUTHS:
            return f"no {TRUTHS[name].removeprefix('a ')}"
        case Negation(term):
            return f"not ({_describe(term)})"
        case Comparison(sign, Name(name), Number(value)) if name in COUNTED:
            return _count(sign, value, *COUNTED[name])
        case Comparison(sign, Number() as number, Name() as name):
            return _describe(Comparison(FLIPPED.get(sign, sign), name, number))
        case Comparison(sign, left, right):
            return f"{_describe(left)} {SIGNS[sign]} {_describe(right)}"
        case Junction(word, terms):
            return f" {word} ".join(
                f"({_describe(term)})" if isinstance(term, Junction) else _describe(term) for term in terms
            )
        case Number(value):
            return f"{value:g}"
    raise AssertionError(node)


def _count(sign: str, value: float, one: str, many: str) -> str:
    noun = one if value == 1 else many
    if (sign, value) in ((">", 0), (">=", 1)):
        return f"a {one}"
    words = {
        ">": "more than",
        ">=": "at least",
        "<": "fewer than",
        "<=": "at most",
        "==": "exactly",
        "!=": "other than",
    }
    return f"{words[sign]} {value:g} {noun}"


def _plain(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))
