"""Figures of the comparison itself: overlap, balance, calibration and placebo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from artwork_insights.design.balance import LARGEST_SMD, BalanceRow, BlockBalance, summarise_blocks
from artwork_insights.design.overlap import Overlap
from artwork_insights.report.figure_style import (
    FAINT,
    HAIRLINE,
    INK,
    MUTED,
    WITH,
    WITHOUT,
    add_key,
    axes_or_new,
    house_style,
    name_rows,
    shorten,
)
from artwork_insights.report.numbers import Scale, plain, significant
from artwork_insights.report.sentences import in_words
from artwork_insights.sensitivity.placebo import Placebo

MOST_BALANCE_ROWS = 16


def plot_overlap(overlap: Overlap, ax: Axes | None = None, *, counted: str = "rows (artwork in a country)") -> Axes:
    """Mirrored histogram of propensities: with the component upwards, without it downwards; `counted` names a row."""
    with house_style():
        ax = axes_or_new(ax, 270)
        edges = np.array(overlap.bin_edges)
        widths = np.diff(edges)
        treated, control = np.array(overlap.treated_counts), -np.array(overlap.control_counts)
        for counts, color, label in ((treated, WITH, "with"), (control, WITHOUT, "without")):
            ax.bar(edges[:-1], counts, widths, align="edge", color=color, label=label, edgecolor="white", linewidth=0.8)
        ax.axhline(0, color=INK, linewidth=1)
        ax.set_xlim(edges[0], edges[-1])
        ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(abs(value), 0)))
        ax.grid(axis="y", color=HAIRLINE, linewidth=0.6)
        ax.set_xlabel("predicted chance of having the component")
        ax.set_ylabel(counted)
        add_key(ax)
    return ax


def plot_balance(rows: Sequence[BalanceRow], ax: Axes | None = None) -> Axes:
    """Love plot: how alike the two sides are before weighting (hollow), after it (filled), and within titles (squares).

    One row per confounder, that of its worst column; shows the `MOST_BALANCE_ROWS` that differ most before weighting. A
    line stands at 0.1.
    """
    with house_style():
        blocks = sorted(summarise_blocks(rows), key=lambda block: abs(block.worst.smd_before))[-MOST_BALANCE_ROWS:]
        worst = [block.worst for block in blocks]
        ax = axes_or_new(ax, 98 + 23 * len(blocks))
        y = np.arange(len(worst))
        before = _sizes([row.smd_before for row in worst])
        after = _sizes([row.smd_after for row in worst])
        within = _sizes([row.smd_within_title for row in worst])
        ax.axvspan(0, LARGEST_SMD, color="#eef3ee", linewidth=0, zorder=0)
        ax.axvline(LARGEST_SMD, color=FAINT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.hlines(y, np.fmin(before, after), np.fmax(before, after), color=HAIRLINE, linewidth=1.4)
        ax.plot(before, y, "o", color=WITHOUT, markerfacecolor="white", markersize=6, label="before")
        ax.plot(within, y, "s", color=MUTED, markersize=4.5, label="within title")
        if np.isfinite(after).any():
            ax.plot(after, y, "o", color=WITH, markersize=6, label="after weighting")
        name_rows(ax, [_name_block(block) for block in blocks])
        differences = np.concatenate([before, after, within])
        largest = float(differences[np.isfinite(differences)].max(initial=0.0))
        right = max(1.08 * largest, 1.5 * LARGEST_SMD)
        ax.set_xlim(-0.02 * right, right)
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: significant(value)))
        ax.set_xlabel("difference in standard deviations")
        ax.set_ylabel("")
        add_key(ax)
    return ax


def _sizes(differences: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.abs(np.array(differences, dtype=np.float64))


def _name_block(block: BlockBalance) -> str:
    """A column by its name; a confounder of many numbers by its own, since its columns have no meaning one by one."""
    if "[" in block.worst.confounder:
        return shorten(f"{in_words(block.block)}, worst of {block.n_columns}")
    return shorten(in_words(block.worst.confounder), 20)


def plot_calibration(calibration: Sequence[tuple[float, float, int]], ax: Axes | None = None) -> Axes:
    """Predicted chance of the component against its observed share, one dot per tenth."""
    with house_style():
        ax = axes_or_new(ax, 270)
        predicted, observed, cells = (np.array(column, dtype=float) for column in zip(*calibration, strict=True))
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)), label="perfect")
        ax.scatter(predicted, observed, s=20 + 60 * cells / cells.max(), color=WITH, label="a tenth of them")
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.02, 1.02)
        ax.grid(color=HAIRLINE, linewidth=0.6)
        ax.set_xlabel("predicted chance of the component")
        ax.set_ylabel("observed share")
        add_key(ax)
    return ax


def plot_placebo(placebo: Placebo, scale: Scale, ax: Axes | None = None) -> Axes:
    """Effects of treatments that cannot work, and the real one beside them."""
    with house_style():
        ax = axes_or_new(ax, 250)
        effects = np.array(placebo.effects) * scale.factor
        effects = effects[np.isfinite(effects)]
        observed = placebo.observed * scale.factor
        ax.hist(effects, bins=max(6, min(24, len(effects) // 8)), color=FAINT, edgecolor="white", linewidth=0.8)
        ax.axvline(0, color=INK, linewidth=1)
        ax.axvline(observed, color=WITH, linewidth=2.4)
        reach = max(float(np.abs(effects).max(initial=0.0)), abs(observed)) * 1.12 or 1.0
        ax.set_xlim(-reach, reach)
        ax.set_ylim(top=ax.get_ylim()[1] * 1.15)
        on_the_right = observed > 0
        ax.annotate(
            "with the real artwork", (observed, ax.get_ylim()[1] * 0.95), xytext=(-7 if on_the_right else 7, 0),
            textcoords="offset points", ha="right" if on_the_right else "left", va="center", color=WITH,
        )  # fmt: skip
        ax.grid(axis="y", color=HAIRLINE, linewidth=0.6)
        ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.set_xlabel(f"effect, {shorten(scale.unit_with_per, 60)}")
        ax.set_ylabel("shuffles")
    return ax
