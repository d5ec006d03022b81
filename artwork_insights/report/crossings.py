"""The table of a crossing: one cell for every pair of groups, shaded by the effect drawn towards the mean."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.effects.estimates import GroupEffect
from artwork_insights.report.advice import modifiers_of
from artwork_insights.report.findings import Finding
from artwork_insights.study import CROSS, modifier_parts

SHADES = 4
MOST_GROUPS = 60


@dataclass(frozen=True, slots=True)
class CrossingCell:
    """One pair of groups; `effect` is None where it could not be estimated.

    Attributes
    ----------
    shade : str
        ``up1`` to ``up4``, ``down1`` to ``down4``, or empty.
    is_clear : bool
        Whether it is told apart from zero after the correction for how many groups were looked at.
    """

    effect: GroupEffect | None
    shade: str
    is_clear: bool


@dataclass(frozen=True, slots=True)
class CrossingView:
    """A crossing as rows and columns; `cells` has one tuple for each row."""

    modifier: str
    row_name: str
    column_name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[CrossingCell, ...], ...]

    @property
    def largest(self) -> tuple[GroupEffect, ...]:
        """The groups shown one by one: those of most titles, in the order of the table."""
        shown = [cell.effect for row in self.cells for cell in row if cell.effect is not None]
        kept = sorted(shown, key=lambda group: -group.estimate.n_titles)[:MOST_GROUPS]
        return tuple(group for group in shown if group in kept)

    @property
    def n_left(self) -> int:
        """Groups that are not shown one by one."""
        return sum(cell.effect is not None for row in self.cells for cell in row) - len(self.largest)

    @property
    def n_missing(self) -> int:
        """Pairs of groups without an effect."""
        return sum(cell.effect is None for row in self.cells for cell in row)

    @property
    def n_clear(self) -> int:
        """Pairs of groups told apart from zero."""
        return sum(cell.is_clear for row in self.cells for cell in row)


def view_crossings(finding: Finding, level: float) -> tuple[CrossingView, ...]:
    """Every crossing of a finding."""
    return tuple(
        _view(modifier, [group for group in finding.group_effects if group.modifier == modifier], level)
        for modifier in modifiers_of(finding)
        if len(modifier_parts(modifier)) > 1
    )


def _view(modifier: str, groups: list[GroupEffect], level: float) -> CrossingView:
    row_name, column_name = modifier_parts(modifier)
    placed = {_place(group): group for group in groups}
    rows = tuple(sorted({row for row, _ in placed}))
    columns = tuple(sorted({column for _, column in placed}))
    largest = max(abs(group.shrunken_effect) for group in groups)
    cells = tuple(tuple(_cell(placed.get((row, column)), largest, level) for column in columns) for row in rows)
    return CrossingView(modifier, row_name, column_name, rows, columns, cells)


def _place(group: GroupEffect) -> tuple[str, str]:
    row, _, column = group.group.partition(CROSS)
    return row, column


def _cell(group: GroupEffect | None, largest: float, level: float) -> CrossingCell:
    if group is None:
        return CrossingCell(None, "", is_clear=False)
    strength = min(SHADES, int(SHADES * abs(group.shrunken_effect) / largest) + 1) if largest else 1
    side = "up" if group.shrunken_effect >= 0 else "down"
    return CrossingCell(group, f"{side}{strength}", is_clear=group.q_value < 1 - level)
