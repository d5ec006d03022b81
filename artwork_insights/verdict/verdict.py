"""What a verdict is: a word, two axes, and what carried it, would change it, and comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Answer = Literal["positive", "negative", "practically_zero", "undecided"]
Credibility = Literal["high", "moderate", "low"]
VerdictWord = Literal["supported", "supported_with_caveats", "not_supported", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence with effects in it, which the report shows in the outcome's unit.

    Attributes
    ----------
    text : str
        Each ``{}`` stands for the next of `effects`.
    effects : tuple of float
        In the outcome's unit.
    """

    text: str
    effects: tuple[float, ...] = ()

    def say(self, show: Callable[[float], str]) -> str:
        """The sentence, every effect shown by `show`."""
        if not self.effects:  # then nothing stands for an effect, whatever a title is called
            return self.text
        first, *rest = self.text.split("{}")
        return first + "".join(show(effect) + part for effect, part in zip(self.effects, rest, strict=True))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Credibility of the design x answer to the question, with reasons.

    Attributes
    ----------
    word : str
        ``supported``, ``supported_with_caveats``, ``not_supported`` or ``inconclusive``.
    answer : str
        ``positive``, ``negative``, ``practically_zero`` or ``undecided``.
    credible : bool
        Whether no check failed that must hold.
    reasons : tuple of str
        Sentences, most important first.
    credibility : {"high", "moderate", "low"}
        ``low`` where a check failed that must hold; ``high`` where every check that counts was made and passed.
    interval : (float, float) or None
        What the answer was read from, in the outcome's unit; wider than the one shown where several hypotheses were
        asked or the data were looked at before. None where it is not finite.
    level : float
        Of `interval`, in (0, 1).
    speaks_of : str
        Which artwork the answer is about, where it is not all of it; else empty.
    carried_by, would_change, next_actions : tuple of Statement
        What the verdict rests on, what would turn it, and what to do, most important first.
    """

    word: VerdictWord
    answer: Answer
    credible: bool
    reasons: tuple[str, ...]
    credibility: Credibility = "moderate"
    interval: tuple[float, float] | None = None
    level: float = 0.95
    speaks_of: str = ""
    carried_by: tuple[Statement, ...] = ()
    would_change: tuple[Statement, ...] = ()
    next_actions: tuple[Statement, ...] = ()


NOT_JUDGED = Verdict("inconclusive", "undecided", credible=False, reasons=())
"""Stands in a finding until the findings of its study are judged together; it supports nothing."""
