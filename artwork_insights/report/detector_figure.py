"""How differently a detector would have to err where artwork does well and poorly for the sign of an effect to turn."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from artwork_insights.report.figure_style import (
    HAIRLINE,
    MUTED,
    WITH,
    WITHOUT,
    add_key,
    axes_or_new,
    house_style,
    wrap,
)
from artwork_insights.sensitivity.assumptions import DetectorAccuracy
from artwork_insights.sensitivity.detector.sign_turn import DetectorSignTurn

TURNED = "#fbe9e0"
HEADROOM = 1.15
FEWEST_POINTS = 2
AT_NONE = 0.5
"""Difference, in percentage points, at which a curve counts as having come down to none."""


def has_sign_turn(turn: DetectorSignTurn | None) -> bool:
    """Whether there is a curve to draw: some difference turns the sign, and not any."""
    return turn is not None and len(turn.curve) >= FEWEST_POINTS and max(map(max, turn.curve)) > 0


def plot_sign_turn(turn: DetectorSignTurn, accuracy: DetectorAccuracy | None = None, ax: Axes | None = None) -> Axes:
    """Pairs of differences in error rates, in percentage points, at which the sign turns; beyond the line it has.

    The diamond is where both are equal. The dot is how often the detector errs at all, where the study tells.
    """
    with house_style():
        ax = axes_or_new(ax, 330)
        middle = [] if not turn.both else [(100 * turn.both, 100 * turn.both)]
        dot = [] if accuracy is None else [(100 * (1 - accuracy.specificity), 100 * (1 - accuracy.sensitivity))]
        line = sorted([*((100 * phantom, 100 * missed) for phantom, missed in turn.curve), *middle])
        across, up = (np.array(part) for part in zip(*line, strict=True))
        width, height = (min(HEADROOM * max(part), 100.0) for part in zip(*line, *dot, strict=True))
        right = width if up[-1] < AT_NONE else across[-1]  # else no difference further right is left to be made
        ax.fill_between(
            [*across, across[-1], right], [*up, 0.0, 0.0], height,
            color=TURNED, linewidth=0, zorder=0, label="the sign has turned",
        )  # fmt: skip
        ax.plot(across, up, color=WITHOUT, linewidth=2.4, zorder=3)
        for points, marker, color, label in ((middle, "D", WITHOUT, "both alike"), (dot, "o", WITH, "errs at all")):
            for x, y in points:
                ax.plot(x, y, marker, color=color, markersize=7, clip_on=False, zorder=4, label=label)
        ax.set_xlim(0, width)
        ax.set_ylim(0, height)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(5))
        ax.grid(color=HAIRLINE, linewidth=0.5)
        ax.tick_params(axis="y", labelcolor=MUTED)
        ax.set_xlabel("sees what is not there more often by … points")
        ax.set_ylabel("\n".join(wrap("misses what is there more often by … points", 26)))
        add_key(ax, 3)
    return ax
