"""Rank candidate images by what a finished study found: the whole way, from files to advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.advising.components import Component, apply_finding
from artwork_insights.advising.families import UnusedFinding, choose_components
from artwork_insights.advising.outside import find_outside
from artwork_insights.advising.ranking import Scores, find_ties, order_images
from artwork_insights.advising.said import Advice, Driver, RankedImage, UsedFinding, say_advice
from artwork_insights.advising.support import Support, numbers_of, read_support
from artwork_insights.advising.titles import find_labels
from artwork_insights.errors import OutputError
from artwork_insights.expression import parse_expression
from artwork_insights.features.extraction.progress import Progress
from artwork_insights.report.findings import RESULTS, Finding, StudyResult, read_results

BoolArray = npt.NDArray[np.bool_]
ACCEPTED = ("supported", "supported_with_caveats")
REFUSED = {
    "not_supported": "not supported: a check that must hold has failed",
    "inconclusive": "not settled: the data do not say which way it goes",
}


def advise(
    images: Sequence[str | Path],
    run: Path,
    *,
    title: str | None = None,
    country: str | None = None,
    genre: str | None = None,
    progress: Progress | None = None,
) -> Advice:
    """Rank candidate images of a title by the accepted findings of a finished run.

    Parameters
    ----------
    images : sequence of str or Path
        Files. Put the artwork in use first: every image is held against it as well as against their average.
    run : Path
        Folder that ``artwork-insights run`` wrote.
    title : str, optional
        title_id of the study, whose genre is then used.
    country, genre : str, optional
        Where the images are to be shown, as the study writes them; `genre` for a title that the study does not have.
    progress : callable, optional
        Wraps the images as they are measured, as ``tqdm`` does.

    Raises
    ------
    ArtworkInsightsError
        One sentence: no such run, a run of an older version, an unknown title, genre or country, no image.
    """
    from artwork_insights.advising.measuring import measure_images, name_images  # late: it loads what measures pixels

    if not (Path(run) / RESULTS).is_file():
        raise OutputError(f"{run} holds no {RESULTS}; give the folder that `artwork-insights run` wrote.")
    result, support = read_results(Path(run) / RESULTS), read_support(Path(run))
    labels = find_labels(result, support, title=title, country=country, genre=genre)
    names = name_images(images)
    if not any(is_accepted(finding) for finding in result.findings):
        return rank_images(pd.DataFrame(index=pd.Index([], dtype=object)), result, support, labels)
    measured = measure_images(names, result.feature_settings, progress=progress)
    return rank_images(measured.frame, result, support, labels, failures=measured.failures)


def is_accepted(finding: Finding) -> bool:
    """Whether a finding is believed and says something: supported, with or without caveats, and answered."""
    return finding.verdict.word in ACCEPTED and finding.verdict.answer != "undecided"


def rank_images(
    frame: pd.DataFrame,
    result: StudyResult,
    support: Support,
    labels: Mapping[str, str],
    *,
    failures: Mapping[str, str] | None = None,
) -> Advice:
    """Rank images that are measured already.

    Parameters
    ----------
    frame : DataFrame of n rows
        Indexed by the name of the image, in the order given; one column per feature.
    result : StudyResult
    support : Support
    labels : mapping from modifier to label
    failures : mapping from image to reason, optional
        Images that could not be measured.
    """
    possible, unused = apply_findings(frame, result, support, labels)
    used, set_aside = choose_components(possible, support.likenesses)
    known = np.array([all(np.isfinite(c.loadings[row]).all() for c in used) for row in range(len(frame))], dtype=bool)
    not_ranked = dict(failures or {})
    for row in map(int, np.flatnonzero(~known)):
        lacking = next(c for c in used if not np.isfinite(c.loadings[row]).all())
        not_ranked[str(frame.index[row])] = f"{lacking.finding.question.component} is not defined in it"
    kept = tuple(_keep(component, known) for component in used)
    ranked = _rank(frame[known], result, support, labels, kept) if kept and known.any() else ()
    return Advice(
        study=result.study,
        unit=result.unit,
        level=result.level,
        labels=dict(labels),
        first=str(frame.index[known][0]) if ranked else "",
        images=ranked,
        used=tuple(_describe(component) for component in kept),
        unused=(*unused, *set_aside),
        not_ranked=not_ranked,
        cautions=tuple(dict.fromkeys(caution for component in kept for caution in component.cautions)),
        spread_within_titles=support.spread_within_titles,
        spread_left=support.spread_left,
        sentence=say_advice(ranked, bool(kept)),
    )


def apply_findings(
    frame: pd.DataFrame, result: StudyResult, support: Support, labels: Mapping[str, str]
) -> tuple[list[Component], list[UnusedFinding]]:
    """Every accepted finding applied to the images, and the others with the reason."""
    ranges = {reach.feature: reach for reach in support.ranges}
    found, unused = [], []
    for finding in result.findings:
        name, treatment = finding.question.name, parse_expression(finding.question.treatment)
        foreign = [feature for feature in treatment.names if feature not in frame]
        if not is_accepted(finding):
            unused.append(UnusedFinding(name, REFUSED.get(finding.verdict.word, REFUSED["inconclusive"]) + "."))
            continue
        if foreign and len(frame):
            unused.append(UnusedFinding(name, f"{foreign[0]} is not measured on images, so it is not known here."))
            continue
        values = treatment.evaluate({feature: numbers_of(frame, [feature])[:, 0] for feature in treatment.names})
        edges = support.arm_edges.get(name)
        component = apply_finding(finding, values, labels, arm_edges=edges, ranges=ranges, level=result.level)
        if component is None:
            unused.append(UnusedFinding(name, "it makes no difference that would matter, so it counts as zero."))
        else:
            found.append(component)
    return found, unused


def _keep(component: Component, rows: BoolArray) -> Component:
    words = tuple(word for word, keep in zip(component.words, rows, strict=True) if keep)
    return replace(component, loadings=component.loadings[rows], words=words)


def _describe(component: Component) -> UsedFinding:
    question = component.finding.question
    return UsedFinding(
        question.name, question.component, component.shape, component.where, component.finding.verdict.word
    )


def _rank(
    frame: pd.DataFrame,
    result: StudyResult,
    support: Support,
    labels: Mapping[str, str],
    components: tuple[Component, ...],
) -> tuple[RankedImage, ...]:
    names = [str(name) for name in frame.index]
    outside = find_outside(frame, support, components, labels)
    inside = np.array([not reasons for reasons in outside])
    compared = inside if inside.any() else np.ones(len(names), dtype=bool)
    scores = Scores(components, result.level, support.spread_left or 0.0)
    order = order_images(scores.values, inside)
    ties = find_ties(scores, order, inside)
    chance = scores.chance_of_best(inside, np.random.default_rng(result.seed))
    average = compared / compared.sum()
    return tuple(
        RankedImage(
            rank=place,
            image=names[row],
            versus_average=scores.contrast(np.eye(len(names))[row] - average),
            versus_first=scores.difference(row, 0),
            chance_of_best=float(chance[row]) if inside[row] else None,
            drivers=_drivers(components, row, average),
            not_told_apart_from=tuple(names[other] for other in ties.get(row, ())),
            outside=outside[row],
        )
        for place, row in enumerate(order, start=1)
    )


def _drivers(components: Sequence[Component], row: int, average: npt.NDArray[np.float64]) -> tuple[Driver, ...]:
    found = [
        Driver(c.finding.question.name, c.words[row], float(c.scores[row] - average @ c.scores)) for c in components
    ]
    return tuple(sorted(found, key=lambda driver: -abs(driver.contribution)))
