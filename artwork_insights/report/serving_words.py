"""The serving policy in plain words: to whom artworks were shown, and what that could do to the effect."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.report.numbers import UNKNOWN, Scale, percent, plain
from artwork_insights.sensitivity.serving.policy import ServingPolicy, judge_serving


@dataclass(frozen=True, slots=True)
class ServingRow:
    """One line of the table."""

    what: str
    value: str
    words: str


def serving_in_words(serving: ServingPolicy) -> str:
    """What is known of the policy, in a sentence or two."""
    why = "A recommender shows an artwork to those who are likely to like it."
    return f"{why} {judge_serving(serving).sentence}"


def serving_rows(serving: ServingPolicy, scale: Scale) -> tuple[ServingRow, ...]:
    """The numbers, most telling first."""
    return (*_alike_rows(serving, scale), *_odds_rows(serving))


def _alike_rows(serving: ServingPolicy, scale: Scale) -> tuple[ServingRow, ...]:
    if serving.method is None or serving.low is None or serving.high is None:
        return ()
    rows = [
        ServingRow(
            "Effect with one audience for all",
            scale.effect(serving.effect),
            f"{scale.interval_name} {scale.between(serving.low, serving.high)} {scale.unit_with_per}.",
        ),
        ServingRow("Effect as shown", scale.effect(serving.raw_effect), "Over the same artworks, weighted alike."),
        ServingRow(
            "Audience met",
            percent(serving.covered_share),
            "Share of its title's audience that saw the average artwork at all."
            if serving.method == "standardised"
            else "Share of its title's audience that the average artwork stands for by the logged chances; near 100 is "
            "right.",
        ),
        ServingRow(
            "Impressions count as",
            percent(serving.information_share),
            "Holding audiences alike makes some impressions weigh more than others, which costs precision.",
        ),
    ]
    if serving.clipped_share:
        rows.append(
            ServingRow(
                "Cut weights",
                percent(serving.clipped_share, 1),
                "Impressions whose logged chance was so small that it was taken to be 1 in 100.",
            )
        )
    return tuple(rows)


def _odds_rows(serving: ServingPolicy) -> tuple[ServingRow, ...]:
    rows = [
        ServingRow(
            "Odds that would explain it",
            _times(serving.gamma),
            "So many times the odds of others would viewers who like an artwork need of being shown it.",
        )
    ]
    if serving.gamma_limit is not None and serving.gamma_limit > 1:
        rows.append(
            ServingRow(
                "Odds that would blur it", _times(serving.gamma_limit), "From these on, zero is inside the interval."
            )
        )
    if serving.gamma_any_policy is not None:
        rows.append(
            ServingRow(
                "Odds both ways",
                _times(serving.gamma_any_policy),
                "The same, were the artworks that did worse also shown to viewers who do not like them.",
            )
        )
    if serving.gamma_seen is not None:
        rows.append(
            ServingRow(
                "Odds seen in the log",
                _times(serving.gamma_seen),
                "Odds that would move the effect as far as holding the log's audiences alike did.",
            )
        )
    return tuple(rows)


def _times(gamma: float | None) -> str:
    if gamma is None:
        return "none"
    text = plain(gamma)
    return text if text == UNKNOWN else f"{text} times"
