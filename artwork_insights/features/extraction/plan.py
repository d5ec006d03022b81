"""What an extraction measures, and everything that decides its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from artwork_insights.catalog.columns import DEFAULT_GROUPS, GROUPS, ColumnGroup
from artwork_insights.errors import OutputError, did_you_mean
from artwork_insights.features.embedding.embedder import EmbeddingChoice
from artwork_insights.features.inputs.image import MAX_PIXELS, SHARED_SIDE_PX, WORKING_SIDE_PX
from artwork_insights.features.text.detector import describe_text_detector

DetectorMode = Literal["default", "fast", "exact"]
Runtime = Literal["auto", "torch", "openvino"]

METHODS: dict[ColumnGroup, str] = {
    "file": "2", "faces": "3", "colour": "2", "composition": "2", "text": "1", "duplicates": "1", "embedding": "2",
}  # fmt: skip
"""Raised whenever the same image would give other numbers in a group."""


@dataclass(frozen=True, slots=True)
class MeasurePlan:
    """What is measured on each image, and how; travels to every measuring process.

    Attributes
    ----------
    embedding : EmbeddingChoice
        Of no effect unless "embedding" is among the groups.
    groups : tuple of str
        Some of `catalog.columns.GROUPS`, in that order, "file" always first.
    mode : {"default", "fast", "exact"}
        Of the face detector.
    device : str
        ``"cpu"`` or ``"cuda"``.
    runtime : {"torch", "openvino"}
        What runs the networks on a CPU.
    notes : tuple of str
        Sentences the user should read.
    """

    embedding: EmbeddingChoice
    groups: tuple[ColumnGroup, ...] = DEFAULT_GROUPS
    mode: DetectorMode = "default"
    device: str = "cpu"
    runtime: Literal["torch", "openvino"] = "torch"
    notes: tuple[str, ...] = ()

    def settings(self) -> dict[str, dict[str, str]]:
        """By group, what decides its numbers; two outputs with different settings of one group never mix.

        Raises
        ------
        WeightsError
            When "text" is among the groups and its extra is not installed.
        """
        extra: dict[ColumnGroup, dict[str, str]] = {
            "file": {
                "mode": "exact" if self.mode == "exact" else "default or fast",  # which decode large images reduced
                "max_pixels": str(MAX_PIXELS),
                "shared_side_px": str(SHARED_SIDE_PX),
            },
            "colour": {"working_side_px": str(WORKING_SIDE_PX)},
            "composition": {"working_side_px": str(WORKING_SIDE_PX)},
            "embedding": self.embedding.describe(),
        }
        if "faces" in self.groups:
            from artwork_insights.features.faces.detector import describe_detector  # late: not every process needs it

            extra["faces"] = describe_detector(self.mode) | {"runtime": self.runtime}
        if self.embedding.weights is not None:
            extra["embedding"] |= {"runtime": self.embedding.runs_in(self.runtime)}
        if "text" in self.groups:
            extra["text"] = describe_text_detector(self.runtime)
        return {group: {"method": METHODS[group]} | extra.get(group, {}) for group in self.groups}


def choose_groups(names: Sequence[str] = ()) -> tuple[ColumnGroup, ...]:
    """Groups in the order of the table, "file" always among them; none named means `DEFAULT_GROUPS`.

    Raises
    ------
    OutputError
        When a name is none of the groups; ``"all"`` stands for all of them.
    """
    if not names:
        return DEFAULT_GROUPS
    if "all" in names:
        return GROUPS
    for name in names:
        if name not in get_args(ColumnGroup):
            raise OutputError(
                f"features {name!r} are unknown{did_you_mean(name, GROUPS)}; known are all, {', '.join(GROUPS)}."
            )
    return tuple(group for group in GROUPS if group == "file" or group in names)
