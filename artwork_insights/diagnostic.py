"""A named check with a value, a limit and an outcome: the one shape that every check of the package returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One check of one estimate.

    Attributes
    ----------
    name : str
        Short stable name, ``snake_case``.
    value : float or None
        What was measured; None where it could not be.
    limit : float or None
        What `value` was held against; None for information only.
    passed : bool or None
        True passed, False failed, None informational or not identified.
    sentence : str
        What was found, in words a creative director can read, with the numbers in it.
    blocking : bool
        Whether failing it makes the estimate unusable whatever its size.
    """

    name: str
    value: float | None
    limit: float | None
    passed: bool | None
    sentence: str
    blocking: bool = False
