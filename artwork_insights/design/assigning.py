"""From a table of cells and a treatment to an assignment, with what was left out and what was refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from artwork_insights.catalog.columns import FEATURE_COLUMNS
from artwork_insights.design.assignment import Assignment, BoolArray, make_assignment
from artwork_insights.design.blocks import join_titles
from artwork_insights.design.confounders import FloatArray, encode_confounders
from artwork_insights.errors import NotIdentifiedError, TableError, did_you_mean
from artwork_insights.expression import Expression
from artwork_insights.study import single_modifiers

N_BINS = 3
NOT_COVARIATES = ("duplicate_group", *(name for name, column in FEATURE_COLUMNS.items() if column.is_identifier))
"""Columns that tell which picture it is, not what it is like."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """An assignment and how it came about.

    Attributes
    ----------
    assignment : Assignment of n cells
    kept : array of shape (m,), bool
        Which rows of the table the n cells are.
    left_out, warnings : tuple of str
        Sentences for the report.
    sensitive : tuple of str
        Confounders that the treatment may itself have changed; shown with and without.
    """

    assignment: Assignment
    kept: BoolArray
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]
    sensitive: tuple[str, ...]


def assign_component(
    frame: pd.DataFrame,
    treatment: Expression,
    *,
    confounders: Sequence[str],
    effect_modifiers: Sequence[str] = (),
    embedding: FloatArray | None = None,
    weights: npt.ArrayLike | None = None,
) -> Assigned:
    """Assign a component over cells.

    Parameters
    ----------
    frame : DataFrame of m cells
        ``asset_id``, ``title_id``, features, title covariates, and ``country`` where there are several; where it has
        ``duplicate_group``, titles that share near-identical artwork become one block of the assignment.
    treatment : Expression
        Over columns of `frame`.
    confounders, effect_modifiers : sequences of str
        Columns of `frame`; ``"embedding"`` among the confounders stands for `embedding`. A crossing of two modifiers
        stands for both.
    embedding : array of shape (m, d), optional
    weights : array of shape (m,), optional

    Raises
    ------
    TableError
        For an unknown column, with the nearest name.
    NotIdentifiedError
        For a confounder that is made from what the treatment measures or that names the picture, or a treatment that
        does not vary.
    """
    modifiers = single_modifiers(effect_modifiers)
    refuse_names_of_pictures([*treatment.names, *confounders, *modifiers])
    warnings, sensitive = check_roles(treatment, confounders)
    require_columns(frame, treatment, confounders, has_embedding=embedding is not None)
    require_columns(frame, treatment, modifiers, has_embedding=False)
    refuse_modifiers(treatment, modifiers)
    value = treatment.evaluate({name: frame[name].to_numpy(np.float64, na_value=np.nan) for name in treatment.names})
    kept = np.isfinite(value)
    n_undefined = frame["asset_id"][~kept].nunique()
    left_out = []
    if n_undefined:
        left_out.append(f"{n_undefined:,} artworks are left out because {treatment.text!r} is not defined for them.")
    columns = [name for name in dict.fromkeys(confounders) if name != "embedding"]
    if "country" in frame and len(set(frame["country"])) > 1 and "country" not in columns:
        columns.append("country")
    inside = frame.loc[kept]
    assignment = make_assignment(
        value[kept],
        encode_confounders(
            inside[columns],
            embedding[kept] if embedding is not None and "embedding" in confounders else None,
            titles=inside["title_id"],
        ),
        inside["title_id"],
        asset=inside["asset_id"],
        weights=None if weights is None else np.asarray(weights, dtype=np.float64)[kept],
        groups=label_groups(inside, modifiers),
        block=join_titles(inside["title_id"], inside["picture_hash"]) if "picture_hash" in inside else None,
        country=inside.get("country"),
    )
    if assignment.n_blocks == 1 < assignment.n_titles:
        raise NotIdentifiedError(
            f"all {assignment.n_titles:,} titles are joined by near-identical artwork, so nothing is independent; is "
            "one picture a placeholder? `artwork-insights contact-sheet --sort-by duplicate_group` shows which."
        )
    if assignment.n_blocks < assignment.n_titles:
        warnings += (
            f"Some titles share near-identical artwork: the {assignment.n_titles:,} titles count as "
            f"{assignment.n_blocks:,} independent ones, in folds and in errors.",
        )
    return Assigned(assignment, kept, tuple(left_out), warnings, sensitive)


def refuse_names_of_pictures(names: Iterable[str]) -> None:
    """Refuse columns that say which picture it is, wherever a covariate is asked for."""
    for name in names:
        if name in NOT_COVARIATES:
            raise NotIdentifiedError(
                f"{name!r} tells which picture it is, not what it is like, so it cannot be a treatment, mediator, "
                "confounder or effect modifier; leave it out (near-identical artwork counts as one by itself)."
            )


def check_roles(treatment: Expression, confounders: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Refuse confounders that follow from the treatment; warn about those that may.

    Returns
    -------
    warnings, sensitive : tuples of str
    """
    own = [name for name in confounders if name in treatment.names]
    if own:
        raise NotIdentifiedError(f"{own[0]!r} is the treatment itself; take it out of the confounders.")
    faces = [name for name in treatment.names if _role(name) == "derived"]
    if not faces:
        return _warn_of_faces(treatment, confounders), ()
    derived = [name for name in confounders if _role(name) == "derived"]
    if derived:
        raise NotIdentifiedError(
            f"confounder {derived[0]!r} is measured on the faces, so it follows from the treatment {treatment.text!r}; "
            "holding it fixed would take away part of the effect: take it out, or ask about it under [[mediation]]."
        )
    sensitive = tuple(name for name in confounders if name == "embedding" or _role(name) == "sensitive")
    if not sensitive:
        return (), ()
    named = ", ".join(sensitive)
    return (
        f"A face in the artwork changes {named} by itself: the effect is shown with and without adjusting for it.",
    ), sensitive


def refuse_modifiers(treatment: Expression, modifiers: Sequence[str]) -> None:
    """Refuse effect modifiers that are the treatment or follow from it."""
    faces = any(_role(name) == "derived" for name in treatment.names)
    for name in modifiers:
        if name in treatment.names or (faces and _role(name) == "derived"):
            raise NotIdentifiedError(
                f"effect modifier {name!r} follows from the treatment {treatment.text!r}; "
                "name something that was decided before, such as genre or country."
            )


def _warn_of_faces(treatment: Expression, confounders: Sequence[str]) -> tuple[str, ...]:
    """Warn where a component that a face changes by itself is asked about without adjusting for faces."""
    changed = [name for name in treatment.names if _role(name) == "sensitive"]
    if not changed or any(_role(name) == "derived" for name in confounders):
        return ()
    return (
        f"A face in the artwork changes {changed[0]} by itself, and no confounder stands for the faces: part of what "
        "is found may be theirs. Add face_count and face_area_share_total to the confounders.",
    )


def _role(name: str) -> str:
    column = FEATURE_COLUMNS.get(name)
    return column.face_role if column is not None else "independent"


def require_columns(frame: pd.DataFrame, treatment: Expression, names: Sequence[str], *, has_embedding: bool) -> None:
    """Refuse unknown names with the nearest known one."""
    known = {str(column) for column in frame.columns if column not in ("asset_id", "title_id", "location")}
    require_known([*treatment.names, *names], known | ({"embedding"} if has_embedding else set()))
    for name in treatment.names:
        require_numbers(frame, name, f"treatment {treatment.text!r}")


def require_numbers(frame: pd.DataFrame, name: str, place: str) -> None:
    """Refuse a column that is neither numbers nor truth values."""
    if not pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name]):
        raise TableError(f"{place}: {name!r} is text; it needs numbers or truth values.")


def require_known(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse the first name that is not known; all known ones are listed where none is near."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"; known: {', '.join(sorted(known))}"
            raise TableError(f"{name!r} is neither a feature nor a column of the tables{hint}.")


def label_groups(frame: pd.DataFrame, modifiers: Sequence[str]) -> Mapping[str, npt.NDArray[np.object_]]:
    """Group labels of effect modifiers: categories as they are, numbers of many values in three equal parts."""
    labels: dict[str, npt.NDArray[np.object_]] = {}
    for name in dict.fromkeys(modifiers):
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column) and column.nunique() > 10:
            cuts = np.unique(
                np.nanquantile(column.to_numpy(np.float64, na_value=np.nan), np.linspace(0, 1, N_BINS + 1))
            )
            text = pd.cut(column, cuts.tolist(), include_lowest=True).astype(str)
        else:
            text = column.astype("str")
        labels[name] = text.where(column.notna(), "missing").to_numpy(dtype=object)
    return labels
