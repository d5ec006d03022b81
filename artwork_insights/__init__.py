"""Which visual components of promotional artwork make people choose a title, for whom, why, and how sure we can be.

Public names, in the order in which data flow; each is loaded when it is first used, so that importing costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "read_study": "study",
    "Study": "study",
    "Hypothesis": "study",
    "parse_expression": "expression",
    "read_catalog": "catalog.catalog",
    "Catalog": "catalog.catalog",
    "FEATURE_COLUMNS": "catalog.columns",
    "find_sources": "features.inputs.sources",
    "extract_features": "features.extraction.extract",
    "read_feature_table": "features.table",
    "FeatureTable": "features.table",
    "write_contact_sheet": "features.viewing.contact_sheet",
    "take_rate_table": "outcomes.take_rate",
    "precision_weights": "outcomes.precision",
    "mine_hypotheses": "mining.hypotheses",
    "check_overlap": "design.overlap",
    "measure_balance": "design.balance",
    "match_pairs": "design.matching",
    "estimate_average_effect": "effects.average",
    "estimate_group_effects": "effects.average",
    "predict_nuisances": "effects.out_of_fold",
    "average_effect_from_predictions": "effects.predictions",
    "estimate_arm_effects": "effects.arm_effects",
    "cut_arms": "effects.arms",
    "estimate_dose_response": "effects.dose_response",
    "fit_causal_forest": "effects.forest.fit",
    "summarise_heterogeneity": "effects.heterogeneity",
    "guard_confounders": "effects.confounder_guard",
    "EffectEstimate": "effects.estimates",
    "mediate": "mechanisms.mediation",
    "mediate_jointly": "mechanisms.joint_mediation",
    "natural_effects": "mechanisms.natural_effects",
    "natural_effects_dml": "mechanisms.natural_dml",
    "indirect_by_rho": "mechanisms.mediation_sensitivity",
    "moderate": "mechanisms.moderation",
    "moderate_continuous": "mechanisms.continuous_moderation",
    "joint_change": "mechanisms.joint_change",
    "e_value": "sensitivity.e_value",
    "robustness_value": "sensitivity.robustness",
    "confounded_estimate": "sensitivity.robustness",
    "benchmark_bound": "sensitivity.robustness",
    "measure_confounders": "sensitivity.observed_confounders",
    "correct_detector_error": "sensitivity.detector.known_rates",
    "detector_sign_turn": "sensitivity.detector.sign_turn",
    "omitted_variable_bounds": "sensitivity.omitted_variables",
    "rosenbaum_bounds": "sensitivity.rosenbaum",
    "mcnemar_bounds": "sensitivity.rosenbaum",
    "placebo_within_titles": "sensitivity.placebo",
    "draw_curve": "sensitivity.stress.specification",
    "find_carriers": "sensitivity.stress.stability",
    "plant_confounder": "sensitivity.stress.movement",
    "split_controls": "sensitivity.stress.halves",
    "split_halves": "sensitivity.stress.halves",
    "standardise_take_rates": "sensitivity.serving.rates",
    "weigh_take_rates": "sensitivity.serving.rates",
    "compare_component_rates": "sensitivity.serving.component",
    "bound_served_difference": "sensitivity.serving.bound",
    "find_serving_gamma": "sensitivity.serving.bound",
    "estimate_sibling_slope": "sensitivity.interference",
    "neighbour_share": "sensitivity.spillover",
    "estimate_spillover": "sensitivity.spillover",
    "judge": "verdict.judge",
    "read_results": "report.findings",
    "write_report": "report.html",
    "run_study": "pipeline",
    "check_study": "pipeline",
    "run_scheduled": "schedule",
    "write_starter": "starter",
    "run_demo": "demo",
    "advise": "advising.advice",
    "Advice": "advising.said",
    "ArtworkInsightsError": "errors",
}

__all__ = list(_HOME)

if TYPE_CHECKING:
    from artwork_insights.advising.advice import advise
    from artwork_insights.advising.said import Advice
    from artwork_insights.catalog.catalog import Catalog, read_catalog
    from artwork_insights.catalog.columns import FEATURE_COLUMNS
    from artwork_insights.demo import run_demo
    from artwork_insights.design.balance import measure_balance
    from artwork_insights.design.matching import match_pairs
    from artwork_insights.design.overlap import check_overlap
    from artwork_insights.effects.arm_effects import estimate_arm_effects
    from artwork_insights.effects.arms import cut_arms
    from artwork_insights.effects.average import estimate_average_effect, estimate_group_effects
    from artwork_insights.effects.confounder_guard import guard_confounders
    from artwork_insights.effects.dose_response import estimate_dose_response
    from artwork_insights.effects.estimates import EffectEstimate
    from artwork_insights.effects.forest.fit import fit_causal_forest
    from artwork_insights.effects.heterogeneity import summarise_heterogeneity
    from artwork_insights.effects.out_of_fold import predict_nuisances
    from artwork_insights.effects.predictions import average_effect_from_predictions
    from artwork_insights.errors import ArtworkInsightsError
    from artwork_insights.expression import parse_expression
    from artwork_insights.features.extraction.extract import extract_features
    from artwork_insights.features.inputs.sources import find_sources
    from artwork_insights.features.table import FeatureTable, read_feature_table
    from artwork_insights.features.viewing.contact_sheet import write_contact_sheet
    from artwork_insights.mechanisms.continuous_moderation import moderate_continuous
    from artwork_insights.mechanisms.joint_change import joint_change
    from artwork_insights.mechanisms.joint_mediation import mediate_jointly
    from artwork_insights.mechanisms.mediation import mediate
    from artwork_insights.mechanisms.mediation_sensitivity import indirect_by_rho
    from artwork_insights.mechanisms.moderation import moderate
    from artwork_insights.mechanisms.natural_dml import natural_effects_dml
    from artwork_insights.mechanisms.natural_effects import natural_effects
    from artwork_insights.mining.hypotheses import mine_hypotheses
    from artwork_insights.outcomes.precision import precision_weights
    from artwork_insights.outcomes.take_rate import take_rate_table
    from artwork_insights.pipeline import check_study, run_study
    from artwork_insights.report.findings import read_results
    from artwork_insights.report.html import write_report
    from artwork_insights.schedule import run_scheduled
    from artwork_insights.sensitivity.detector.known_rates import correct_detector_error
    from artwork_insights.sensitivity.detector.sign_turn import detector_sign_turn
    from artwork_insights.sensitivity.e_value import e_value
    from artwork_insights.sensitivity.interference import estimate_sibling_slope
    from artwork_insights.sensitivity.observed_confounders import measure_confounders
    from artwork_insights.sensitivity.omitted_variables import omitted_variable_bounds
    from artwork_insights.sensitivity.placebo import placebo_within_titles
    from artwork_insights.sensitivity.robustness import benchmark_bound, confounded_estimate, robustness_value
    from artwork_insights.sensitivity.rosenbaum import mcnemar_bounds, rosenbaum_bounds
    from artwork_insights.sensitivity.serving.bound import bound_served_difference, find_serving_gamma
    from artwork_insights.sensitivity.serving.component import compare_component_rates
    from artwork_insights.sensitivity.serving.rates import standardise_take_rates, weigh_take_rates
    from artwork_insights.sensitivity.spillover import estimate_spillover, neighbour_share
    from artwork_insights.sensitivity.stress.halves import split_controls, split_halves
    from artwork_insights.sensitivity.stress.movement import plant_confounder
    from artwork_insights.sensitivity.stress.specification import draw_curve
    from artwork_insights.sensitivity.stress.stability import find_carriers
    from artwork_insights.starter import write_starter
    from artwork_insights.study import Hypothesis, Study, read_study
    from artwork_insights.verdict.judge import judge


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'artwork_insights' has no attribute {name!r}")
    return getattr(importlib.import_module(f"artwork_insights.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
