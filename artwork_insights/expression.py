"""Treatments written as small expressions over features: ``face_count > 3 and not text_present``.

The grammar is closed: names, numbers, comparisons, ``and``, ``or``, ``not`` and parentheses. Nothing is evaluated as
Python; there are no calls, attributes, strings or arithmetic.

    expression := conjunction ("or" conjunction)*
    conjunction := negation ("and" negation)*
    negation := "not" negation | comparison
    comparison := operand (("<" | "<=" | ">" | ">=" | "==" | "!=") operand)?
    operand := name | number | "(" expression ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np
import numpy.typing as npt

from artwork_insights.errors import ExpressionError, did_you_mean

FloatArray = npt.NDArray[np.float64]
BoolOperator = Literal["and", "or"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+\.?\d*(?:[eE][-+]?\d+)?|-?\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<op><=|>=|==|!=|<|>|\(|\)))"
)
_COMPARE: dict[str, Callable[[FloatArray, FloatArray], npt.NDArray[np.bool_]]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_WORDS = {"and", "or", "not"}
_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A feature by its column name."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and the sign between them."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """Terms joined by ``and`` or by ``or``."""

    word: BoolOperator
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """``not`` of a term."""

    term: Node


Node = Number | Name | Comparison | Junction | Negation


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed treatment.

    Attributes
    ----------
    text : str
        As written.
    root : Node
        The parsed tree.
    """

    text: str
    root: Node

    @property
    def names(self) -> tuple[str, ...]:
        """Features that the expression reads, in order of appearance, each once."""
        return tuple(dict.fromkeys(_names(self.root)))

    @property
    def is_plain_feature(self) -> bool:
        """Whether the treatment is one feature as it stands, without a comparison."""
        return isinstance(self.root, Name)

    def evaluate(self, columns: Mapping[str, npt.ArrayLike]) -> FloatArray:
        """Evaluate over columns of equal length.

        Parameters
        ----------
        columns : mapping from name to array of shape (n,)
            Numbers or booleans; NaN where a feature is not defined.

        Returns
        -------
        array of shape (n,), float
            The feature itself, or 0 and 1 for a condition; NaN where a missing value decides it (Kleene's logic).

        Raises
        ------
        ExpressionError
            When a name is not among the columns.
        """
        for name in self.names:
            if name not in columns:
                raise ExpressionError(
                    f"treatment {self.text!r}: no feature named {name!r}{did_you_mean(name, columns)}."
                )
        return np.asarray(_evaluate(self.root, columns), dtype=np.float64)


def parse_expression(text: str) -> Expression:
    """Parse a treatment; raise `ExpressionError` with the place of the first fault."""
    parser = _Parser(text)
    root = parser.expression(0)
    parser.expect_end()
    if not any(True for _ in _names(root)):
        raise ExpressionError(f"treatment {text!r}: names no feature; write one such as face_count > 3.")
    return Expression(text.strip(), root)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokenise())
        self.at = 0

    def _tokenise(self) -> list[tuple[str, str, int]]:
        tokens, position = [], 0
        stripped = self.text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                self.fail(position)
            kind = match.lastgroup or ""
            value = match.group(kind)
            tokens.append(("op" if value in _WORDS else kind, value, match.start(kind)))
            position = match.end()
        return tokens

    def fail(self, position: int) -> NoReturn:
        rest = self.text[position:]
        position += (len(rest) - len(rest.lstrip())) if rest.strip() else 0
        found = rest.strip()[:12] or "the end"
        raise ExpressionError(
            f"treatment {self.text!r}: cannot read {found!r} at character {position + 1}; "
            "a treatment is made of feature names, numbers, < <= > >= == !=, and, or, not and parentheses."
        )

    def fail_here(self) -> NoReturn:
        self.fail(self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text))

    def accept(self, *values: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "op" and self.tokens[self.at][1] in values:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def expect_end(self) -> None:
        if self.at < len(self.tokens):
            self.fail_here()

    def expression(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise ExpressionError(f"treatment {self.text[:40]!r}...: nested deeper than {_MAX_DEPTH} levels.")
        return self._junction("or", lambda: self._junction("and", lambda: self.negation(depth)))

    def _junction(self, word: BoolOperator, term: Callable[[], Node]) -> Node:
        terms = [term()]
        while self.accept(word):
            terms.append(term())
        return terms[0] if len(terms) == 1 else Junction(word, tuple(terms))

    def negation(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise ExpressionError(f"treatment {self.text[:40]!r}...: nested deeper than {_MAX_DEPTH} levels.")
        if self.accept("not"):
            return Negation(self.negation(depth + 1))
        return self.comparison(depth)

    def comparison(self, depth: int) -> Node:
        left = self.operand(depth)
        sign = self.accept(*_COMPARE)
        return left if sign is None else Comparison(sign, left, self.operand(depth))

    def operand(self, depth: int) -> Node:
        if self.accept("("):
            inner = self.expression(depth + 1)
            if not self.accept(")"):
                self.fail_here()
            return inner
        if self.at >= len(self.tokens) or self.tokens[self.at][0] == "op":
            self.fail_here()
        kind, value, _ = self.tokens[self.at]
        self.at += 1
        return Number(float(value)) if kind == "number" else Name(value)


def _names(node: Node) -> list[str]:
    match node:
        case Name(name):
            return [name]
        case Comparison(_, left, right):
            return _names(left) + _names(right)
        case Junction(_, terms):
            return [name for term in terms for name in _names(term)]
        case Negation(term):
            return _names(term)
    return []


def _evaluate(node: Node, columns: Mapping[str, npt.ArrayLike]) -> FloatArray:
    match node:
        case Number(value):
            return np.asarray(value, dtype=np.float64)
        case Name(name):
            return np.asarray(columns[name], dtype=np.float64)
        case Comparison(sign, left, right):
            a, b = _evaluate(left, columns), _evaluate(right, columns)
            return np.where(np.isnan(a) | np.isnan(b), np.nan, _COMPARE[sign](a, b).astype(np.float64))
        case Negation(term):
            return 1.0 - _truth(_evaluate(term, columns))
        case Junction(word, terms):
            return _join(word, [_truth(_evaluate(term, columns)) for term in terms])
    raise AssertionError(node)


def _truth(values: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), np.nan, (values != 0).astype(np.float64))


def _join(word: BoolOperator, terms: list[FloatArray]) -> FloatArray:
    """Kleene's three-valued logic: a missing term decides nothing that the others have decided."""
    decisive = 0.0 if word == "and" else 1.0
    stacked = np.stack(np.broadcast_arrays(*terms))
    decided = (stacked == decisive).any(axis=0)
    missing = np.isnan(stacked).any(axis=0)
    return np.where(decided, decisive, np.where(missing, np.nan, 1.0 - decisive))
