"""What is known of the detector's errors in one finding, and the check that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from artwork_insights.diagnostic import Diagnostic
from artwork_insights.sensitivity.assumptions import DetectorAccuracy
from artwork_insights.sensitivity.detector.known_rates import CorrectedEffect
from artwork_insights.sensitivity.detector.labelled import LabelledEffect
from artwork_insights.sensitivity.detector.sign_turn import DetectorSignTurn

DetectorSource = Literal["labels", "rates", "posters", "none"]


@dataclass(frozen=True, slots=True)
class CorrectedDesign:
    """One design's partially linear slope, as it is and with the detector's errors taken out."""

    design: str
    uncorrected: float
    corrected: CorrectedEffect


@dataclass(frozen=True, slots=True)
class DetectorError:
    """What the detector's errors do to one effect.

    Attributes
    ----------
    source : {"labels", "rates", "posters", "none"}
        Labelled artworks of this study, rates from its study file, our own detector on labelled posters (information
        only), or nothing.
    accuracy : DetectorAccuracy or None
        Where the study itself tells; None for posters.
    corrected : CorrectedEffect or None
        The headline, under errors that do not depend on the outcome.
    designs : tuple of CorrectedDesign
        The slopes of the designs, corrected alike: a gap between them that closes was detector error.
    labelled : LabelledEffect or None
        The slope of the true component, whatever the errors depend on.
    labelled_uncorrected : float or None
        The slope of the detected component over the same cells.
    sign_turn : DetectorSignTurn or None
        How differently the detector would have to err on artwork that does well.
    unknown : str
        Why there is no correction; empty where there is one.
    """

    source: DetectorSource
    accuracy: DetectorAccuracy | None = None
    corrected: CorrectedEffect | None = None
    designs: tuple[CorrectedDesign, ...] = ()
    labelled: LabelledEffect | None = None
    labelled_uncorrected: float | None = None
    sign_turn: DetectorSignTurn | None = None
    unknown: str = ""


def judge_detector(error: DetectorError, lower: float, upper: float, component: str) -> Diagnostic:
    """Hold the corrected interval against the uncorrected one, `lower` to `upper`.

    Fails where the study's own labels or rates take away an effect that was there. Informational where there was none,
    where only the labelled posters speak, and where nothing is known.
    """
    name = "detector"
    effect = error.labelled or error.corrected
    before = error.corrected.uncorrected if error.corrected is not None else error.labelled_uncorrected
    turn = _turn(error.sign_turn)
    if effect is None or before is None:
        known = f"The effect cannot be freed of the detector's mistakes: {error.unknown}" if error.unknown else ""
        text = known or f"Nobody has told how often the detector is wrong about {component}."
        return Diagnostic(name, None, None, None, f"{text}{turn}")
    times = effect.effect / before if before else None
    size = f"{times:.2f} times as large" if times is not None else "not as large"
    if error.source == "posters":
        text = f"If the detector is as good on this artwork as on labelled posters, the effect is {size} as it looks."
        return Diagnostic(name, times, None, None, f"{text}{turn}")
    seen = lower > 0 or upper < 0
    stays = (effect.lower > 0 and lower > 0) or (effect.upper < 0 and upper < 0)
    text = f"With the detector's mistakes taken out, the effect is {size} as it looks"
    if not seen:
        return Diagnostic(name, times, None, None, f"{text}; there was no clear effect to begin with.{turn}")
    if stays:
        return Diagnostic(name, times, None, True, f"{text}, and as clear.{turn}")
    return Diagnostic(name, times, None, False, f"{text}, and no longer clear: its interval holds zero.{turn}")


def _turn(turn: DetectorSignTurn | None) -> str:
    if turn is None or not turn.both:
        return ""
    return (
        " Its sign would turn only if the detector missed the component, and saw it where it is not, "
        f"{100 * turn.both:.0f} percentage points more often in favour of artwork that does well."
    )
