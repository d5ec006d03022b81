"""Figures of how much of a component: arms against the first one, and the dose-response with its band."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from artwork_insights.effects.arms import ArmEffects
from artwork_insights.effects.dose_response import DoseResponse
from artwork_insights.report.figure_style import (
    HAIRLINE,
    INK,
    MUTED,
    ROW_PX,
    SHADE,
    WITH,
    add_column,
    add_key,
    axes_or_new,
    house_style,
    name_rows,
    shorten,
    wrap,
)
from artwork_insights.report.figures import axis_label, scaled_interval
from artwork_insights.report.numbers import Scale


def plot_arms(arms: ArmEffects, component: str, scale: Scale, ax: Axes | None = None) -> Axes:
    """Each arm against the first: a thick line is its own interval, the thin one holds for all contrasts at once."""
    against = [contrast for contrast in arms.contrasts if contrast.versus == arms.reference]
    with house_style():
        ax = axes_or_new(ax, 74 + (ROW_PX + 4) * (len(against) + 1))
        ax.axvline(0, color=INK, linewidth=1, zorder=1)
        top = len(against)
        ax.plot(0, top, "o", color=INK, markersize=6)
        cells = [""] * len(against)
        for i, contrast in enumerate(against):
            y = top - 1 - i
            if contrast.estimate is None or contrast.simultaneous_interval is None:
                cells[y] = "—"
                continue
            low, middle, high = scaled_interval(contrast.estimate, scale)
            ends = [limit * scale.factor for limit in contrast.simultaneous_interval]
            ax.plot(ends, [y, y], color=WITH, linewidth=0.8, alpha=0.7)
            ax.plot([low, high], [y, y], color=WITH, linewidth=2.2, solid_capstyle="round")
            ax.plot(middle, y, "o", color=WITH, markersize=6)
            cells[y] = scale.effect(contrast.estimate.effect)
        names = [shorten(name, 16) for name in (arms.reference, *(contrast.arm for contrast in against))]
        name_rows(ax, names[::-1], headroom=0.6)
        add_column(ax, 56, "", [*cells, ""], top + 1)
        ax.set_xlabel(axis_label(scale))
        ax.set_ylabel(shorten(component, 30))
    return ax


def plot_dose_response(curve: DoseResponse, component: str, scale: Scale, ax: Axes | None = None) -> Axes:
    """Effect of each dose against the reference dose, with the band that holds the whole curve at once."""
    with house_style():
        ax = axes_or_new(ax, 290)
        dose = np.array(curve.dose)
        low, middle, high = (np.array(part) * scale.factor for part in (curve.low, curve.effect, curve.high))
        ax.fill_between(dose, low, high, color=SHADE, linewidth=0, label="holds the whole curve")
        ax.axhline(0, color=INK, linewidth=1, zorder=1)
        ax.plot(dose, middle, color=WITH, linewidth=2.2, label="effect")
        ax.plot(curve.reference, 0, "o", color=INK, markersize=6, label="compared with")
        ax.set_xlim(min(dose.min(), curve.reference), max(dose.max(), curve.reference))
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.grid(axis="y", color=HAIRLINE, linewidth=0.6)
        ax.tick_params(axis="y", labelcolor=MUTED)
        ax.set_xlabel(shorten(component, 50))
        ax.set_ylabel("\n".join(wrap(f"effect, {scale.unit}", 26)))
        add_key(ax)
    return ax
