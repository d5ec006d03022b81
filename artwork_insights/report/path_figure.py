"""The path picture of a mediation: three boxes and three arrows."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from artwork_insights.mechanisms.paths import MediationResult, PathEstimate
from artwork_insights.report.figure_style import FAINT, WITH, axes_or_new, house_style, wrap
from artwork_insights.report.numbers import Scale, decimals_for, signed
from artwork_insights.report.sentences import in_words


def plot_mediation(result: MediationResult, outcome: str, scale: Scale, ax: Axes | None = None) -> Axes:
    """Three boxes and three arrows: a, b, and c′; a path that is not told apart from none is dashed."""
    with house_style():
        ax = axes_or_new(ax, 250)
        ax.set_xlim(0, 100)
        ax.set_ylim(0, 52)
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_visible(False)
        for x, y, name in ((15.5, 9, result.treatment), (50, 43, result.mediator), (84.5, 9, outcome)):
            _box(ax, x, y, wrap(in_words(name), 14, 3))
        _arrow(ax, (18, 17), (37, 35), result.treatment_to_mediator, result.level)
        _arrow(ax, (63, 35), (82, 17), result.mediator_to_outcome, result.level)
        _arrow(ax, (31, 9), (69, 9), result.direct, result.level)
        a, b, direct = result.treatment_to_mediator, result.mediator_to_outcome, result.direct
        ax.text(25, 28, f"a  {_own(a)}", ha="right", color=WITH, fontsize=13)
        ax.text(75, 28, f"b  {_scaled(b, scale)}", ha="left", color=WITH, fontsize=13)
        ax.text(50, 11, f"c′  {_scaled(direct, scale)}", ha="center", va="bottom", color=WITH, fontsize=13)
        ax.set_xlabel(f"b and c′ in {scale.unit}")
        ax.set_ylabel("")
    return ax


def _box(ax: Axes, x: float, y: float, lines: list[str]) -> None:
    height = 5.5 + 4.6 * len(lines)
    ax.add_patch(
        FancyBboxPatch(
            (x - 14, y - height / 2), 28, height, boxstyle="round,pad=0,rounding_size=1.6",
            facecolor="white", edgecolor=FAINT, zorder=3,
        )
    )  # fmt: skip
    for number, line in enumerate(lines):
        ax.text(x, y + 4.6 * ((len(lines) - 1) / 2 - number), line, ha="center", va="center", zorder=4)


def _own(path: PathEstimate) -> str:
    return signed(path.coefficient, decimals_for(path.std_error))


def _scaled(path: PathEstimate, scale: Scale) -> str:
    return signed(path.coefficient * scale.factor, decimals_for(path.std_error * scale.factor))


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], path: PathEstimate, level: float) -> None:
    clear = path.p_value < 1 - level
    ax.annotate(
        "", xy=end, xytext=start,
        arrowprops={
            "arrowstyle": "-|>", "color": WITH if clear else FAINT, "linewidth": 2 if clear else 1.5,
            "linestyle": "-" if clear else (0, (4, 3)), "shrinkA": 2, "shrinkB": 2, "mutation_scale": 14,
        },
    )  # fmt: skip
