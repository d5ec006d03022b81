"""The ``[[joint_change]]`` tables: changes of several features at once."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FeatureChange(BaseModel):
    """A move from one combination of features to another, such as from three small faces to one large.

    Attributes
    ----------
    start : dict from feature to value
        Written ``from`` in a study file.
    to : dict from feature to value
        Of the same features.
    confounders : tuple of str
        Those of the hypothesis where none are given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: dict[str, float] = Field(alias="from")
    to: dict[str, float]
    confounders: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ends_match(self) -> FeatureChange:
        if set(self.start) != set(self.to) or len(self.start) < 2:
            raise ValueError(
                f"from and to need values of the same two features or more; found {', '.join(self.start) or 'none'} "
                f"and {', '.join(self.to) or 'none'}"
            )
        if not all(map(math.isfinite, (*self.start.values(), *self.to.values()))):
            raise ValueError("from and to need finite numbers")
        if self.start == self.to:
            raise ValueError("from and to are the same combination; nothing changes")
        return self

    @property
    def features(self) -> tuple[str, ...]:
        """Features that are named."""
        return tuple(self.start)
