"""What is known of the serving policy behind one estimate, and whether the winner may be its audience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from artwork_insights.diagnostic import Diagnostic

LARGEST_MOVE = 1.0
"""An effect may move by this many of its standard errors when audiences are held alike ..."""
LARGEST_RELATIVE_MOVE = 0.1
"""... or by this share of itself, whichever is more."""
CLEAR_Z = 1.96
"""Beyond so many of its own standard errors a move is no chance."""
LEAST_COVERED = 0.5
"""Less of the audience than this and nothing is judged ..."""
MOST_COVERED = 1.5
"""... nor more, which propensities that do not fit the log would give."""
LEAST_INFORMATION = 0.1
"""Impressions that are worth less of their number than this decide nothing either."""
SMALL_GAMMA = 1.25
"""Odds that even a mild preference for likers reaches."""


@dataclass(frozen=True, slots=True)
class ServingPolicy:
    """One estimate held against the policy that showed its artworks. Effects are in takes per impression.

    Attributes
    ----------
    method : {"doubly_robust", "standardised"} or None
        How audiences were held alike: with the log's propensities, over its audience cells, or not at all.
    audiences : tuple of str
        Columns of the log that say to whom an artwork was shown.
    effect, std_error, low, high : float or None
        With audiences held alike, and its interval.
    raw_effect, raw_std_error, raw_low, raw_high : float or None
        As shown, over the same cells with the same weights.
    gap, gap_std_error : float or None
        `effect` less `raw_effect`; the error knows that both share their titles.
    covered_share, information_share, clipped_share : float or None
        Shares of the titles' audience that the average artwork's impressions stand for (with propensities, 1 where they
        fit the log); of the impressions that are left in worth; and of those whose propensity was too small to be used.
    gamma, gamma_limit, gamma_any_policy : float or None
        Odds ratios at which nothing is left of the headline, see `ServingGamma`; None where no policy could do it.
    gamma_seen : float or None
        Odds ratio that would move the headline as far as holding the audiences alike did; 1 where it did not shrink.
    """

    method: Literal["doubly_robust", "standardised"] | None
    audiences: tuple[str, ...]
    effect: float | None
    std_error: float | None
    low: float | None
    high: float | None
    raw_effect: float | None
    raw_std_error: float | None
    raw_low: float | None
    raw_high: float | None
    gap: float | None
    gap_std_error: float | None
    covered_share: float | None
    information_share: float | None
    clipped_share: float | None
    gamma: float | None
    gamma_limit: float | None
    gamma_any_policy: float | None
    gamma_seen: float | None

    @property
    def is_usable(self) -> bool:
        """Whether enough of the audience and of the information is left to judge by."""
        return (
            self.method is not None
            and LEAST_COVERED <= (self.covered_share or 0.0) <= MOST_COVERED
            and (self.information_share or 0.0) >= LEAST_INFORMATION
        )


def judge_serving(policy: ServingPolicy) -> Diagnostic:
    """Turn what is known of the serving policy into a check.

    Without propensities or audiences in the log nothing is decided: the sentence says what selection it would take.
    With them the check fails where the effect moves clearly (beyond `CLEAR_Z` errors of the move) and by more than one
    standard error of the effect and a tenth of it; and it blocks where an effect that was clear is so no longer, or
    turns round.
    """
    name = "serving_policy"
    if policy.method is None:
        return Diagnostic(name, policy.gamma, None, None, f"{_unknown()} {bound_in_words(policy)}")
    raw, alike, raw_error = policy.raw_effect, policy.effect, policy.raw_std_error
    gap, gap_error = policy.gap, policy.gap_std_error
    assert raw is not None and alike is not None and raw_error is not None
    assert gap is not None and gap_error is not None
    move = gap / raw_error if raw_error > 0 else 0.0
    if not policy.is_usable:
        sentence = (
            f"Audiences cannot be held alike: {_reach(policy)}, and its impressions are worth "
            f"{policy.information_share:.0%} of their number. "
            f"{bound_in_words(policy)}"
        )
        return Diagnostic(name, move, LARGEST_MOVE, None, sentence)
    clear = abs(gap) > CLEAR_Z * gap_error
    moved = clear and abs(gap) > max(LARGEST_MOVE * raw_error, LARGEST_RELATIVE_MOVE * abs(raw))
    gone = clear and _is_gone(policy)
    if not moved and not gone:
        sentence = (
            f"{_held_alike(policy)} the effect stays: {_per_thousand(alike)} takes per 1,000 impressions, "
            f"{_per_thousand(raw)} as shown."
        )
        return Diagnostic(name, move, LARGEST_MOVE, True, sentence)
    sentence = (
        f"Your winner may be its audience. {_held_alike(policy)} the effect is {_per_thousand(alike)} takes per 1,000 "
        f"impressions, not {_per_thousand(raw)}."
    )
    return Diagnostic(name, move, LARGEST_MOVE, False, sentence, blocking=gone)


def bound_in_words(policy: ServingPolicy) -> str:
    """What preference for likers would leave nothing of the effect."""
    if policy.gamma is None:
        return "No preference for viewers who like an artwork could explain the effect by itself."
    text = (
        f"Nothing is left of the effect if viewers who like an artwork had {policy.gamma:.2f} times the odds of others "
        "of being shown it"
    )
    return f"{text}. Your winner may be its audience." if policy.gamma < SMALL_GAMMA else f"{text}."


def _unknown() -> str:
    return "The log does not say to whom each artwork was shown."


def _reach(policy: ServingPolicy) -> str:
    if policy.method == "doubly_robust":
        return (
            f"by the logged chances the average artwork stands for {policy.covered_share:.0%} of its title's audience, "
            "where 100% is right"
        )
    return f"the average artwork met {policy.covered_share:.0%} of its title's audience"


def _held_alike(policy: ServingPolicy) -> str:
    over = " and ".join(policy.audiences)
    if policy.method == "doubly_robust":
        return "With the log's own chances of being shown taken into account,"
    return f"With {over} held alike,"


def _is_gone(policy: ServingPolicy) -> bool:
    """Whether an effect that was clear as shown is unclear, or clear the other way, with audiences held alike."""
    assert policy.raw_low is not None and policy.raw_high is not None
    assert policy.low is not None and policy.high is not None
    if policy.raw_low > 0:
        return policy.low <= 0
    return policy.raw_high < 0 and policy.high >= 0


def _per_thousand(effect: float) -> str:
    return f"{1000 * effect:+.2f}"
