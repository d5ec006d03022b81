"""What a study names, held against the tables and the features before anything is measured."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from artwork_insights.catalog.catalog import Catalog
from artwork_insights.catalog.columns import DEFAULT_GROUPS, FEATURE_COLUMNS, SCALAR_FEATURES
from artwork_insights.design.assigning import refuse_names_of_pictures, require_known
from artwork_insights.errors import NotIdentifiedError, TableError
from artwork_insights.expression import parse_expression
from artwork_insights.features.table import read_feature_table, read_manifest
from artwork_insights.publish import MANIFEST
from artwork_insights.study import DEFAULT_MEDIATION, Study, single_modifiers


def groups_asked(study: Study) -> tuple[str, ...]:
    """The groups measured by default, and those of the features that the study names."""
    hypotheses, mediations = study.hypothesis, study.mediation
    names = {name for hypothesis in hypotheses for name in (*hypothesis.expression.names, *hypothesis.confounders)}
    names |= {name for hypothesis in hypotheses for name in single_modifiers(hypothesis.effect_modifiers)}
    names |= set(_names_of_checks(study))
    names |= {name for mediation in mediations for name in (*mediation.names, *mediation.confounders)}
    names |= {name for change in study.joint_change for name in (*change.features, *change.confounders)}
    return tuple({*DEFAULT_GROUPS, *(FEATURE_COLUMNS[name].group for name in names if name in FEATURE_COLUMNS)})


def refuse_unknown_names(study: Study, catalog: Catalog) -> None:
    """Refuse a study that names what neither the tables nor the features have, before anything is measured.

    Raises
    ------
    TableError
        One sentence naming the hypothesis, and the nearest known column or what is wrong with the one named.
    """
    folder = study.data.features
    measured = read_feature_table(folder).frame.columns if is_measured(folder) else FEATURE_COLUMNS
    titles = [str(name) for name in catalog.titles]
    tables = [*map(str, catalog.assets), *titles, *(f"title_{name}" for name in titles)]
    log = [] if catalog.impressions is None else ["country"]
    known = {*map(str, measured), *tables, *log} - {"asset_id", "title_id", "location"}
    for hypothesis in study.hypothesis:
        modifiers = [m for m in single_modifiers(hypothesis.effect_modifiers) if m not in ("genre", "country")]
        confounders = [name for name in hypothesis.confounders if name not in ("embedding", "popularity")]
        names = (*hypothesis.expression.names, *confounders, *modifiers)
        if study.data.outcome is not None and study.data.outcome.column in names:
            raise TableError(
                f"hypothesis {hypothesis.name!r}: {study.data.outcome.column!r} is the outcome; "
                "it cannot be the treatment, a confounder or an effect modifier as well."
            )
        try:
            _require_measured(names, known, folder)
        except (TableError, NotIdentifiedError) as error:
            raise TableError(f"hypothesis {hypothesis.name!r}: {error}") from None
    _refuse_unknown_checks(study, known, folder)
    if study.mediation != (DEFAULT_MEDIATION,):
        for place, mediation in enumerate(study.mediation):
            confounders = [name for name in mediation.confounders if name not in ("embedding", "popularity")]
            names = (*parse_expression(mediation.treatment).names, *mediation.names, *confounders)
            try:
                _require_measured(names, known, folder)
            except (TableError, NotIdentifiedError) as error:
                raise TableError(f"mediation[{place}]: {error}") from None
    for place, change in enumerate(study.joint_change):
        confounders = [name for name in change.confounders if name not in ("embedding", "popularity")]
        try:
            _require_measured((*change.features, *confounders), known, folder)
        except (TableError, NotIdentifiedError) as error:
            raise TableError(f"joint_change[{place}]: {error}") from None


def _names_of_checks(study: Study) -> tuple[str, ...]:
    checks = study.checks
    control = () if checks.negative_control is None else parse_expression(checks.negative_control).names
    return (*(() if checks.placebo_outcome in (None, "popularity") else (str(checks.placebo_outcome),)), *control)


def _refuse_unknown_checks(study: Study, known: Collection[str], folder: Path) -> None:
    """Refuse a placebo outcome or a negative control that is no column, or that is the outcome itself."""
    if study.checks.placebo_outcome == "popularity" and study.data.popularity is None and "popularity" not in known:
        raise TableError(
            "[checks]: placebo_outcome is 'popularity', but [data] names no table of it; "
            'add popularity = "...", or name a column.'
        )
    names = _names_of_checks(study)
    if study.data.outcome is not None and study.data.outcome.column in names:
        raise TableError(
            f"[checks]: {study.data.outcome.column!r} is the outcome of the study; name something that the artwork "
            "cannot have changed, or a treatment that cannot work."
        )
    try:
        _require_measured(names, known, folder)
    except (TableError, NotIdentifiedError) as error:
        raise TableError(f"[checks]: {error}") from None


def _require_measured(names: Iterable[str], known: Collection[str], folder: Path) -> None:
    """Refuse the first name that is not known; one of a group that was not measured says how to add it."""
    names = tuple(names)
    refuse_names_of_pictures(names)
    for name in names:
        if name in SCALAR_FEATURES and name not in known:
            group = FEATURE_COLUMNS[name].group
            raise TableError(
                f"{name!r} belongs to the feature group {group}, which {folder} lacks; "
                f"add it: artwork-insights extract IMAGES --out {folder} --features {group}"
            )
    require_known(names, known)


def is_measured(folder: Path) -> bool:
    """Whether a features folder holds a finished extraction."""
    path = folder / MANIFEST
    return path.exists() and bool(read_manifest(folder)["finished"])
