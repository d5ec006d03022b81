"""Figures of mechanisms: what goes through a mediator and past it, how that bears an unseen cause, simple slopes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from artwork_insights.mechanisms.continuous_moderation import ContinuousModeration
from artwork_insights.mechanisms.mediation_sensitivity import RhoCurve
from artwork_insights.mechanisms.natural_results import NaturalEffects
from artwork_insights.report.figure_style import (
    HAIRLINE,
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
from artwork_insights.report.figures import axis_label
from artwork_insights.report.numbers import Scale, significant
from artwork_insights.report.sentences import in_words

NEAR_RHO = 0.6
"""Correlations beyond this and beyond where the effect vanishes are not drawn: the curve runs off there."""


def name_levels(effects: NaturalEffects) -> tuple[str, str]:
    """The two levels of the treatment in words: "without" and "with", or their values."""
    if effects.levels == (0.0, 1.0) and effects.method == "double_machine_learning":
        return "without", "with"
    return f"at {significant(effects.levels[0])}", f"at {significant(effects.levels[1])}"


def plot_natural_effects(effects: NaturalEffects, scale: Scale, ax: Axes | None = None) -> Axes:
    """What goes through the mediator and past it, at each level of the treatment, with intervals."""
    control, treated = name_levels(effects)
    rows = [
        ("in all", effects.total, INK),
        (f"past it, {treated}", effects.ade_treated, WITHOUT),
        (f"past it, {control}", effects.ade_control, WITHOUT),
        (f"through it, {treated}", effects.acme_treated, WITH),
        (f"through it, {control}", effects.acme_control, WITH),
    ]
    with house_style():
        ax = axes_or_new(ax, 84 + ROW_PX * len(rows))
        ax.axvline(0, color=INK, linewidth=1, zorder=1)
        for y, (_, effect, color) in enumerate(rows):
            ends = [effect.low * scale.factor, effect.high * scale.factor]
            ax.plot(ends, [y, y], color=color, linewidth=2.2, solid_capstyle="round")
            ax.plot(effect.effect * scale.factor, y, "o", color=color, markersize=6)
        name_rows(ax, [shorten(name, 20) for name, _, _ in rows], headroom=0.6)
        add_column(ax, 56, "", [scale.effect(effect.effect) for _, effect, _ in rows], len(rows))
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.set_xlabel(axis_label(scale))
        ax.set_ylabel("")
    return ax


def plot_rho(curve: RhoCurve, scale: Scale, ax: Axes | None = None) -> Axes:
    """The indirect effect over the correlation of the unseen parts of mediator and outcome, where it is not extreme."""
    with house_style():
        ax = axes_or_new(ax, 290)
        reach = max(NEAR_RHO, abs(curve.rho_at_zero) + 0.1)
        near = np.abs(np.array(curve.rho)) <= reach
        rho = np.array(curve.rho)[near]
        low, middle, high = (np.array(part)[near] * scale.factor for part in (curve.low, curve.acme, curve.high))
        ax.fill_between(rho, low, high, color=SHADE, linewidth=0, label=scale.interval_name)
        ax.axhline(0, color=INK, linewidth=1, zorder=1)
        ax.axvline(0, color=HAIRLINE, linewidth=1, zorder=0)
        ax.plot(rho, middle, color=WITH, linewidth=2.2, label="through the mediator")
        ax.plot(curve.rho_at_zero, 0, "o", color=WITHOUT, markersize=7, zorder=4, label="vanishes")
        ax.set_xlim(rho.min(), rho.max())
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.grid(axis="y", color=HAIRLINE, linewidth=0.6)
        ax.tick_params(axis="y", labelcolor=MUTED)
        ax.set_xlabel("correlation that something unseen makes")
        ax.set_ylabel("\n".join(wrap(f"effect, {scale.unit}", 26)))
        add_key(ax, 3)
    return ax


def plot_simple_slopes(moderation: ContinuousModeration, scale: Scale, ax: Axes | None = None) -> Axes:
    """The effect along a moderator; shaded where it is told apart from none (Johnson and Neyman)."""
    with house_style():
        ax = axes_or_new(ax, 290)
        along = np.array([point.value for point in moderation.curve])
        low, middle, high = (
            np.array([getattr(point, part) for point in moderation.curve]) * scale.factor
            for part in ("low", "effect", "high")
        )
        for number, region in enumerate(moderation.regions):
            label = "clearly not zero" if number == 0 else "_"
            ax.axvspan(region.low, region.high, color="#eef3ee", linewidth=0, zorder=0, label=label)
        ax.fill_between(along, low, high, color=SHADE, alpha=0.8, linewidth=0, zorder=1)
        ax.axhline(0, color=INK, linewidth=1, zorder=2)
        ax.plot(along, middle, color=WITH, linewidth=2.2, zorder=3, label="effect")
        values = [slope.value for slope in moderation.slopes]
        ax.plot(values, [slope.effect * scale.factor for slope in moderation.slopes], "o", color=WITH, zorder=4)
        for boundary in moderation.boundaries:
            ax.axvline(boundary, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=2)
        ax.set_xlim(along.min(), along.max())
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.grid(axis="y", color=HAIRLINE, linewidth=0.6)
        ax.tick_params(axis="y", labelcolor=MUTED)
        ax.set_xlabel(shorten(in_words(moderation.modifier), 50))
        ax.set_ylabel("\n".join(wrap(f"effect, {scale.unit}", 26)))
        add_key(ax)
    return ax
