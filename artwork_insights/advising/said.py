"""What advice says: a ranking of images, what each place rests on, and the whole in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artwork_insights.advising.families import UnusedFinding
from artwork_insights.advising.ranking import Difference
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.sentences import join_words

MOST_NAMED = 4
"""Images in a sentence; more are counted."""


@dataclass(frozen=True, slots=True)
class Driver:
    """What one finding adds to an image.

    Attributes
    ----------
    finding : str
        Name of the hypothesis.
    has : str
        What the image has, in words: ``"with a face"``.
    contribution : float
        Against the average of the images compared, in the outcome's unit.
    """

    finding: str
    has: str
    contribution: float


@dataclass(frozen=True, slots=True)
class RankedImage:
    """One image and its place.

    Attributes
    ----------
    rank : int
        1 is best; images outside what the study has seen come last.
    image : str
        Name of the file.
    versus_average : Difference
        Against the average of the images compared: those inside, or all where none is.
    versus_first : Difference
        Against the image that was named first.
    chance_of_best : float or None
        That it does best of the images inside, whatever else they differ in; None for one outside.
    drivers : tuple of Driver
        Largest contribution first.
    not_told_apart_from : tuple of str
        Images inside from which its difference is not clear.
    outside : tuple of str
        Why it lies outside what the study has seen; empty where it does not.
    """

    rank: int
    image: str
    versus_average: Difference
    versus_first: Difference
    chance_of_best: float | None
    drivers: tuple[Driver, ...]
    not_told_apart_from: tuple[str, ...]
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsedFinding:
    """A finding that the ranking uses: its name, what of it, where that holds, and its verdict."""

    name: str
    component: str
    shape: str
    where: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A ranking of images and everything it rests on.

    Attributes
    ----------
    study : str
        Name of the study.
    unit : OutcomeUnit
        Of every difference.
    level : float
        Of every interval.
    labels : dict from modifier to label
        Where the images are to be shown: genre, country; empty for everywhere.
    first : str
        The image that `versus_first` refers to; empty without a ranking.
    images : tuple of RankedImage
        Best first; empty where no finding is accepted.
    used : tuple of UsedFinding
    unused : tuple of UnusedFinding
        With the reason for each.
    not_ranked : dict from image to reason
        Images that could not be measured, or lack a measure that a finding needs.
    cautions : tuple of str
        What to bear in mind.
    spread_within_titles, spread_left : float or None
        How much artworks of one title differ in the study, for any reason and for reasons that the findings do not
        cover: standard deviations in the outcome's unit. None without an impression log.
    sentence : str
        The advice in one sentence.
    """

    study: str
    unit: OutcomeUnit
    level: float
    labels: dict[str, str]
    first: str
    images: tuple[RankedImage, ...]
    used: tuple[UsedFinding, ...]
    unused: tuple[UnusedFinding, ...]
    not_ranked: dict[str, str]
    cautions: tuple[str, ...]
    spread_within_titles: float | None
    spread_left: float | None
    sentence: str


def say_advice(images: Sequence[RankedImage], any_finding: bool) -> str:
    """The advice in one sentence: which image is best, which cannot be told from it, or why there is none."""
    if not any_finding:
        return "The study has no accepted finding that tells artwork apart, so nothing is ranked."
    inside = [image for image in images if not image.outside]
    if not images:
        return "No image could be ranked; the reasons stand below."
    if not inside:
        return "Every image lies outside what the study has seen, so the order below is a guess."
    best, ties = inside[0], inside[0].not_told_apart_from
    if len(inside) == 1:
        others = " inside what the study has seen" if len(images) > 1 else ""
        return f"{best.image} is the only image{others}, so there is nothing to rank it against."
    if len(ties) == len(inside) - 1:
        return "No image can be told apart from the one that comes first: the choice is open."
    if ties:
        named = [best.image, *ties] if len(ties) < MOST_NAMED else [best.image, f"{len(ties):,} others"]
        return f"{join_words(named)} cannot be told apart, and are ahead of the others."
    return f"{best.image} is predicted to do best, and is told apart from every other."
