"""Figures of effects: by group, side by side with other ways to estimate, beside a planted truth, over dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from artwork_insights.effects.estimates import EffectEstimate, GroupEffect
from artwork_insights.report.estimate_rows import EstimateRow
from artwork_insights.report.figure_style import (
    FAINT,
    INK,
    MUTED,
    ROW_PX,
    SHADE,
    WITH,
    WITHOUT,
    add_column,
    add_key,
    axes_or_new,
    house_style,
    name_rows,
    shorten,
    wrap,
)
from artwork_insights.report.findings import TruthRow
from artwork_insights.report.numbers import Scale
from artwork_insights.report.sentences import in_words

FloatArray = npt.NDArray[np.float64]


def scaled_interval(estimate: EffectEstimate, scale: Scale) -> tuple[float, float, float]:
    """Lower end, effect and upper end in the shown unit."""
    low, high = estimate.interval(scale.interval_level)
    return low * scale.factor, estimate.effect * scale.factor, high * scale.factor


def plot_group_effects(
    groups: Sequence[GroupEffect], average: EffectEstimate, scale: Scale, ax: Axes | None = None
) -> Axes:
    """Forest plot of the effects within the groups of one modifier.

    A thick line is the interval of one group; the thin line beyond it holds for all groups at once.

    Parameters
    ----------
    groups : sequence of GroupEffect
        Of one modifier.
    average : EffectEstimate
        Drawn as a line with its interval as a band.
    scale : Scale
        Unit of the axis and level of the intervals.
    ax : Axes, optional
        Drawn on; a new figure where it is None.

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax, 98 + ROW_PX * len(groups))
        ordered = sorted(groups, key=lambda group: group.shrunken_effect)
        low, middle, high = scaled_interval(average, scale)
        ax.axvspan(low, high, color=SHADE, linewidth=0, zorder=0)
        ax.axvline(middle, color=WITH, linewidth=1, alpha=0.55, zorder=1)
        ax.axvline(0, color=INK, linewidth=1, zorder=1)
        for y, group in enumerate(ordered):
            low, middle, high = scaled_interval(group.estimate, scale)
            first = y == 0
            if group.simultaneous_interval is not None:
                ends = [limit * scale.factor for limit in group.simultaneous_interval]
                ax.plot(ends, [y, y], color=WITH, linewidth=0.8, alpha=0.7)
            ax.plot([low, high], [y, y], color=WITH, linewidth=2.2, solid_capstyle="round")
            ax.plot(
                middle, y, "o", color=WITH, markerfacecolor="white", markersize=5.5,
                label="estimate" if first else None,
            )  # fmt: skip
            ax.plot(
                group.shrunken_effect * scale.factor, y, "D", color=WITH, markersize=5.5,
                label="drawn towards the mean" if first else None,
            )  # fmt: skip
        name_rows(ax, [shorten(group.group, 16) for group in ordered])
        head_y = len(ordered) - 0.45
        add_column(ax, 56, "effect", [scale.effect(group.estimate.effect) for group in ordered], head_y)
        add_column(ax, 104, "base", [scale.level(group.base_rate) for group in ordered], head_y)
        ax.set_xlabel(axis_label(scale))
        ax.set_ylabel("")
        add_key(ax)
    return ax


def axis_label(scale: Scale) -> str:
    """Name of an axis of effects, with its unit."""
    return f"effect, {shorten(scale.unit_with_per, 60)}"


def plot_estimates(
    rows: Sequence[EstimateRow],
    naive: str,
    scale: Scale,
    smallest_effect_of_interest: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One estimate per row with its interval at the level of `scale`, first row on top.

    Parameters
    ----------
    rows : sequence of EstimateRow
        Intervals are drawn as they are given.
    naive : str
        Label of the row to set off as the naive contrast.
    smallest_effect_of_interest : float, optional
        Band around zero, in the outcome's unit.
    """
    with house_style():
        ax = axes_or_new(ax, 74 + (ROW_PX + 2) * len(rows))
        ordered = list(reversed(rows))
        if smallest_effect_of_interest:
            reach = smallest_effect_of_interest * scale.factor
            ax.axvspan(-reach, reach, color="#efece6", linewidth=0, zorder=0, label="too small to matter")
            add_key(ax)
        ax.axvline(0, color=INK, linewidth=1, zorder=1)
        cells = []
        for y, row in enumerate(ordered):
            if row.effect is None or row.interval is None:
                cells.append("—")
                continue
            low, middle, high = (scale.factor * end for end in (row.interval[0], row.effect, row.interval[1]))
            color = WITHOUT if row.label == naive else WITH if row.is_headline else MUTED
            ax.plot([low, high], [y, y], color=color, linewidth=2.4 if row.is_headline else 1.5)
            ax.plot(middle, y, "o", color=color, markersize=7 if row.is_headline else 5.5)
            cells.append(scale.effect(row.effect))
        name_rows(ax, [shorten(row.label, 22) for row in ordered], headroom=0.6)
        add_column(ax, 56, "", cells, len(ordered))
        ax.set_xlabel(axis_label(scale))
        ax.set_ylabel("")
    return ax


def plot_truth(rows: Sequence[TruthRow], scale: Scale, ax: Axes | None = None) -> Axes:
    """Planted truth beside estimate: a bar where the truth lies, beside the 95 % interval that `TruthRow` speaks of."""
    with house_style():
        ax = axes_or_new(ax, 98 + ROW_PX * len(rows))
        ordered = list(reversed(rows))
        ax.axvline(0, color=INK, linewidth=1, zorder=1)
        for y, row in enumerate(ordered):
            middle, half = row.estimate * scale.factor, 1.96 * row.std_error * scale.factor
            color = WITH if row.inside else WITHOUT
            ax.plot([middle - half, middle + half], [y, y], color=color, linewidth=1.6)
            ax.plot(middle, y, "o", color=color, markersize=5.5, label="estimate" if y == len(rows) - 1 else None)
            ax.plot(
                row.truth * scale.factor, y, "|", color=INK, markersize=15, markeredgewidth=2.2,
                label="truth" if y == 0 else None,
            )  # fmt: skip
        name_rows(ax, [shorten(in_words(row.label), 24) for row in ordered], headroom=0.6)
        ax.set_xlabel(axis_label(scale))
        ax.set_ylabel("")
        add_key(ax)
    return ax


def _spread(days: FloatArray) -> list[int]:
    """Dates to label, counted back from the last, so that no two labels touch."""
    apart, shown = 0.28 * (days[-1] - days[0]), [len(days) - 1]
    for i in range(len(days) - 2, -1, -1):
        if days[shown[-1]] - days[i] >= apart:
            shown.append(i)
    return shown


def plot_effect_over_dates(
    dates: Sequence[date], estimates: Sequence[EffectEstimate], scale: Scale, ax: Axes | None = None
) -> Axes:
    """The same effect estimated on successive dates, with its intervals at the level of `scale`."""
    with house_style():
        ax = axes_or_new(ax, 230)
        days = np.array([day.toordinal() for day in dates], dtype=float)
        limits = np.array([scaled_interval(estimate, scale) for estimate in estimates]).reshape(-1, 3)
        ax.axhline(0, color=INK, linewidth=1, zorder=1)
        ax.plot(days, limits[:, 1], color=WITH, linewidth=1.2, alpha=0.5)
        ax.vlines(days, limits[:, 0], limits[:, 2], color=WITH, linewidth=1.8)
        ax.plot(days, limits[:, 1], "o", color=WITH, markersize=5.5)
        shown = _spread(days)
        ax.set_xticks(days[shown], [dates[i].isoformat() for i in shown])
        margin = max(1.0, 0.12 * (days[-1] - days[0]))
        ax.set_xlim(days[0] - margin, days[-1] + margin)
        ax.grid(axis="y", color="#e9e6e0", linewidth=0.6)
        ax.tick_params(axis="y", colors=FAINT, labelcolor=MUTED)
        ax.set_xlabel("date of the run")
        ax.set_ylabel("\n".join(wrap(scale.unit_with_per, 26)))
    return ax
