"""Detector error in words: the effect with the detector's mistakes taken out, and what it would take to turn it."""

from __future__ import annotations

from dataclasses import dataclass

from artwork_insights.report.numbers import Scale, percent
from artwork_insights.sensitivity.detector.known_rates import CorrectedEffect
from artwork_insights.sensitivity.detector.labelled import LabelledEffect
from artwork_insights.sensitivity.detector.posters import N_POSTERS
from artwork_insights.sensitivity.detector.result import DetectorError
from artwork_insights.sensitivity.detector.sign_turn import DetectorSignTurn

DESIGN_WORDS = {"pooled": "All titles compared", "within": "Within titles"}


@dataclass(frozen=True, slots=True)
class DetectorRow:
    """One effect, as it looks and with the detector's mistakes taken out."""

    what: str
    uncorrected: str
    corrected: str
    interval: str


def detector_in_words(error: DetectorError, scale: Scale, component: str) -> tuple[str, ...]:
    """Sentences, the most important first."""
    said = [*_correction(error, scale, component)]
    if error.sign_turn is not None:
        said.append(_turn(error.sign_turn, component))
    return tuple(said)


def sign_turn_in_short(turn: DetectorSignTurn) -> str:
    """The figure of differences in error rates, for readers who cannot see it."""
    ends = {
        "missing it": turn.sensitivity_difference,
        "seeing what is not there": turn.specificity_difference,
        "both alike": turn.both,
    }
    told = "; ".join(f"{what} {100 * end:.0f} percentage points" for what, end in ends.items() if end is not None)
    return f"Differences in the detector's mistakes at which the sign turns: {told}"


def sign_turn_caption(error: DetectorError, component: str) -> str:
    """How to read the figure of differences in error rates."""
    dot = "" if error.accuracy is None else (
        " The dot is how often it errs at all; if every mistake fell on one half, the difference would be about twice "
        "that."
    )  # fmt: skip
    return (
        f"To the right: how much more often it sees {component} that is not there where artwork does well than where "
        "it does poorly. Upwards: how much more often it misses one in the other half. A negative effect turns the "
        f"other way round. On the line nothing is left of the effect.{dot}"
    )


def detector_rows(error: DetectorError, scale: Scale) -> tuple[DetectorRow, ...]:
    """The corrected effects, one row each; none where nothing could be corrected."""
    rows = []
    if error.labelled is not None:
        rows.append(_row("Labelled artworks", error.labelled_uncorrected, error.labelled, scale))
    if error.corrected is not None:
        rows.append(_row("The headline", error.corrected.uncorrected, error.corrected, scale))
    for design in error.designs:
        words = DESIGN_WORDS.get(design.design, design.design)
        rows.append(_row(words, design.uncorrected, design.corrected, scale))
    return tuple(rows)


def _row(what: str, before: float | None, effect: CorrectedEffect | LabelledEffect, scale: Scale) -> DetectorRow:
    return DetectorRow(
        what, scale.effect(before), scale.effect(effect.effect), scale.between(effect.lower, effect.upper)
    )


def _correction(error: DetectorError, scale: Scale, component: str) -> tuple[str, ...]:
    if error.labelled is not None:
        found = error.labelled
        effect = f"{scale.effect(found.effect)} {scale.unit_with_per} ({scale.between(found.lower, found.upper)})"
        return (
            f"People looked at {found.n_labelled:,} of {found.n_assets:,} artworks. With the detector's mistakes taken "
            f"out by what they saw, the effect is {effect}, whatever those mistakes depend on.",
            f"The detector by itself gives {scale.effect(error.labelled_uncorrected)} over the same artworks."
            + _seen(found.sensitivity, found.specificity, component),
        )
    if error.corrected is None:
        return (error.unknown,) if error.unknown else ()
    corrected = error.corrected
    effect = (
        f"{scale.effect(corrected.effect)} {scale.unit_with_per} ({scale.between(corrected.lower, corrected.upper)})"
    )
    opening = (
        f"For information: if the detector is as good on this artwork as on {N_POSTERS} labelled posters"
        if error.source == "posters"
        else "With the detector as good as the study says"
    )
    return (
        f"{opening}, its mistakes leave {percent(corrected.attenuation)} of the effect to be seen, and the whole "
        f"effect is {effect}." + _seen(corrected.sensitivity, corrected.specificity, component),
        "That holds where the detector errs as often on artwork that does well as on artwork that does poorly.",
    )


def _seen(sensitivity: float | None, specificity: float | None, component: str) -> str:
    if sensitivity is None or specificity is None:
        return ""
    return (
        f" Of 100 artworks with {component} it finds {100 * sensitivity:.0f}; of 100 without, it is wrong about "
        f"{100 * (1 - specificity):.0f}."
    )


def _turn(turn: DetectorSignTurn, component: str) -> str:
    opening = "Mistakes that fall on all artwork alike make an effect look smaller and never turn its sign."
    if turn.both is None:
        return f"{opening} No difference in mistakes between artwork that does well and poorly turns this one either."
    if turn.both == 0:
        return opening
    clear = turn.both_interval or 0.0
    doubt = f"; {100 * clear:.0f} points would put it in doubt" if clear > 0 else ""
    return (
        f"{opening} To turn this one, the detector would have to err in favour of artwork on one side: seeing "
        f"{component} where there is none {100 * turn.both:.0f} percentage points more often among artwork that does "
        f"well than among artwork that does poorly, and missing it that much more often in the other half (or the "
        f"reverse for a negative effect){doubt}."
    )
