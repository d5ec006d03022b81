"""Learners of the nuisance models, by name: one problem, one way to tune, one way to cross-fit."""

from artwork_insights.design.learners.boosting import BoostingSettings
from artwork_insights.design.learners.cross_fitting import LearnerSettings, cross_fit
from artwork_insights.design.learners.features import Features
from artwork_insights.design.learners.problem import Problem
from artwork_insights.design.learners.tuning import tune
from artwork_insights.study import Learner

__all__ = ["BoostingSettings", "Features", "Learner", "LearnerSettings", "Problem", "cross_fit", "tune"]
