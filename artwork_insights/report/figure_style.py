"""How figures look: colours that colour-blind readers tell apart, quiet axes, sizes in CSS pixels."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

WITH = "#0067a5"
WITHOUT = "#c2410c"
INK = "#1b1f24"
MUTED = "#5b6470"
FAINT = "#9aa1ab"
HAIRLINE = "#dedbd4"
SHADE = "#e6eef5"
WIDTH_PX = 420
ROW_PX = 28
_POINTS_PER_INCH = 72  # one SVG unit, shown as one CSS pixel

STYLE = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the layout is the same on every machine
    "font.size": 12.5,
    "axes.labelsize": 12,
    "axes.labelcolor": MUTED,
    "axes.labelpad": 7,
    "axes.edgecolor": HAIRLINE,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "xtick.color": HAIRLINE,
    "ytick.color": HAIRLINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12.5,
    "xtick.major.size": 4,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 11.5,
    "legend.labelcolor": MUTED,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a genre is a dollar sign
    "svg.fonttype": "none",
    "svg.hashsalt": "artwork-insights",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.03,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the report; leaves matplotlib's own settings as they were."""
    with matplotlib.rc_context(STYLE):
        yield


def axes_or_new(ax: Axes | None, height_px: float, width_px: float = WIDTH_PX) -> Axes:
    """Return `ax`, or the axes of a new figure of this size."""
    if ax is not None:
        return ax
    figure = Figure(figsize=(width_px / _POINTS_PER_INCH, height_px / _POINTS_PER_INCH), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def printable(text: str) -> str:
    """Take out characters that are not to be seen, such as control characters, which XML forbids."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def shorten(text: str, longest: int = 22) -> str:
    """Cut a label to `longest` characters, ending in an ellipsis; the table beside a figure holds the full text."""
    text = printable(text)
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def wrap(text: str, width: int = 22, lines: int = 2) -> list[str]:
    """Break a label over at most `lines` lines."""
    parts = textwrap.wrap(printable(text), width) or [""]
    if len(parts) > lines:
        parts = [*parts[: lines - 1], shorten(" ".join(parts[lines - 1 :]), width)]
    return parts


def name_rows(ax: Axes, labels: Sequence[str], headroom: float = 0.7) -> None:
    """Label rows 0, 1, ... from the bottom up and leave room above them for column heads."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(-0.7, len(labels) - 1 + headroom)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color=HAIRLINE, linewidth=0.6)


def add_column(ax: Axes, offset_px: float, head: str, cells: Sequence[str], head_y: float) -> None:
    """Write a column of text to the right of the axes, ending `offset_px` beyond them."""
    transform = ax.get_yaxis_transform()
    for y, cell, size, color in ((head_y, head, 11.5, MUTED), *((y, cell, 12.5, INK) for y, cell in enumerate(cells))):
        ax.annotate(
            cell, (1, y), xycoords=transform, xytext=(offset_px, 0), textcoords="offset points",
            ha="right", va="center_baseline", fontsize=size, color=color, annotation_clip=False,
        )  # fmt: skip


def add_key(ax: Axes, columns: int = 3) -> None:
    """Place the legend above the axes."""
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2,
        columnspacing=1.2, handlelength=1.4, handletextpad=0.5,
    )  # fmt: skip
