"""A treatment in words: ``face_count > 3`` is "more than 3 faces"."""

from __future__ import annotations

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.expression import Comparison, Expression, Junction, Name, Negation, Node, Number

COUNTED = {"face_count": ("face", "faces")}
TRUTHS = {"face_present": "a face"}
SIGNS = {">": "above", ">=": "at least", "<": "below", "<=": "at most", "==": "equal to", "!=": "other than"}


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
        case Comparison(sign, left, right):
            return f"{_describe(left)} {SIGNS[sign]} {_describe(right)}"
        case Junction(word, terms):
            return f" {word} ".join(_describe(term) for term in terms)
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
    column = FEATURE_COLUMNS.get(name)
    return (column.description.split(";")[0].split(",")[0].rstrip(".").lower() if column else name).replace("_", " ")
