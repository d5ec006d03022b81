"""The content of a report: one finding per hypothesis, and the study that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from artwork_insights.design.balance import BalanceRow
from artwork_insights.design.overlap import Overlap
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.arms import ArmEffects
from artwork_insights.effects.dose_response import DoseResponse
from artwork_insights.effects.estimates import (
    EffectEstimate,
    GroupEffect,
    NamedEstimate,
    NuisanceQuality,
)
from artwork_insights.effects.forest.summary import ForestSummary
from artwork_insights.errors import OutputError
from artwork_insights.mechanisms.moderation import Moderation
from artwork_insights.mechanisms.paths import MediationResult
from artwork_insights.mechanisms.summary import Mechanisms
from artwork_insights.sensitivity.assumptions import AssumptionEvidence
from artwork_insights.sensitivity.detector.result import DetectorError
from artwork_insights.sensitivity.e_value import EValue
from artwork_insights.sensitivity.placebo import Placebo
from artwork_insights.sensitivity.robustness import Robustness
from artwork_insights.sensitivity.serving.policy import ServingPolicy
from artwork_insights.sensitivity.stress.result import Stress
from artwork_insights.sensitivity.unseen import UnseenConfounding
from artwork_insights.verdict.verdict import Verdict

RESULTS = "results.json"


@dataclass(frozen=True, slots=True)
class Question:
    """The hypothesis in words and in numbers.

    Attributes
    ----------
    name, statement, source, treatment : str
        As in the study file.
    component : str
        The treatment in words, e.g. "a face", "more than 3 faces".
    is_binary : bool
        Whether the treatment is a condition; otherwise the effect is a slope per unit.
    smallest_effect_of_interest : float or None
        In the outcome's unit.
    confounders, effect_modifiers : tuple of str
        As used.
    """

    name: str
    statement: str
    source: str
    treatment: str
    component: str
    is_binary: bool
    smallest_effect_of_interest: float | None
    confounders: tuple[str, ...]
    effect_modifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairPicture:
    """A matched pair with what is needed to show it.

    Attributes
    ----------
    title_id, title : str
        Identifier and name of the title (untrusted text); of the artwork with the component, where there are two.
    treated_asset, control_asset : str
        Identifiers; the picture of an asset lies under `report.pictures.picture_name` in ``pictures/`` of the run.
    treated_rate, control_rate : float
        Outcome of each, pooled over countries.
    treated_impressions, control_impressions : int or None
        Behind each rate; None where the outcome is not a rate.
    control_title_id, control_title : str or None
        Of the artwork without the component where it is of another title; None where both are of one.
    shared : {"title", "genre and country", "genre", "country", "nothing"}
        What the two were matched within.
    """

    title_id: str
    title: str
    treated_asset: str
    control_asset: str
    treated_rate: float
    control_rate: float
    treated_impressions: int | None
    control_impressions: int | None
    control_title_id: str | None = None
    control_title: str | None = None
    shared: str = "title"


@dataclass(frozen=True, slots=True)
class TruthRow:
    """Planted truth beside an estimate, where the catalogue is synthetic.

    Attributes
    ----------
    label : str
        E.g. ``"average"``, ``"genre: Drama"``, ``"naive difference in means"``.
    truth : float
        Mean difference of expected rates over the very cells estimated, treatment as planted.
    estimate, std_error : float
        Estimated from the detected treatment.
    inside : bool
        Whether the truth lies in the 95 % interval.
    is_share : bool
        Whether the row is a share, such as the mediated one, and not in the outcome's unit.
    """

    label: str
    truth: float
    estimate: float
    std_error: float
    inside: bool
    is_share: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything that is known about one hypothesis. Effects are in the outcome's unit (takes per impression).

    `overlap` is None for a continuous treatment, of which everything that varies is used. `arms` is there where the
    study asks for them, `dose_response` for a treatment of many values; both stand beside the headline.
    """

    question: Question
    verdict: Verdict
    base_rate: float
    estimate: EffectEstimate
    naive: EffectEstimate
    designs: tuple[NamedEstimate, ...]
    design_gap: Diagnostic
    alternatives: tuple[NamedEstimate, ...]
    group_effects: tuple[GroupEffect, ...]
    forest: ForestSummary | None
    nuisance: NuisanceQuality
    overlap: Overlap | None
    balance: tuple[BalanceRow, ...]
    moderation: tuple[Moderation, ...]
    mediation: tuple[MediationResult, ...]
    e_value: EValue | None
    robustness: Robustness
    placebo: Placebo | None
    assumptions: tuple[AssumptionEvidence, ...]
    diagnostics: tuple[Diagnostic, ...]
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]
    pairs: tuple[PairPicture, ...]
    truth: tuple[TruthRow, ...] = ()
    arms: ArmEffects | None = None
    dose_response: DoseResponse | None = None
    mechanisms: Mechanisms = field(default_factory=Mechanisms)
    unseen: UnseenConfounding | None = None
    serving: ServingPolicy | None = None
    stress: Stress | None = None
    detector: DetectorError | None = None


@dataclass(frozen=True, slots=True)
class RefusedHypothesis:
    """A hypothesis that could not be estimated, and why."""

    question: Question
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeUnit:
    """How the outcome is shown.

    Attributes
    ----------
    name : str
        ``"take rate"`` or the column, e.g. ``"imdb_score"``.
    is_rate : bool
        Whether to show effects as takes per 1,000 impressions.
    """

    name: str
    is_rate: bool


@dataclass(frozen=True, slots=True)
class StudyResult:
    """One run of a study: every number of the report.

    Attributes
    ----------
    study, version : str
        Name of the study and version of the package.
    seed : int
        Seed of all randomness.
    unit : OutcomeUnit
        Of every effect.
    titles_used : str
        ``"all"`` or ``"confirming"``.
    level : float
        Of every interval shown, e.g. 0.95.
    n_assets, n_titles, n_cells : int
        In the analysis table.
    n_impressions, n_countries : int or None
        In the log; None without one.
    notes : tuple of str
        What was counted and reported on the way in.
    findings : tuple of Finding
        In the order of the study file.
    refused : tuple of RefusedHypothesis
        Hypotheses without an estimate.
    feature_settings : dict
        What the features were measured with (embedding, device-independent settings, weight checksums).
    """

    study: str
    version: str
    seed: int
    unit: OutcomeUnit
    titles_used: str
    level: float
    n_assets: int
    n_titles: int
    n_cells: int
    n_impressions: int | None
    n_countries: int | None
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    refused: tuple[RefusedHypothesis, ...]
    feature_settings: dict[str, str]


_ADAPTER = TypeAdapter(StudyResult)


def write_results(result: StudyResult, path: Path) -> None:
    """Write `results.json`: indented, keys in a fixed order, floats at full precision, no time of day.

    What cannot be read back (a number that is not finite) is a fault of ours and raises before anything is written.
    """
    text = _ADAPTER.dump_json(result, indent=1)
    _ADAPTER.validate_json(text)
    path.write_bytes(text + b"\n")


def read_results(path: Path) -> StudyResult:
    """Read `results.json` back.

    Raises
    ------
    OutputError
        When the file is damaged or was written by a version with other results.
    """
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise OutputError(
            f"{path}: {place}: {fault['msg']}; it is damaged or of another version: run the study again."
        ) from None
