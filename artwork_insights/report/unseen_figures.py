"""The effect beside confounders that nobody measured, of every strength, with the measured ones as yardsticks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from artwork_insights.report.figure_style import (
    FAINT,
    HAIRLINE,
    INK,
    MUTED,
    WITH,
    WITHOUT,
    axes_or_new,
    house_style,
    shorten,
)
from artwork_insights.report.numbers import NARROW_SPACE, Scale, plain
from artwork_insights.report.sentences import in_words
from artwork_insights.sensitivity.observed_confounders import ConfounderBenchmark
from artwork_insights.sensitivity.omitted_variables import ConfoundingContour

MOST_NAMED = 3
LABEL_GAP = 0.075
"""Between two names, as a share of the axes' height."""
GONE = "#fbe9e0"


def plot_contour(
    contour: ConfoundingContour,
    benchmarks: Sequence[ConfounderBenchmark],
    scale: Scale,
    ax: Axes | None = None,
) -> Axes:
    """Lines of equal effect over what an unseen confounder explains of component and outcome.

    The area beyond the thick line, where nothing of the effect is left, is shaded; on the dashed line its interval
    touches zero. Dots are confounders that were measured; the `MOST_NAMED` strongest carry their names.
    """
    with house_style():
        ax = axes_or_new(ax, 350)
        x, y = np.array(contour.strengths_treatment), np.array(contour.strengths_outcome)
        effect, limit = np.array(contour.effect) * scale.factor, np.array(contour.limit) * scale.factor
        sign = 1.0 if effect[0, 0] > 0 else -1.0
        effect, limit = sign * effect, sign * limit
        handles = _draw_zero_lines(ax, x, y, effect, limit)
        steps = [step for step in MaxNLocator(5).tick_values(0, effect[0, 0]) if 0 < step < effect[0, 0]]
        if steps:
            lines = ax.contour(x, y, effect, levels=steps, colors=FAINT, linewidths=0.9)
            decimals = 0 if min(steps) >= 1 else 1 if min(steps) >= 0.1 else scale.decimals
            ax.clabel(lines, fmt=lambda step: plain(sign * step, decimals), fontsize=11, inline_spacing=3, colors=MUTED)
        _draw_benchmarks(ax, benchmarks, x[-1], y[-1])
        ax.set_xlim(0, x[-1])
        ax.set_ylim(0, y[-1])
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(4))
            axis.set_major_formatter(FuncFormatter(_percent))
        ax.grid(color=HAIRLINE, linewidth=0.5)
        ax.set_xlabel("explains this much of what is left of the component")
        ax.set_ylabel("… of the outcome")
        _add_keys(ax, handles, bool(benchmarks))
    return ax


def _percent(share: float, _: object) -> str:
    value = 100 * share
    return f"{value:.0f}{NARROW_SPACE}%" if value >= 1 or value == 0 else f"{value:.1f}{NARROW_SPACE}%"


def _draw_zero_lines(
    ax: Axes,
    x: np.ndarray,
    y: np.ndarray,
    effect: np.ndarray,
    limit: np.ndarray,
) -> list[Line2D]:
    """Where the effect and its interval reach zero; effects are turned to be positive without confounding."""
    handles = []
    if effect.min() < 0:
        ax.contourf(x, y, effect, levels=[effect.min(), 0.0], colors=[GONE])
        ax.contour(x, y, effect, levels=[0.0], colors=WITHOUT, linewidths=2.4)
        handles.append(Line2D([], [], color=WITHOUT, linewidth=2.4, label="no effect left"))
    if limit[0, 0] > 0 > limit.min():
        ax.contour(x, y, limit, levels=[0.0], colors=WITHOUT, linewidths=1.4, linestyles="dashed")
        handles.append(Line2D([], [], color=WITHOUT, linewidth=1.4, linestyle="--", label="interval touches zero"))
    return handles


def _draw_benchmarks(ax: Axes, benchmarks: Sequence[ConfounderBenchmark], width: float, height: float) -> None:
    """Dots, and the names of the strongest beside them, moved apart upwards where they would meet."""
    shown = [one for one in benchmarks if one.equal_strength < 1]
    ax.plot(
        [one.strength_treatment for one in shown], [one.strength_outcome for one in shown],
        "o", color=WITH, markersize=6, clip_on=False, zorder=5,
    )  # fmt: skip
    lowest = 0.03
    for one in sorted(shown[:MOST_NAMED], key=lambda one: one.strength_outcome):
        at = max(lowest, one.strength_outcome / height + 0.03)
        lowest = at + LABEL_GAP
        on_the_left = one.strength_treatment > 0.6 * width
        aside = one.strength_treatment / width + (-0.06 if on_the_left else 0.06)
        ax.annotate(
            shorten(in_words(one.confounder), 24),
            (one.strength_treatment, one.strength_outcome), xytext=(aside, at), textcoords="axes fraction",
            ha="right" if on_the_left else "left", va="center", fontsize=11.5, color=INK, zorder=6,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip


def _add_keys(ax: Axes, handles: list[Line2D], has_benchmarks: bool) -> None:
    if has_benchmarks:
        handles = [*handles, Line2D([], [], color=WITH, marker="o", linestyle="", label="measured")]
    if handles:
        ax.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2,
            columnspacing=1.1, handlelength=1.3, handletextpad=0.5,
        )  # fmt: skip
