"""Figure of the specification curve: estimates in order of size, and below each the choices that made it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from artwork_insights.report.figure_style import (
    HAIRLINE,
    INK,
    MUTED,
    SHADE,
    WITH,
    WITHOUT,
    add_key,
    axes_or_new,
    house_style,
    shorten,
)
from artwork_insights.report.numbers import Scale, plain
from artwork_insights.report.sentences import in_words
from artwork_insights.sensitivity.stress.specification import Specification, SpecificationCurve

CURVE_ROWS = 11.0
"""Height of the curve, in rows of the matrix below it."""
GAP_ROWS = 0.45
ROW_PX = 18
LONGEST_LABEL = 19


def plot_specifications(
    curve: SpecificationCurve, scale: Scale, smallest_effect_of_interest: float | None = None, ax: Axes | None = None
) -> Axes:
    """Specification curve: dots with their intervals from the smallest estimate to the largest, choices below.

    Blue is the headline, hollow orange what speaks of something else and is not counted. Of the choices, those that all
    specifications share are not shown.

    Parameters
    ----------
    curve : SpecificationCurve
    scale : Scale
        Unit of the estimates; the intervals are at its level already.
    smallest_effect_of_interest : float, optional
        Band around zero, in the outcome's unit.
    ax : Axes, optional
    """
    ordered = sorted(curve.specifications, key=lambda one: (one.estimate, one.name))
    rows = _rows(ordered)
    lowest_row = min(rows.values(), default=-1.0)
    with house_style():
        ax = axes_or_new(ax, 96 + ROW_PX * (CURVE_ROWS - lowest_row))
        heights = _Heights(ordered, scale, smallest_effect_of_interest)
        _draw_band(ax, heights, smallest_effect_of_interest)
        ax.axhline(heights.of(0.0), color=INK, linewidth=1, zorder=1)
        shown: set[str] = set()
        for x, one in enumerate(ordered):
            _draw_estimate(ax, x, one, curve.headline, heights, shown)
            _draw_choices(ax, x, one, curve.headline, rows)
        found = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(heights.low, heights.high)
        ticks = [float(tick) for tick in found if heights.low <= tick <= heights.high]
        labels = [plain(tick, _decimals(ticks)) for tick in ticks]
        places = [heights.place(tick) for tick in ticks]
        names = [shorten(in_words(choice), LONGEST_LABEL) for _, choice in rows]
        ax.set_yticks([*places, *rows.values()], [*labels, *names], fontsize=12.5)
        ax.hlines(places, -0.7, len(ordered) - 0.3, color=HAIRLINE, linewidth=0.6, zorder=0)
        ax.set_xlim(-0.9, len(ordered) - 0.1)
        ax.set_ylim(lowest_row - 0.8, CURVE_ROWS + 0.4)
        ax.set_xticks([])
        for side in ("left", "bottom"):
            ax.spines[side].set_visible(False)
        ax.set_xlabel(f"each column is one way to make the estimate\n{shorten(scale.unit_with_per, 60)}")
        ax.set_ylabel("")
        add_key(ax, columns=2)
    return ax


class _Heights:
    """Places of effects on an axis that is measured in rows."""

    def __init__(self, ordered: list[Specification], scale: Scale, smallest: float | None) -> None:
        ends = [end for one in ordered for end in one.interval]
        reach = [0.0, *([] if not smallest else [smallest, -smallest])]
        low, high = min([*ends, *reach]) * scale.factor, max([*ends, *reach]) * scale.factor
        margin = 0.04 * (high - low) or 1.0
        self.factor = scale.factor
        self.low, self.high = low - margin, high + margin

    def place(self, shown: float) -> float:
        return 0.6 + (CURVE_ROWS - 0.6) * (shown - self.low) / (self.high - self.low)

    def of(self, effect: float) -> float:
        return self.place(effect * self.factor)


def _decimals(ticks: list[float]) -> int:
    step = min(np.diff(ticks), default=1.0)
    return max(0, -int(np.floor(np.log10(step) + 1e-9))) if step > 0 else 0


def _rows(ordered: list[Specification]) -> dict[tuple[str, str], float]:
    """Height of each choice, for the dimensions in which specifications differ; the headline's order, then as met."""
    choices: dict[str, dict[str, None]] = {}
    for one in ordered:
        for dimension, choice in one.choices:
            choices.setdefault(dimension, {})[choice] = None
    place, rows = 0.0, {}
    for dimension, known in choices.items():
        if len(known) < 2:
            continue
        place -= GAP_ROWS
        for choice in known:
            place -= 1
            rows[dimension, choice] = place
    return rows


def _draw_band(ax: Axes, heights: _Heights, smallest: float | None) -> None:
    if smallest:
        ax.axhspan(
            heights.of(-smallest), heights.of(smallest), color=SHADE, linewidth=0, zorder=0, label="too small to matter"
        )


def _draw_estimate(
    ax: Axes, x: int, one: Specification, headline: Specification, heights: _Heights, shown: set[str]
) -> None:
    is_headline = one is headline
    color = WITH if is_headline else MUTED if one.is_counted else WITHOUT
    label = "headline" if is_headline else "other ways" if one.is_counted else "not counted"
    low, high = (heights.of(end) for end in one.interval)
    ax.plot([x, x], [low, high], color=color, linewidth=2.6 if is_headline else 1.2, alpha=1 if is_headline else 0.8)
    ax.plot(
        x, heights.of(one.estimate), "o", color=color, markersize=6.5 if is_headline else 4,
        markerfacecolor=color if one.is_counted else "white", label=None if label in shown else label, linestyle="none",
    )  # fmt: skip
    shown.add(label)


def _draw_choices(
    ax: Axes, x: int, one: Specification, headline: Specification, rows: dict[tuple[str, str], float]
) -> None:
    places = [rows[choice] for choice in one.choices if choice in rows]
    color = WITH if one is headline else MUTED if one.is_counted else WITHOUT
    ax.plot([x] * len(places), places, "s", color=color, markersize=3.6, linestyle="none")
