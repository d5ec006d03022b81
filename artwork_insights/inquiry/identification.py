"""What the data identify: whether an artwork can be told from its title, and whether the designs agree."""

from __future__ import annotations

import numpy as np

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.gap import check_agreement, describe_title_confounding
from artwork_insights.inquiry.fitting import FittedHypothesis, outcome_is_by_title


def judge_identification(fitted: FittedHypothesis) -> Diagnostic:
    """Whether an artwork can be told from its title; blocking where it cannot."""
    assignment = fitted.sample.assignment
    n_varying = len(np.unique(assignment.title[assignment.in_varying_title()]))
    share = n_varying / assignment.n_titles
    if fitted.headline.design != "pooled":
        sentence = f"{n_varying:,} of {assignment.n_titles:,} titles have artworks that differ in the component."
        return Diagnostic("identification", share, None, True, sentence)
    if n_varying and outcome_is_by_title(fitted.sample):
        sentence = (
            "All artworks of a title share one outcome, so an artwork cannot be told from its title: this is an "
            "association among titles, adjusted for what we know of them, and not an effect of the artwork."
        )
        return Diagnostic("identification", 0.0, None, False, sentence, blocking=True)
    sentence = (
        "No title has artworks that differ in the component, so an artwork cannot be told from its title: this is an "
        "association among titles, adjusted for what we know of them, and not an effect of the artwork."
        if n_varying == 0
        else f"Only {n_varying:,} of {assignment.n_titles:,} titles have artworks that differ in the component; the "
        "comparison is between titles, adjusted for what we know of them, and not inside them."
    )
    return Diagnostic("identification", share, None, False, sentence, blocking=True)


def compare_designs(fitted: FittedHypothesis) -> Diagnostic:
    """Hold `mundlak` and `within` against each other, where both are identified."""
    if {"mundlak", "within"} <= set(fitted.fits):
        return check_agreement(fitted.fits["mundlak"], fitted.fits["within"], fitted.sample.assignment.block)
    sentence = "Only one design is identified, so it cannot be held against another."
    return Diagnostic("design_gap", None, None, None, sentence)


def tell_title_confounding(fitted: FittedHypothesis) -> Diagnostic:
    """How far the pooled comparison is off the one given titles; information."""
    if {"mundlak", "pooled"} <= set(fitted.fits):
        blocks = fitted.sample.assignment.block
        return describe_title_confounding(fitted.fits["pooled"], fitted.fits["mundlak"], blocks)
    sentence = "Whether titles confound the comparison cannot be told here."
    return Diagnostic("title_confounding", None, None, None, sentence)
