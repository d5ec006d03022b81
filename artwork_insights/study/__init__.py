"""The study file: what is asked, of which data, under which limits."""

from artwork_insights.study.changes import FeatureChange
from artwork_insights.study.detector import Detector
from artwork_insights.study.file import read_study
from artwork_insights.study.sections import (
    CROSS,
    DEFAULT_MEDIATION,
    Checks,
    Data,
    DesignName,
    Estimation,
    Extraction,
    Header,
    Hypothesis,
    Learner,
    Mediation,
    Name,
    Source,
    Study,
    TitleOutcome,
    TrimRule,
    modifier_parts,
    single_modifiers,
)

__all__ = [
    "CROSS",
    "DEFAULT_MEDIATION",
    "Checks",
    "Data",
    "DesignName",
    "Detector",
    "Estimation",
    "Extraction",
    "FeatureChange",
    "Header",
    "Hypothesis",
    "Learner",
    "Mediation",
    "Name",
    "Source",
    "Study",
    "TitleOutcome",
    "TrimRule",
    "modifier_parts",
    "read_study",
    "single_modifiers",
]
