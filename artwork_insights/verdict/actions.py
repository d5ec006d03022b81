"""What to do next: mend what failed, label, make artwork, run an A/B test, or wait for more titles."""

from __future__ import annotations

import math

from scipy import stats

from artwork_insights.verdict.case import Case
from artwork_insights.verdict.grounds import FARTHEST_NARROWING, narrowing_needed
from artwork_insights.verdict.rules import rule_of
from artwork_insights.verdict.verdict import Statement

MOST_ACTIONS = 4
MOST_TO_MAKE = 2
MOST_TITLES = 5
TEST_POWER, TEST_LEVEL = 0.8, 0.95
RATE_ERROR, LIKELY_RATE = 0.05, 0.9
"""A detector's rate near 0.9 known to within 0.05, at 95 %."""


def name_next_actions(case: Case) -> tuple[Statement, ...]:
    """At most four actions, the most useful first.

    What blocks comes first. Then: label artworks where the detector's errors are unknown or too many; make the artwork
    that is missing; more titles where the interval is too wide; what mends the other failures; and an A/B test, which
    alone rules out what nobody measured, where the answer would be acted on.
    """
    weak = {check.name for check in case.checks.caveats}
    weak |= {name for need in case.checks.unmet for name in need.checks if name == "measurement"}
    found = [Statement(rule_of(check.name).remedy) for check in case.checks.blocking]
    if "measurement" in weak or "detector" in weak:
        found.append(_label(case))
    if weak & {"overlap", "effective_titles"} or case.checks.blocking or case.answer == "undecided":
        found += [Statement(advice) for advice in case.surroundings.to_make[:MOST_TO_MAKE]]
    if case.answer == "undecided" and not case.checks.blocking:
        found += _more_titles(case)
    remedies = [rule_of(check.name).remedy for check in case.checks.caveats if check.name not in _TOLD_APART]
    found += [Statement(remedy) for remedy in remedies if "A/B test" not in remedy]
    tests = _test(case)
    found = [*found[: MOST_ACTIONS - len(tests)], *tests]
    found += [Statement(need.remedy) for need in case.checks.unmet if "measurement" not in need.checks]
    return tuple(dict.fromkeys(statement for statement in found if statement.text))[:MOST_ACTIONS]


_TOLD_APART = {"measurement", "detector", "overlap", "effective_titles"}


def labels_needed(rate: float = LIKELY_RATE, error: float = RATE_ERROR, level: float = TEST_LEVEL) -> int:
    """Labels of one kind for an interval of a rate, such as a detector's sensitivity, within plus or minus `error`."""
    z = float(stats.norm.ppf(0.5 + level / 2))
    return math.ceil(z**2 * rate * (1 - rate) / error**2)


def impressions_needed(base_rate: float, effect: float) -> int:
    """Impressions per side of an A/B test that sees `effect` in four tests of five at the 5 % level, two-sided."""
    z = float(stats.norm.ppf(0.5 + TEST_LEVEL / 2) + stats.norm.ppf(TEST_POWER))
    other = min(max(base_rate + effect, 0.0), 1.0)
    return math.ceil(z**2 * (base_rate * (1 - base_rate) + other * (1 - other)) / effect**2)


def _label(case: Case) -> Statement:
    n = labels_needed()
    component = case.surroundings.component
    return Statement(
        f"Label about {2 * n} artworks by hand, {n} where the detector finds {component} and {n} where it does not: "
        "its errors are then known to within 5 in 100 and can be taken out of the effect."
    )


def _more_titles(case: Case) -> list[Statement]:
    times = narrowing_needed(case)
    if not 1 < times < FARTHEST_NARROWING:
        return []
    titles = math.ceil(case.estimate.n_titles * times**2)
    return [
        Statement(
            f"Wait for about {titles:,} titles whose artworks differ in the component, instead of "
            f"{case.estimate.n_titles:,}: the interval would then be narrow enough, if the effect stays as it is."
        )
    ]


def _test(case: Case) -> list[Statement]:
    """An A/B test sized for the smallest effect that would matter, or for the effect found."""
    around = case.surroundings
    if not around.titles_to_test or case.answer == "practically_zero":
        return []
    size = case.smallest or abs(case.estimate.effect)
    names = ", ".join(name.replace("{}", "{ }") for name in around.titles_to_test[:MOST_TITLES])
    text = f"Run an A/B test between the two most alike artworks of these titles: {names}."
    if around.base_rate is None or not 0 < around.base_rate < 1 or not (size > 0 and math.isfinite(size)):
        return [Statement(text)]
    n = impressions_needed(around.base_rate, size)
    return [Statement(f"{text} About {_round(n):,} impressions on each side would show an effect of {{}}.", (size,))]


def _round(n: int) -> int:
    """To two significant digits."""
    return round(n, 1 - math.floor(math.log10(n))) if n > 0 else 0
