"""The ``[verdict]`` table: what each check is held against; the reasons for the defaults stand in the rules."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class VerdictLimits(BaseModel):
    """Limits of the checks that a verdict counts, one key per diagnostic.

    A study that names none is judged by these defaults. `artwork_insights.verdict.rules` says on which side of its
    limit each check passes, what a failure does, and why the default is what it is. A limit in multiples stretches the
    check's own one, which comes from the data: so many draws, so many subsets, so strong a confounder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    measurement: float = Field(default=0.8, gt=0, le=1, description="sensitivity plus specificity less one")
    detector: float = Field(
        default=1.1, ge=1, description="corrected effect as a multiple of the one seen, or the reverse"
    )
    overlap: float = Field(default=0.5, ge=0, le=1, description="share of the rows that are compared")
    treatment_variance_left: float = Field(default=0.05, ge=0, le=1, description="share of the component's variance")
    balance: float = Field(default=0.1, gt=0, description="standard deviations, largest difference after weighting")
    calibration: float = Field(default=0.05, gt=0, le=1, description="mean error of the predicted chance")
    outcome_r2: float = Field(default=-0.05, le=1, description="share of the outcome's variance in titles not seen")
    effective_titles: float = Field(default=20.0, ge=2, description="titles of equal weight that carry the estimate")
    design_gap: float = Field(default=2.58, gt=0, description="standard errors between the two designs")
    interference: float = Field(default=0.05, gt=0, lt=1, description="p-value of the siblings' influence")
    leave_one_block_out: float = Field(
        default=1.0, gt=0, description="standard errors that the strongest confounder may move the estimate"
    )
    unconfoundedness: float = Field(
        default=1.0, gt=0, description="robustness value in multiples of the strongest observed confounder"
    )
    placebo_treatment: float = Field(
        default=1.0, gt=0, description="share of trials that seem to work, in multiples of the most that chance allows"
    )
    placebo_outcome: float = Field(
        default=1.0, gt=0, description="t-ratio, in multiples of the one that chance passes in 1 of 100"
    )
    negative_control: float = Field(
        default=1.0, gt=0, description="t-ratio, in multiples of the one that chance passes in 1 of 100"
    )
    split_halves: float = Field(
        default=1.0,
        gt=0,
        description="share of splits that differ, in multiples of the most that chance allows",
    )
    subset_stability: float = Field(
        default=1.0, gt=0, description="spread, in multiples of the one that chance passes in 1 of 1,000"
    )
    random_common_cause: float = Field(default=1.0, gt=0, description="standard errors that noise moves the estimate")
    zero_confounder: float = Field(
        default=1.0, gt=0, description="standard errors that other random numbers move the estimate"
    )
    specification_curve: float = Field(
        default=0.5, ge=0, le=1, description="share of the ways to make the estimate that answer alike"
    )
