"""What the data dictionary says of one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["bool", "int64", "float64", "str", "list[str]", "list[float64]", "list[float32]"]
ColumnGroup = Literal["file", "faces", "colour", "composition", "text", "duplicates", "embedding"]
FaceRole = Literal["independent", "sensitive", "derived"]
OURS = "this package"
"""Source of a measure that is defined here, in the module that computes it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One feature.

    Attributes
    ----------
    name : str
    dtype : str
        Type in the features table.
    unit : str
        Unit, or what one stands for.
    low, high : float or None
        Smallest and largest possible value; None where there is no such bound.
    group : str
        One of `GROUPS`: what it is measured on, and the word for it in ``extract --features``.
    face_role : {"independent", "sensitive", "derived"}
        How it stands to a treatment that puts a face into the artwork: `independent` columns do not move with it,
        `sensitive` ones are measured over all pixels and do, `derived` ones are made of the faces themselves. Only
        independent columns are safe confounders of a face treatment; a derived one is never a confounder.
    description : str
        One sentence.
    source : str
        Paper or standard behind the measure, or `OURS`.
    is_identifier : bool
        A text that tells pictures apart, such as a checksum or a colour's code: nothing that artworks share, so no
        treatment, confounder or effect modifier.
    """

    name: str
    dtype: ColumnType
    unit: str
    low: float | None
    high: float | None
    group: ColumnGroup
    face_role: FaceRole
    description: str
    source: str
    is_identifier: bool = False
