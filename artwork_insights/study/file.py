"""Reads and validates a study file: one sentence for the first fault."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ValidationError

from artwork_insights.errors import StudyFileError, did_you_mean
from artwork_insights.study.changes import FeatureChange
from artwork_insights.study.detector import Detector, StyleRates
from artwork_insights.study.limits import VerdictLimits
from artwork_insights.study.sections import (
    Checks,
    Data,
    Estimation,
    Extraction,
    Header,
    Hypothesis,
    Mediation,
    Study,
    TitleOutcome,
)


def read_study(path: str | Path) -> Study:
    """Read and validate a study file.

    Raises
    ------
    StudyFileError
        One sentence naming the file, the place in it, what was found and what was expected.
    """
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise StudyFileError(
            f"{path} does not exist; `artwork-insights init FOLDER` writes a study file from your tables."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyFileError(f"{path} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyFileError(f"{path} is not valid TOML: {error}.") from None
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise StudyFileError(f"{path.name}: {_first_fault(error)}") from None
    folder = path.resolve().parent
    detector = study.detector
    if detector is not None and detector.labels is not None:
        detector = detector.model_copy(update={"labels": folder / detector.labels})
    return study.model_copy(update={"data": _resolve(study.data, folder), "detector": detector})


def _resolve(data: Data, folder: Path) -> Data:
    fields = ("assets", "titles", "impressions", "popularity", "features")
    paths = {field: getattr(data, field) for field in fields}
    return data.model_copy(update={field: folder / value for field, value in paths.items() if value is not None})


def _first_fault(error: ValidationError) -> str:
    """Turn pydantic's first fault into one sentence with the nearest known key."""
    found = error.errors(include_url=False)
    faults = [f for f in found if f["type"] != "too_short"] or found  # a list counts as short when its items are faulty
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    *parents, key = fault["loc"] or ("",)
    place = "".join(
        f"[{part}]" if isinstance(part, int) else (f".{part}" if i else str(part)) for i, part in enumerate(parents)
    )
    prefix = f"{place}: " if place else ""
    more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
    if fault["type"] == "extra_forbidden":
        known = _known_keys(parents)
        hint = did_you_mean(str(key), known).strip(" ()") or f"known here: {', '.join(known)}."
        return f"{prefix}unknown key {str(key)!r}; {hint}{more}"
    if fault["type"] == "missing":
        return f"{prefix}{str(key)!r} is missing{more}."
    if fault["type"] == "tuple_type" and isinstance(fault["input"], dict):
        return f"{prefix}{key}: write it in double brackets, [[{key}]]{more}."
    reason = fault["msg"].removeprefix("Value error, ").rstrip(".")
    where = (
        f"{place}{'.' if place and not isinstance(key, int) else ''}{key}: "
        if isinstance(key, str) and key
        else f"{place}[{key}]: "
        if key != ""
        else ""
    )
    found_value = "" if fault["type"] == "value_error" else f", found {fault['input']!r}"
    return f"{where}{reason}{found_value}{more}."


def _known_keys(parents: list[int | str]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {
        "study": Header, "checks": Checks, "data": Data, "extraction": Extraction, "estimation": Estimation,
        "hypothesis": Hypothesis, "mediation": Mediation, "joint_change": FeatureChange, "detector": Detector,
        "outcome": TitleOutcome,
        "verdict": VerdictLimits,
    }  # fmt: skip
    names = [part for part in parents if isinstance(part, str)]
    sections |= dict.fromkeys(names[2:], StyleRates) if names[:2] == ["detector", "styles"] else {}
    fields = (sections[names[-1]] if names else Study).model_fields
    return sorted(field.alias or name for name, field in fields.items())
