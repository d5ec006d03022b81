"""Figures of the causal forest: what is gained by going where it predicts the largest effects."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from artwork_insights.effects.forest.targeting import TargetingCurve
from artwork_insights.report.figure_style import HAIRLINE, INK, SHADE, WITH, axes_or_new, house_style, wrap
from artwork_insights.report.numbers import Scale, percent


def plot_targeting(curve: TargetingCurve, scale: Scale, ax: Axes | None = None) -> Axes:
    """Targeting operator characteristic with its band.

    Parameters
    ----------
    curve : TargetingCurve
    scale : Scale
        Unit of the axis.
    ax : Axes, optional
        Drawn on; a new figure where it is None.

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax, 250)
        shares = np.array(curve.shares)
        gains, low, high = (scale.factor * np.array(line) for line in (curve.gains, curve.low, curve.high))
        ax.fill_between(shares, low, high, color=SHADE, linewidth=0, zorder=0)
        ax.axhline(0, color=INK, linewidth=1, zorder=1)
        ax.plot(shares, gains, color=WITH, linewidth=1.8)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
        ax.grid(axis="y", color=HAIRLINE, linewidth=0.6)
        ax.set_xlabel("share of rows, largest predicted effects first")
        ax.set_ylabel("\n".join(wrap(f"effect above average, {scale.unit_with_per}", 26, lines=3)))
    return ax
