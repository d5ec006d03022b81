"""A rich made-up study result: everything a report can hold, hostile and missing parts included."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from artwork_insights.design.balance import BalanceRow
from artwork_insights.design.missing import MissingComparison
from artwork_insights.design.overlap import DroppedGroup, Overlap
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.effects.arms import ArmContrast, ArmEffects, ArmMean
from artwork_insights.effects.dose_response import DoseResponse
from artwork_insights.effects.estimates import (
    EffectEstimate,
    GroupEffect,
    NamedEstimate,
    NuisanceQuality,
)
from artwork_insights.effects.forest.calibration import Calibration
from artwork_insights.effects.forest.held_out import HeldOutNumber
from artwork_insights.effects.forest.policy import Policy
from artwork_insights.effects.forest.summary import ForestSummary
from artwork_insights.effects.forest.targeting import TargetingCurve
from artwork_insights.effects.simultaneous import JointTest
from artwork_insights.mechanisms.moderation import Moderation
from artwork_insights.mechanisms.paths import MediationResult, PathEstimate
from artwork_insights.report.findings import (
    Finding,
    OutcomeUnit,
    PairPicture,
    Question,
    RefusedHypothesis,
    StudyResult,
    TruthRow,
    Verdict,
)
from artwork_insights.report.pictures import picture_name
from artwork_insights.sensitivity.assumptions import AssumptionEvidence, DetectorAccuracy
from artwork_insights.sensitivity.detector.labelled import LabelledEffect
from artwork_insights.sensitivity.detector.result import DetectorError
from artwork_insights.sensitivity.detector.sign_turn import DetectorSignTurn
from artwork_insights.sensitivity.e_value import EValue
from artwork_insights.sensitivity.observed_confounders import ConfounderBenchmark
from artwork_insights.sensitivity.omitted_variables import ConfoundingContour, OmittedVariableBounds
from artwork_insights.sensitivity.placebo import Placebo
from artwork_insights.sensitivity.robustness import Robustness
from artwork_insights.sensitivity.rosenbaum import RosenbaumBound, RosenbaumBounds
from artwork_insights.sensitivity.stress.halves import SplitHalves
from artwork_insights.sensitivity.stress.movement import Movement
from artwork_insights.sensitivity.stress.result import Stress
from artwork_insights.sensitivity.stress.specification import MissingSpecification, draw_curve, specify
from artwork_insights.sensitivity.unseen import UnseenConfounding

HOSTILE = "<script>alert(1)</script>"
HOSTILE_ATTRIBUTE = '" onerror="alert(2)" x=\'$\\frac{1}{2}$\''
LONG_NAME = "The Extraordinarily Long and Winding Adventures of " + "Supercalifragilisticexpialidocious" * 4
TITLES = ("The Last Lighthouse", HOSTILE, LONG_NAME, "Ночной поезд", "東京の冬", HOSTILE_ATTRIBUTE)
GENRES = {"Drama": 4.6, "Romance": 4.1, "Comedy": 3.2, "Thriller": 2.9, "Documentary": 0.1, "Sci-Fi & Fantasy": 2.4}
COUNTRIES = {"BR": 3.9, "DE": 2.6, "IN": 3.4, "JP": 1.9, "US": 3.0}
TINY_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def make_estimate(effect: float = 0.0031, std_error: float = 0.00025, **changes: object) -> EffectEstimate:
    """An average effect in takes per impression."""
    estimate = EffectEstimate(
        "ATE", "mundlak", "aipw", effect, std_error, 287, 8124, 1702, 288, (), 1455.2, 143.7
    )  # fmt: skip
    return dataclasses.replace(estimate, **changes)  # type: ignore[arg-type]


def make_question(name: str = "face_present", component: str = "a face", **changes: object) -> Question:
    """A binary question."""
    question = Question(
        name, "A face in the artwork raises take rate.", "consumer_insight", name, component, True, 0.0005,
        ("genre", "launch_year", "lightness_mean", "embedding"), ("genre", "country"),
    )  # fmt: skip
    return dataclasses.replace(question, **changes)  # type: ignore[arg-type]


def make_groups(factor: float = 1.0) -> tuple[GroupEffect, ...]:
    """Effects in six genres and five countries."""
    groups = []
    for modifier, effects in (("genre", GENRES), ("country", COUNTRIES)):
        for number, (name, effect) in enumerate(effects.items()):
            error = 0.0004 + 0.00005 * number
            groups.append(
                GroupEffect(
                    modifier, name, make_estimate(factor * effect / 1000, error, n_titles=48 + number),
                    factor * (0.8 * effect + 0.62) / 1000, 0.0002 if effect > 1.5 else 0.81, 0.0251 + 0.001 * number,
                )
            )  # fmt: skip
    return tuple(groups)


def make_crossing() -> tuple[GroupEffect, ...]:
    """Effects by genre and country together; one pair could not be estimated, one country in four is told apart."""
    return tuple(
        GroupEffect(
            "genre x country", f"{genre} x {country}", make_estimate(0.0005 * a * b / 1000, 0.0009, n_titles=8),
            0.0004 * (a * b - 1) / 1000, 0.01 if country == "BR" else 0.6, 0.025, (-0.004, 0.004),
        )
        for genre, a in GENRES.items()
        for country, b in COUNTRIES.items()
        if (genre, country) != ("Drama", "JP")
    )  # fmt: skip


def make_arms(effects: tuple[float, ...] = (0.0, 0.035, 0.017, 0.002)) -> ArmEffects:
    """No face, one, two, three or more: planted effects with an error of 0.001, so every step of 0.003 is clear."""
    names = ("0", "1", "2", "3+")
    contrasts = []
    for first, second in combinations(range(len(names)), 2):
        effect = effects[second] - effects[first]
        estimate = make_estimate(effect, 0.001, n_titles=56)
        contrasts.append(ArmContrast(names[second], names[first], estimate, (effect - 0.0027, effect + 0.0027)))
    means = tuple(ArmMean(n, 0.11 + e, 0.002, 900, 80) for n, e in zip(names, effects, strict=True))
    return ArmEffects(names, "0", "mundlak", means, tuple(contrasts), JointTest(59.5, 3, 84, 1e-9))


def make_curve(linearity: float = 0.92, no_effect: float = 0.001) -> DoseResponse:
    """A straight line through the reference with a band."""
    dose = tuple(np.linspace(16, 66, 25).tolist())
    effect = tuple(0.0001 * (d - 41) for d in dose)
    error = tuple(0.00004 * abs(d - 41) for d in dose)
    low, high = (tuple(e + sign * 2.9 * s for e, s in zip(effect, error, strict=True)) for sign in (-1, 1))
    return DoseResponse(
        "mundlak", dose, effect, error, low, high, 0.95, 41.0, (20.0, 34.0, 47.0, 62.0),
        JointTest(0.09, 2, 70, linearity), JointTest(7.1, 3, 70, no_effect), 3820, 796, 120,
    )  # fmt: skip


def make_overlap() -> Overlap:
    """Two humps of propensity."""
    edges = np.linspace(0, 1, 21)
    middle = (edges[1:] + edges[:-1]) / 2
    treated = (900 * np.exp(-((middle - 0.68) ** 2) / 0.05)).astype(int)
    control = (700 * np.exp(-((middle - 0.33) ** 2) / 0.06)).astype(int)
    return Overlap(
        "Rows whose predicted chance lies outside 0.05 to 0.95 are left out.", 9640, 8124, 300, 288,
        2204.1, 1890.2, 3120.4, 2710.9,
        tuple(map(float, edges)), tuple(map(int, treated)), tuple(map(int, control)),
        (
            DroppedGroup("genre", "Documentary", 412, 1400, "Documentary: 412 of 1,400 rows have no match."),
            DroppedGroup("country", "JP", 120, 1930, "JP: 120 of 1,930 rows have no match."),
        ),
        (
            MissingComparison(
                "genre, country", "Documentary in JP", 140, 2, 48, 1, 9, 0,
                "Documentary in JP: 2 of 140 artworks show a face; 1 of 48 titles can be compared with artwork both "
                "with and without a face.",
                "To learn the effect there, make about 9 artworks with a face, one for each title that has none or "
                "hardly any (10 titles with both are the fewest that a comparison needs).",
            ),
        ),
        "The average speaks of titles that have artwork with and without a face, and of rows that could be either.",
    )  # fmt: skip


def make_balance() -> tuple[BalanceRow, ...]:
    """Confounders that weighting balances."""
    rng = np.random.default_rng(3)
    names = (
        "launch_year", "lightness_mean", "contrast_rms", "warm_share", "clutter", "genre=Drama", "genre=Documentary",
        "embedding", "title mean of lightness_mean", "popularity",
    )  # fmt: skip
    return tuple(
        BalanceRow(name, name, before, 0.12 * before, 0.2 * before, 0.1 * before, 1.3, 1.04, abs(0.3 * before), 0.02)
        for name, before in zip(names, map(float, rng.normal(0, 0.35, len(names))), strict=True)
    )


def make_forest_tests() -> tuple[Calibration, TargetingCurve, Policy]:
    """Predicted differences hold on other titles, and a rule for genres pays."""
    shares = tuple(i / 20 for i in range(1, 21))
    gains = tuple(0.002 * (1 - share) for share in shares)
    low, high = (
        tuple(gain + sign * 0.0005 * (1 - s) for gain, s in zip(gains, shares, strict=True)) for sign in (-1, 1)
    )
    curve = TargetingCurve(
        shares, gains, low, high, HeldOutNumber(0.001, 0.0002, 179), HeldOutNumber(0.0003, 0.0001, 179), 0.95, 180
    )
    rule = ("Choose artwork with a face for Drama.", "Choose artwork without a face for genres other than Drama.")
    gain = HeldOutNumber(0.0011, 0.0002, 149)
    return (
        Calibration(HeldOutNumber(0.0031, 0.0003, 179), 0.003, HeldOutNumber(0.9, 0.2, 179), 180),
        curve,
        Policy(rule, 1, 0.0005, 0.42, gain, HeldOutNumber(0.0007, 0.0002, 149), 0.95, True, 150),
    )


def make_mediation() -> MediationResult:
    """Face size carries a part of the effect of face count."""
    return MediationResult(
        "face_count", "face_area_share_mean", "assets with at least one face", PathEstimate(-0.00052, 0.0001, 0.00001),
        PathEstimate(-0.0312, 0.0021, 1e-30), PathEstimate(0.0109, 0.0019, 2e-8), PathEstimate(-0.00018, 0.00011, 0.1),
        -0.00034, 0.00006, -5.67, 1e-8, (-0.00047, -0.00022), 0.654, "full", 5120, 1010, 262,
        "Artwork with more faces is chosen less often because its faces are smaller.", -5.61, -5.73,
    )  # fmt: skip


def make_checks() -> tuple[Diagnostic, ...]:
    """Passed, failed and informational."""
    return (
        Diagnostic("balance", 0.041, 0.1, True, "After weighting no confounder differs by more than 0.04 SD.", True),
        Diagnostic("nuisance_quality", 0.74, 0.55, True, "The component can be predicted, but not perfectly."),
        Diagnostic(
            "equal_weights_gap", 2.6, 2.0, False, "With equal weights the estimate moves by 2.6 standard errors."
        ),
        Diagnostic("forest_agreement", 1.2, None, None, "The causal forest agrees with the group effects."),
    )


def make_assumptions() -> tuple[AssumptionEvidence, ...]:
    """One line per assumption."""
    return (
        AssumptionEvidence("measurement", "The detector sees a face where a person would.",
                           Diagnostic("detector", 0.94, None, None, "Detected faces have a mean score of 0.94.")),
        AssumptionEvidence("overlap", "Every artwork could have been made with or without the component.",
                           Diagnostic("overlap", 0.84, 0.5, True, "84 % of the rows could be compared.")),
        AssumptionEvidence("no_interference", "An artwork's rate does not depend on its siblings.",
                           Diagnostic("siblings", 0.31, 0.05, True, "Siblings with a face do not move the rate.")),
        AssumptionEvidence("unconfoundedness", "Nothing else explains both.",
                           Diagnostic("strongest_confounder", 0.02, 0.08, True, "No known confounder is that strong.")),
    )  # fmt: skip


def make_unseen() -> UnseenConfounding:
    """An effect that a confounder three times as strong as the strongest one measured would take away."""
    steps = tuple(np.linspace(0, 0.2, 9).tolist())
    strength = [[(y * t / (1 - t)) ** 0.5 for t in steps] for y in steps]
    effect = tuple(tuple(0.0031 - 0.0214 * s for s in row) for row in strength)
    limit = tuple(tuple(value - 0.0005 for value in row) for row in effect)
    bounds = OmittedVariableBounds(
        0.0031, 0.00025, 0.04, 0.05, 1.0, 0.0021, 0.0041, 0.0016, 0.0046, 0.135, 0.117, 0.0214, 0.975, 0.0, 288
    )
    benchmarks = (
        ConfounderBenchmark("lightness_mean", 0.05, 0.04, 0.045, 0.0021, 0.0016, "gains", 0.6, 0.0034, 1.09),
        ConfounderBenchmark("launch_year", 0.002, 0.011, 0.0047, 0.003, 0.0025, "gains", -0.2, 0.0031, 1.01),
        ConfounderBenchmark(HOSTILE, 0.001, 0.0, 0.0, 0.0031, 0.0026, "linear"),
        ConfounderBenchmark("embedding", 1.0, 0.02, 1.0, None, None, "linear"),
    )
    sign_rank = RosenbaumBounds(
        (RosenbaumBound(1.0, 1e-9, 1e-9, 0.0029, 0.0029), RosenbaumBound(2.0, 1e-20, 0.002, 0.0015, 0.0044)),
        2.31, 9000.0, 412, 188, "greater", "normal", 0.025,
    )  # fmt: skip
    contour = ConfoundingContour(steps, steps, effect, limit, 0.975)
    return UnseenConfounding(bounds, contour, benchmarks, sign_rank, "title")


def make_detector_error() -> DetectorError:
    """What labelled artworks say, and the differences in mistakes at which the sign turns."""
    curve = tuple((0.02 * step, 0.3 * (1 - step / 10)) for step in range(11))
    turn = DetectorSignTurn(0.3, 0.2, 0.12, 0.08, curve, 0.93, 0.9, 0.95)
    accuracy = DetectorAccuracy(0.93, 0.9, "350 labelled artworks of this catalogue")
    effect = LabelledEffect(0.0042, 0.0004, 0.0034, 0.005, 0.95, 350, 1934, 0.8, 0.93, 0.9)
    return DetectorError("labels", accuracy, labelled=effect, labelled_uncorrected=0.003, sign_turn=turn)


def make_pairs(count: int = 6) -> tuple[PairPicture, ...]:
    """Same-title pairs, hostile names included."""
    return tuple(
        PairPicture(f"t{i}", TITLES[i], f"t{i}/with", f"t{i}/without", 0.031 + 0.001 * i, 0.0264, 120_411 + i, 98_002)
        for i in range(count)
    )


def make_stress() -> Stress:
    """Nine ways to make the estimate, one of them not counted, and attacks that it bears."""
    ways = (
        ("headline", "headline", 0.0031, {}),
        ("partially linear (ATO)", "score", 0.0030, {"method": "partially linear"}),
        ("equal weights", "weights", 0.0038, {"weights": "all rows alike"}),
        ("linear models", "learner", 0.0036, {"models": "linear"}),
        ("LightGBM models", "learner", 0.0032, {"models": "LightGBM"}),
        ("regression", "regression", 0.0035, {"method": "regression", "models": "linear"}),
        ("matched pairs in titles", "matching", 0.0027, {"method": "matching"}),
        ("trim 0.1", "trimming", 0.0029, {"left out": "trim 0.1"}),
        ("design pooled", "design", 0.0062, {"comparison": "across titles"}),
    )  # fmt: skip
    usual = {
        "comparison": "title levels out", "method": "doubly robust", "models": "XGBoost", "left out": "trim 0.05",
        "weights": "precise rows first",
    }  # fmt: skip
    curve = draw_curve(
        [
            specify(name, family, (usual | chosen).items(), make_estimate(effect, 0.0004), "Made so.",
                    is_counted=name != "design pooled")
            for name, family, effect, chosen in ways
        ],
        [MissingSpecification("overlap weights", "Too few titles.")],
    )  # fmt: skip
    moved = Movement("other random numbers", 0.0031, 0.0032, 0.00025, 0.00025)
    return Stress(curve, (SplitHalves("titles", (0.0001, -0.0001), 0.05, 0.5, 288),), (), moved, moved, (), None, None)


def make_finding(**changes: object) -> Finding:
    """The effect of a face, everything filled in."""
    estimate = make_estimate()
    naive = make_estimate(0.0094, 0.0005, design="pooled", score="difference_in_means")
    finding = Finding(
        question=make_question(),
        verdict=Verdict(
            "supported_with_caveats", "positive", True,
            ("The interval lies above the smallest effect that matters.", "With equal weights the estimate moves."),
        ),
        base_rate=0.0252, estimate=estimate, naive=naive,
        designs=(
            NamedEstimate("pooled", make_estimate(0.0062, 0.0004, design="pooled"), "Compares across titles."),
            NamedEstimate("mundlak", estimate, "Takes each title's own habit out."),
            NamedEstimate("within", make_estimate(0.0029, 0.0003, design="within", score="plr"), "Within titles only."),
        ),
        design_gap=Diagnostic("design_gap", 6.1, 2.0, None, "Pooled and within differ: titles confound."),
        alternatives=(
            NamedEstimate("equal weights", make_estimate(0.0038, 0.0006), "Each row counts the same."),
            NamedEstimate("without face-sensitive confounders", make_estimate(0.0034, 0.00026), "Leaves clutter out."),
            NamedEstimate("ATT", None, "Not identified: too few titles."),
        ),
        group_effects=(*make_groups(), *make_crossing()),
        forest=ForestSummary(
            0.0030, (0.0001, 0.0021, 0.0031, 0.0040, 0.0052), (("genre", 0.61), ("country", 0.39)),
            (("genre", "Drama", 0.0044), ("genre", "Documentary", 0.0004)), 1.2, 8124,
            "The forest agrees.", 0.0008, *make_forest_tests(),
        ),
        nuisance=NuisanceQuality(
            0.74, None, 0.41, tuple((0.05 + 0.1 * i, 0.04 + 0.102 * i, 812) for i in range(10)),
            {"max_depth": 4.0, "learning_rate": 0.05, "rounds": 200.0}, {"max_depth": 2.0, "learning_rate": 0.15}, 0.63,
        ),
        overlap=make_overlap(), balance=make_balance(),
        moderation=(
            Moderation("genre", tuple(GENRES), tuple(v / 1000 for v in GENRES.values()), (0.0005,) * 6, 9.31, 5, 287,
                       1e-7, "The effect differs between genres."),
            Moderation("country", tuple(COUNTRIES), tuple(v / 1000 for v in COUNTRIES.values()), (0.0005,) * 5, 1.4, 4,
                       287, 0.233, "No difference between countries was found."),
        ),
        mediation=(make_mediation(),),
        stress=make_stress(), detector=make_detector_error(),
        unseen=make_unseen(), e_value=EValue(1.123, 1.494, 1.417), robustness=Robustness(0.021, 0.135, 0.117, 0.05),
        placebo=Placebo(tuple(map(float, np.random.default_rng(1).normal(0, 0.0003, 200))), 0.055, 0.005, 0.0029),
        assumptions=make_assumptions(), diagnostics=make_checks(),
        warnings=("Clutter may follow from the face; see the estimate without it.",),
        left_out=("12 titles without any variation in the component.", "3 assets without features."),
        pairs=make_pairs(),
        truth=(
            TruthRow("average", 0.0030, 0.0031, 0.00025, True),
            *(TruthRow(f"genre: {g}", 0.95 * v / 1000, v / 1000, 0.0005, g != "Romance") for g, v in GENRES.items()),
            TruthRow("naive difference in means", 0.0030, 0.0094, 0.0005, False),
        ),
    )  # fmt: skip
    return dataclasses.replace(finding, **changes)  # type: ignore[arg-type]


def make_bare_finding() -> Finding:
    """A slope without a forest, placebo, E-value, groups, pairs or truth."""
    question = make_question(
        "face_area", "face_area_share_mean", is_binary=False, smallest_effect_of_interest=None, statement="",
        source="mined", confounders=(), effect_modifiers=(),
    )  # fmt: skip
    estimate = make_estimate(-0.0021, 0.0046, estimand="slope", score="plr")
    return make_finding(
        question=question, verdict=Verdict("inconclusive", "undecided", True, ("The interval holds both signs.",)),
        estimate=estimate, designs=(NamedEstimate("mundlak", estimate, ""), NamedEstimate("within", None, "No pairs.")),
        alternatives=(), group_effects=(), forest=None, moderation=(), mediation=(), e_value=None, placebo=None,
        warnings=(), left_out=(), pairs=(), truth=(), balance=(),
        nuisance=NuisanceQuality(None, 0.2, None, (), {}, {}, 0.8),
        overlap=None, dose_response=make_curve(), detector=None,
    )  # fmt: skip


def make_crowd_finding() -> Finding:
    """More than three faces: harmful, and named by markup."""
    estimate = make_estimate(-0.0018, 0.0003)
    groups = tuple(
        dataclasses.replace(group, group=HOSTILE if group.group == "Comedy" else group.group)
        for group in make_groups(-1)
    )
    return make_finding(
        question=make_question("crowd", "more than 3 faces", treatment="face_count > 3", statement=HOSTILE),
        verdict=Verdict("supported", "negative", True, ("Every check held.",)),
        estimate=estimate, designs=(NamedEstimate("mundlak", estimate, ""),), group_effects=groups, truth=(),
        pairs=make_pairs(3), e_value=EValue(0.93, 1.36, 1.0), mediation=(),
    )  # fmt: skip


def make_result(**changes: object) -> StudyResult:
    """Three findings and a refused hypothesis."""
    result = StudyResult(
        "which_faces",
        "0.1.0",
        7,
        OutcomeUnit("take rate", True),
        "all",
        0.95,
        1934,
        300,
        9640,
        41_207_338,
        5,
        ("12 titles have no asset.", f"A title is named {HOSTILE}."),
        (make_finding(), make_crowd_finding(), make_bare_finding()),
        (RefusedHypothesis(make_question("warm", "a warm palette"), "3 of 300 titles vary; at least 30 are needed."),),
        {"embedding": "layout", "mtcnn_sha256": "5e3c" * 16, "thresholds": "0.6, 0.7, 0.7"},
    )
    return dataclasses.replace(result, **changes)  # type: ignore[arg-type]


def make_score_result() -> StudyResult:
    """A study on a title score: no impressions, one poster per title."""
    estimate = make_estimate(0.12, 0.09, design="pooled")
    groups = tuple(
        dataclasses.replace(g, estimate=make_estimate(0.1, 0.2), shrunken_effect=0.11, base_rate=6.4)
        for g in make_groups()[:4]
    )
    finding = make_finding(
        verdict=Verdict("not_supported", "undecided", False, ("One poster per title: titles cannot be taken out.",)),
        estimate=estimate, naive=make_estimate(0.2, 0.08, design="pooled"), base_rate=6.4, group_effects=groups,
        designs=(NamedEstimate("pooled", estimate, ""), NamedEstimate("within", None, "One artwork per title.")),
        alternatives=(), truth=(), placebo=None, e_value=None, mediation=(), moderation=(), forest=None,
        pairs=(PairPicture("t0", TITLES[0], "a", "b", 6.9, 6.1, None, None),),
    )  # fmt: skip
    return make_result(
        unit=OutcomeUnit("imdb_score", False), n_impressions=None, n_countries=None, findings=(finding,), refused=()
    )


@pytest.fixture(scope="session")
def result() -> StudyResult:
    return make_result()


@pytest.fixture(scope="session")
def score_result() -> StudyResult:
    return make_score_result()


@pytest.fixture(scope="session")
def finding() -> Finding:
    return make_finding()


@pytest.fixture(scope="session")
def bare_finding() -> Finding:
    return make_bare_finding()


@pytest.fixture(scope="session")
def make() -> Callable[..., StudyResult]:
    """Build a study result with changes."""
    return make_result


def fill_run_dir(folder: Path) -> Path:
    """Put pictures of the first two pairs into a run folder."""
    (folder / "pictures").mkdir()
    for asset in ("t0/with", "t0/without", "t1/with", "t1/without"):
        (folder / "pictures" / picture_name(asset)).write_bytes(TINY_JPEG)
    return folder


@pytest.fixture(scope="session")
def new_run_dir() -> Callable[[Path], Path]:
    """Fill a run folder with pictures."""
    return fill_run_dir


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run folder with pictures of the first two pairs."""
    return fill_run_dir(tmp_path)
