"""What mining returns: screened features, groups, and the hypotheses that survive."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.mining.screen import ScreenedFeature


@dataclass(frozen=True, slots=True)
class MinedHypothesis:
    """A hypothesis that mining suggests.

    Attributes
    ----------
    name, statement, treatment : str
        As they go into a study file.
    confounders, effect_modifiers : tuple of str
        Features decided independently of faces and title covariates; ``genre`` and ``country`` where there are any.
    evidence : ScreenedFeature
        The association it rests on.
    group : tuple of str
        Features that measure nearly the same thing; the treatment stands for them.
    """

    name: str
    statement: str
    treatment: str
    confounders: tuple[str, ...]
    effect_modifiers: tuple[str, ...]
    evidence: ScreenedFeature
    group: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MiningResult:
    """What mining found.

    Attributes
    ----------
    screened : tuple of ScreenedFeature
        Every feature, strongest association first.
    groups : tuple of tuple of str
        Correlated features together.
    survivors : tuple of MinedHypothesis
        One for each group with a discovery, strongest first.
    n_titles_mining, n_titles_confirming : int
        Titles with a rate in each half.
    level : float
        Share of false discoveries allowed.
    seed : int
        Of the split.
    sentence : str
        The outcome in words.
    """

    screened: tuple[ScreenedFeature, ...]
    groups: tuple[tuple[str, ...], ...]
    survivors: tuple[MinedHypothesis, ...]
    n_titles_mining: int
    n_titles_confirming: int
    level: float
    seed: int
    sentence: str
