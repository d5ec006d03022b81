"""Advice as text for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
import unicodedata

from pydantic import TypeAdapter

from artwork_insights.advising.ranking import Difference
from artwork_insights.advising.said import Advice, RankedImage
from artwork_insights.report.numbers import Scale, from_to, interval_name, percent, scale_of
from artwork_insights.report.sentences import join_words

WIDTH = 80
NAME_WIDTH = 26
MOST_TIES = 3


def write_table(advice: Advice) -> str:
    """The advice in plain words: the sentence, the ranking, what it rests on, and what was left out."""
    blocks = [textwrap.fill(advice.sentence, WIDTH)]
    if advice.images:
        blocks += [_ranking(advice), _sources(advice)]
    blocks += [_spread(advice)] if advice.images else []
    blocks += [_list("Not ranked", [f"{name}: {reason}" for name, reason in advice.not_ranked.items()])]
    blocks += [_list("Bear in mind", advice.cautions)]
    blocks += [_list("Findings not used", [f"{finding.name}: {finding.reason}" for finding in advice.unused])]
    text = "\n\n".join(block for block in blocks if block)
    return "".join("?" if unicodedata.category(letter)[0] == "C" and letter != "\n" else letter for letter in text)


def write_json(advice: Advice) -> str:
    """The advice with every number, as JSON; effects in the outcome's own unit (takes per impression)."""
    return TypeAdapter(Advice).dump_json(advice, indent=1).decode("utf-8")


def _ranking(advice: Advice) -> str:
    scale = _scale(advice)
    where = f" for {', '.join(advice.labels.values())}" if advice.labels else ""
    head = f"In {scale.unit}{where}, against the average of the images:"
    likely = "likely range" if advice.spread_left is not None else interval_name(advice.level)
    columns = f"{'':4}{'image':<{NAME_WIDTH}}{'difference':>12}  {likely:<22}{'best':>8}"
    lines = [textwrap.fill(head, WIDTH), "", columns.rstrip()]
    for image in advice.images:
        lines += _entry(image, advice, scale)
    return "\n".join(lines)


def _spread(advice: Advice) -> str:
    """What the columns mean, with the spread that the findings leave."""
    level = interval_name(advice.level)
    if advice.spread_left is None or advice.spread_within_titles is None:
        return textwrap.fill(f"The {level}s are of what the components do on average, not of these very files.", WIDTH)
    scale = _scale(advice)
    return textwrap.fill(
        f"The likely range ({level}) and the chance of being best allow for all else that two artworks of a title "
        f"differ in: {scale.size(advice.spread_left)} of a spread of {scale.size(advice.spread_within_titles)} "
        "(standard deviations in the study) are left by these findings. What is said to hold on average is narrower: "
        "it is of many artworks that differ in these components alone.",
        WIDTH,
    )


def _scale(advice: Advice) -> Scale:
    widths = [image.versus_average.likely_high - image.versus_average.likely_low for image in advice.images]
    return scale_of(advice.unit, max([*widths, 0.0]) / 4, "", advice.level)


def _entry(image: RankedImage, advice: Advice, scale: Scale) -> list[str]:
    shown = image.versus_average
    chance = "" if image.chance_of_best is None else percent(image.chance_of_best)
    name = _shorten(image.image, NAME_WIDTH - 1)
    likely = from_to(scale.effect(shown.likely_low), scale.effect(shown.likely_high))
    head = f"{image.rank:>2}  {name:<{NAME_WIDTH}}{scale.effect(shown.effect):>12}  {likely:<22}{chance:>8}"
    lines = [head.rstrip()]
    drivers = [f"{driver.has} ({scale.effect(driver.contribution)})" for driver in image.drivers]
    lines += _under(join_words(drivers))
    if image.image != advice.first:
        lines += _under(f"against {_shorten(advice.first, NAME_WIDTH)}: {_say(image.versus_first, scale)}")
    if image.outside:
        lines += _under(f"OUTSIDE what the study has seen: {'; '.join(image.outside)}.")
    if image.not_told_apart_from:
        named = [_shorten(name, NAME_WIDTH) for name in image.not_told_apart_from[:MOST_TIES]]
        rest = len(image.not_told_apart_from) - len(named)
        lines += _under(f"not told apart by the findings from {join_words([*named, *_others(rest)])}")
    return lines


def _others(number: int) -> list[str]:
    return [f"{number} {'other' if number == 1 else 'others'}"] if number else []


def _say(difference: Difference, scale: Scale) -> str:
    if difference.low == difference.high:
        return "no difference that the findings speak of"
    return f"{scale.effect(difference.effect)} on average ({scale.between(difference.low, difference.high)})"


def _sources(advice: Advice) -> str:
    lines = [
        f"{used.name}: {used.component}, {used.where}, as {_SHAPES[used.shape]} ({used.verdict.replace('_', ' ')})"
        for used in advice.used
    ]
    return _list(f"Rests on these findings of the study {advice.study}", lines)


_SHAPES = {"arms": "compared amounts", "curve": "a curve", "condition": "yes or no", "slope": "a slope"}


def _list(heading: str, entries: list[str] | tuple[str, ...]) -> str:
    if not entries:
        return ""
    lines = [textwrap.fill(entry, WIDTH, initial_indent="  - ", subsequent_indent="    ") for entry in entries]
    return "\n".join([f"{heading}:", *lines])


def _under(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="      ", subsequent_indent="      ")


def _shorten(name: str, width: int) -> str:
    one_line = " ".join(name.split())
    return one_line if len(one_line) <= width else f"{one_line[: width - 9]}…{one_line[-8:]}"
