"""Treatments: Python's own parser and truth values are the witness, restricted to the grammar of the docstring."""

from __future__ import annotations

import ast
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork_insights.errors import ExpressionError
from artwork_insights.expression import parse_expression

NAMES = ("a", "b", "face_count")
SIGNS = ("<", "<=", ">", ">=", "==", "!=")
PIECES = (
    *NAMES,
    *SIGNS,
    "and",
    "or",
    "not",
    "(",
    ")",
    "3",
    "-1",
    ".5",
    "1e2",
    " ",
    "+",
    "*",
    ".",
    ",",
    "[",
    "'x'",
    "=",
)
ALLOWED = (ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.Lt, ast.LtE,
           ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.Name, ast.Load, ast.Constant)  # fmt: skip


def is_within_the_grammar(text: str) -> bool:
    """Whether Python reads `text` as names, numbers, single comparisons, and, or, not; some name among them."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    nodes = list(ast.walk(tree))
    return (
        all(isinstance(node, ALLOWED) for node in nodes)
        and all(len(node.ops) == 1 for node in nodes if isinstance(node, ast.Compare))
        and all(
            isinstance(node.operand, ast.Constant)
            for node in nodes
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        )
        and all(type(node.value) in (int, float) for node in nodes if isinstance(node, ast.Constant))
        and any(isinstance(node, ast.Name) for node in nodes)
    )


def operands() -> st.SearchStrategy[str]:
    return st.sampled_from(NAMES) | st.integers(-9, 9).map(str) | st.sampled_from(("0.5", "1e1", "-2.25"))


def conditions() -> st.SearchStrategy[str]:
    comparison = st.tuples(operands(), st.sampled_from(SIGNS), operands()).map(" ".join)
    return st.recursive(
        comparison | st.sampled_from(NAMES),
        lambda inner: (
            inner.map("not ({})".format)
            | st.tuples(inner, st.sampled_from((" and ", " or ")), inner).map("".join)
            | inner.map("({})".format)
        ),
        max_leaves=8,
    ).map(lambda text: f"a > 0 or {text}")


@given(st.text(max_size=40) | st.text(alphabet="ab3<>=!() .andort-e\n", max_size=40))
@settings(max_examples=400, deadline=None)
def test_garbage_is_refused_by_name_or_is_a_treatment(text):
    try:
        expression = parse_expression(text)
    except ExpressionError as error:
        assert str(error).startswith("treatment ")
    else:
        assert expression.names


@given(st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join))
@settings(max_examples=600, deadline=None)
def test_exactly_the_grammar_is_accepted(text):
    try:
        parse_expression(text)
        accepted = True
    except ExpressionError:
        accepted = False
    assert accepted == is_within_the_grammar(text), text


@given(conditions(), st.tuples(*[st.floats(-10, 10)] * 3))
@settings(max_examples=300, deadline=None)
def test_conditions_have_the_truth_value_that_python_gives_them(text, values):
    columns = dict(zip(NAMES, values, strict=True))
    truth = bool(eval(text, {"__builtins__": {}}, columns))
    result = parse_expression(text).evaluate({name: np.array([value]) for name, value in columns.items()})
    np.testing.assert_array_equal(result, [float(truth)])


@pytest.mark.parametrize("word", ["and", "or"])
def test_missing_values_follow_kleene(word):
    truth = {0.0: False, 1.0: True, np.nan: None}
    for left, right in itertools.product(truth, repeat=2):
        worlds = {
            (p and q) if word == "and" else (p or q)
            for p in ([False, True] if truth[left] is None else [truth[left]])
            for q in ([False, True] if truth[right] is None else [truth[right]])
        }
        expected = float(worlds.pop()) if len(worlds) == 1 else np.nan
        found = parse_expression(f"a {word} b").evaluate({"a": np.array([left]), "b": np.array([right])})
        np.testing.assert_array_equal(found, [expected], err_msg=f"{left} {word} {right}")


@pytest.mark.parametrize("text", ["not a", "a > 1", "a != 1", "a == a", "1 < a"])
def test_a_comparison_with_a_missing_value_is_missing(text):
    np.testing.assert_array_equal(parse_expression(text).evaluate({"a": np.array([np.nan])}), [np.nan])


def test_a_plain_feature_is_taken_as_it_is():
    expression = parse_expression(" face_area_share_total ")
    assert expression.is_plain_feature
    assert not parse_expression("a > 0").is_plain_feature
    assert expression.text == "face_area_share_total"
    np.testing.assert_array_equal(expression.evaluate({"face_area_share_total": [0.2, np.nan]}), [0.2, np.nan])


def test_truth_values_count_as_zero_and_one():
    columns = {"face_present": np.array([True, False]), "a": np.array([0, 5])}
    np.testing.assert_array_equal(parse_expression("face_present").evaluate(columns), [1, 0])
    np.testing.assert_array_equal(parse_expression("a or face_present").evaluate(columns), [1, 1])


def test_and_binds_tighter_than_or_and_not_tighter_than_both():
    columns = {"a": [1.0], "b": [0.0], "c": [0.0]}
    assert parse_expression("a or b and c").evaluate(columns) == [1.0]
    assert parse_expression("(a or b) and c").evaluate(columns) == [0.0]
    assert parse_expression("not b and c").evaluate(columns) == [0.0]
    assert parse_expression("not (b and c)").evaluate(columns) == [1.0]


def test_names_are_listed_once_in_order_of_appearance():
    assert parse_expression("b > 1 and not (a or b == c)").names == ("b", "a", "c")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("face_count >", "'the end' at character 13"),
        ("", "'the end' at character 1"),
        ("face_count = 3", "'= 3' at character 12"),
        ("1 < a < 3", "'< 3' at character 7"),
        ("a b", "'b' at character 3"),
        ("(a > 1", "'the end' at character 7"),
        ("a.b", "'.b' at character 2"),
        ("a and", "'the end' at character 6"),
        ("__import__('os')", "\"'os')\" at character 12"),
    ],
)
def test_a_fault_is_named_with_its_place(text, place):
    with pytest.raises(ExpressionError) as refusal:
        parse_expression(text)
    sentence = str(refusal.value)
    assert sentence.startswith(f"treatment {text!r}: cannot read {place}; a treatment is made of feature names")


def test_a_treatment_without_a_feature_is_refused():
    with pytest.raises(ExpressionError, match=r"treatment '3 > 2': names no feature; write one such as"):
        parse_expression("3 > 2")


@pytest.mark.parametrize("opening", ["(", "not ", "not ("])
@pytest.mark.parametrize("depth", [41, 5_000, 100_000])
def test_deep_nesting_is_refused_without_exhausting_the_stack(opening, depth):
    with pytest.raises(ExpressionError, match="nested deeper than 40 levels"):
        parse_expression(opening * depth + "a" + ")" * (depth * opening.count("(")))


def test_ordinary_nesting_and_long_chains_are_read():
    assert parse_expression("(" * 30 + "a" + ")" * 30).names == ("a",)
    chain = parse_expression(" or ".join(f"a == {k}" for k in range(2_000)))
    np.testing.assert_array_equal(chain.evaluate({"a": [1999.0, 2000.0]}), [1, 0])


def test_an_unknown_feature_is_named_with_its_nearest():
    with pytest.raises(ExpressionError) as refusal:
        parse_expression("face_cuont > 3").evaluate({"face_count": [1], "clutter": [2]})
    assert str(refusal.value) == (
        "treatment 'face_cuont > 3': no feature named 'face_cuont' (did you mean 'face_count'?)."
    )
