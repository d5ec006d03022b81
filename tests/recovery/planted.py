"""Studies with one fault each, one or more for every check: used by the tests and by ``benchmarks/faults.py``.

Strengths and plans were chosen on seeds 11 to 13 and 21 to 26, so that a check fails where its fault is present. How
often it does was then measured once on seeds 101 to 120, which no choice has seen.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from artwork_insights.pipeline import estimate_study, run_study
from artwork_insights.report.findings import Finding
from artwork_insights.study import read_study
from tests.recovery.faulty_studies import Plan, draw_study, write_study
from tests.recovery.fixed_models import fix_models

FRESH_SEEDS = range(101, 121)
SOUND = Plan(seed=FRESH_SEEDS[0], observed=0.1, n_titles=120)
DETECTED = replace(SOUND, is_detected=True, rates_known=True, fault="detector")
ALL_BUT_DECIDED = replace(SOUND, fault="no_overlap", determined=6.0)
DECIDED = replace(SOUND, fault="no_overlap", determined=60.0)
POOR_DETECTOR = replace(DETECTED, sensitivity=0.8, specificity=0.85)
MISLED_DETECTOR = replace(DETECTED, misled=0.3, n_labelled=300, effect=0.0)
LINES_THROUGH_NOISE = replace(SOUND, noise_columns=70, n_titles=24, learner="linear")
ONE_TITLE_RULES = replace(SOUND, dominant=8000, n_titles=20, observed=0.6)
STRONG_CONFOUNDER = replace(SOUND, observed=1.5, effect=0.004)
HIDDEN_CAUSE = replace(SOUND, fault="hidden", hidden=1.0, trace=0.8, effect=0.0)
SPILLING = replace(SOUND, fault="interference", spill=0.01)
SHOWN_TO_FANS = replace(SOUND, fault="serving", fans_of_treated=0.7, effect=0.0)
CURVED = replace(SOUND, curved=1.0, effect=0.0, learner="linear")
FEW_TITLES, FEWER_TITLES = replace(SOUND, n_titles=18), replace(SOUND, n_titles=8)

PLANTED = {
    "identification": FEWER_TITLES,
    "overlap": ALL_BUT_DECIDED,
    "treatment_variance_left": DECIDED,
    "balance": ALL_BUT_DECIDED,
    "calibration": LINES_THROUGH_NOISE,
    "outcome_r2": LINES_THROUGH_NOISE,
    "effective_titles": FEW_TITLES,
    "measurement": POOR_DETECTOR,
    "detector": MISLED_DETECTOR,
    "unconfoundedness": STRONG_CONFOUNDER,
    "leave_one_block_out": STRONG_CONFOUNDER,
    "interference": SPILLING,
    "serving_policy": SHOWN_TO_FANS,
    "design_gap": ONE_TITLE_RULES,
    "placebo_treatment": ONE_TITLE_RULES,
    "placebo_outcome": HIDDEN_CAUSE,
    "negative_control": HIDDEN_CAUSE,
    "split_halves": replace(ONE_TITLE_RULES, n_titles=40),
    "subset_stability": ONE_TITLE_RULES,
    "random_common_cause": ONE_TITLE_RULES,
    "zero_confounder": ONE_TITLE_RULES,
    "specification_curve": CURVED,
}
"""The fault that each check is there for."""
IN_WORDS = {
    FEWER_TITLES: "8 titles",
    FEW_TITLES: "18 titles",
    ALL_BUT_DECIDED: "the aspect ratio all but decides the component",
    DECIDED: "the aspect ratio decides the component",
    LINES_THROUGH_NOISE: "straight lines through 70 columns of noise in 24 titles",
    POOR_DETECTOR: "a detector with sensitivity .8 and specificity .85",
    MISLED_DETECTOR: "a detector that sees the component where artwork does well, 300 labels, no effect",
    STRONG_CONFOUNDER: "a known confounder that moves the outcome further than the effect does",
    SPILLING: "artworks that lose by their siblings",
    SHOWN_TO_FANS: "artwork with the component shown to fans, no effect",
    ONE_TITLE_RULES: "one title with 8,000 artworks beside 19 with 4 to 10",
    PLANTED["split_halves"]: "one title with 8,000 artworks beside 39 with 4 to 10",
    HIDDEN_CAUSE: "a hidden cause of component and outcome, no effect",
    CURVED: "a confounder that works by its square, straight lines, no effect",
}
ESTIMATION, CHECKS = "folds = 3\nforest = false\nplacebo_draws = 40\n", "subsets = 2\n"


def find_in(plan: Plan, folder: Path, more: str = "", *, with_page: bool = True) -> tuple[Finding, ...]:
    """Write a plan's tables into an empty folder and run them, from the study file to the findings."""
    path = write_study(draw_study(plan), folder / "study", estimation=ESTIMATION, checks=CHECKS)
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    with fix_models() if plan.learner == "xgboost" else nullcontext():
        study = read_study(path)
        return (run_study(study, folder / "run") if with_page else estimate_study(study).result).findings
