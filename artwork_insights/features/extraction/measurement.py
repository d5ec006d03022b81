"""What measuring one image comes to: its features, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from artwork_insights.features.faces.detector import Faces


@dataclass(frozen=True, slots=True)
class Measurement:
    """Features of one image.

    Attributes
    ----------
    values : dict
        One entry per column of the groups measured, but the embedding.
    embedding : float32 array of shape (dimension,), or None
    faces : Faces or None
        None where faces were not asked for.
    seconds : dict of str to float
        Time per stage: "read", "decode", "views" (what several groups look at), then one per group.
    """

    values: dict[str, Any]
    embedding: npt.NDArray[np.float32] | None
    faces: Faces | None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an image could not be measured.

    Attributes
    ----------
    stage : {"read", "decode", "compare", "process"}
        Fetching the file, decoding it, comparing it with what was measured before, or the process, which died.
    error : str
        Kind of error, e.g. ``"ImageError"``.
    message : str
        One sentence.
    """

    stage: str
    error: str
    message: str


Result = Measurement | Failure
