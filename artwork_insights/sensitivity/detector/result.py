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

    Fails where the study's own labels or rates take away an effect that was there, and blocks where they turn it into
    a clear one of the other sign. Informational where there was none, where only the labelled posters speak, and where
    nothing is known. Its value is the corrected effect as a multiple of the one seen; None where labels were held
    against an effect that was not clear, since a ratio of two numbers that may both be zero says nothing.
    """
    name = "detector"
    effect = error.labelled or error.corrected
    before = error.corrected.uncorrected if error.corrected is not None else error.labelled_uncorrected
    turn = _turn(error.sign_turn)
    if effect is None or before is None:
        known = f"The effect cannot be freed of the detector's mistakes: {error.unknown}" if error.unknown else ""
        text = known or f"Nobody has told how often the detector is wrong about {component}."
        return Diagnostic(name, None, None, None, f"{text}{turn}")
    sign = 1 if lower > 0 else -1 if upper < 0 else 0
    # a slope over the same artworks against the headline's sign is no size that the headline shows
    times = effect.effect / before if before * (sign or before) > 0 else None
    if error.source == "posters":
        text = "If the detector is as good on this artwork as on labelled posters, the effect is"
        return Diagnostic(name, times, None, None, f"{text} {_size(times)}.{turn}")
    text = "With the detector's mistakes taken out,"
    low, high = sorted((sign * effect.lower, sign * effect.upper))
    if sign == 0 and error.labelled is not None:
        clear = "there is a clear effect" if effect.lower > 0 or effect.upper < 0 else "there is no clear effect either"
        return Diagnostic(name, None, None, None, f"{text} {clear}; there was none to begin with.{turn}")
    if sign == 0:
        sentence = f"{text} the effect is {_size(times)}; there was no clear effect to begin with."
        return Diagnostic(name, times, None, None, f"{sentence}{turn}")
    if high < 0:
        turned = "what looks like help is harm" if sign > 0 else "what looks like harm is help"
        sentence = f"{text} the effect is of the other sign, and clear: {turned}."
        return Diagnostic(name, times, None, False, sentence, blocking=True)
    if low > 0:
        return Diagnostic(name, times, None, True, f"{text} the effect is {_size(times)}, and as clear.{turn}")
    sentence = f"{text} the effect is {_size(times)}, and no longer clear: its interval holds zero."
    return Diagnostic(name, times, None, False, f"{sentence}{turn}")


def _size(times: float | None) -> str:
    if times is None:
        return "of another size than it looks"
    return f"{'of the other sign and ' if times < 0 else ''}{abs(times):.2f} times as large as it looks"


def _turn(turn: DetectorSignTurn | None) -> str:
    if turn is None or not turn.both:
        return ""
    return (
        " Its sign would turn only if the detector missed the component, and saw it where it is not, "
        f"{100 * turn.both:.0f} percentage points more often in favour of artwork that does well."
    )
