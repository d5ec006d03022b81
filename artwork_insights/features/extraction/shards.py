"""What a shard holds: three tables, made of results, extended by more columns, or mended where images had failed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from artwork_insights.catalog.columns import FEATURE_COLUMNS, ColumnGroup
from artwork_insights.features.extraction.measurement import Failure, Measurement, Result
from artwork_insights.features.extraction.plan import MeasurePlan
from artwork_insights.features.faces.detector import LANDMARKS, Faces
from artwork_insights.features.inputs.sources import Source

SETTINGS_KEY = b"artwork_insights"
_ITEM = "element"  # what Parquet gives back; with Arrow's own name a table read and written again would differ
_ARROW_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(), "int64": pa.int64(), "float64": pa.float64(), "str": pa.string(),
    "list[str]": pa.list_(pa.field(_ITEM, pa.string())), "list[float64]": pa.list_(pa.field(_ITEM, pa.float64())),
}  # fmt: skip
_BOX = ("xmin", "ymin", "xmax", "ymax")
_POINTS = tuple(f"{landmark}_{axis}" for landmark in LANDMARKS for axis in "xy")
_FAILURE_SCHEMA = pa.schema([(name, pa.string()) for name in ("location", "asset_id", "stage", "error", "message")])
_FACE_SCHEMA = pa.schema(
    [("asset_id", pa.string()), ("face", pa.int64())] + [(name, pa.float32()) for name in (*_BOX, "score", *_POINTS)]
)


@dataclass(frozen=True, slots=True)
class ShardTables:
    """The tables of one shard; together they name each of its images once.

    Attributes
    ----------
    failures, faces, features : Table
        Rows in the order of the input.
    """

    failures: pa.Table
    faces: pa.Table
    features: pa.Table


def feature_schema(plan: MeasurePlan) -> pa.Schema:
    """Columns of the features of a plan's groups, with the settings that decide them."""
    fields = [("asset_id", pa.string()), ("location", pa.string())]
    for name, column in FEATURE_COLUMNS.items():
        if column.group in plan.groups and column.dtype in _ARROW_TYPES:
            fields.append((name, _ARROW_TYPES[column.dtype]))
    if "embedding" in plan.groups and plan.embedding.dimension:
        fields.append(("embedding", pa.list_(pa.field(_ITEM, pa.float32()), plan.embedding.dimension)))
    return pa.schema(fields, {SETTINGS_KEY: json.dumps(plan.settings(), sort_keys=True).encode()})


def groups_in(schema: pa.Schema) -> frozenset[str]:
    """Groups that a shard's features were measured for."""
    return frozenset(json.loads(schema.metadata[SETTINGS_KEY]))


def new_tables(sources: Sequence[Source], results: Sequence[Result], plan: MeasurePlan) -> ShardTables:
    """Tables of images measured for the first time.

    Parameters
    ----------
    sources, results : sequences of the same length
        What was asked and what came of it.
    plan : MeasurePlan
        What was measured.
    """
    measured: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    faces: list[dict[str, Any]] = []
    for source, result in zip(sources, results, strict=True):
        name = {"asset_id": source.asset_id, "location": source.location}
        if isinstance(result, Failure):
            text = {"stage": result.stage, "error": result.error, "message": result.message}
            failed.append(name | {key: _storable(value) for key, value in text.items()})
        else:
            measured.append(name | result.values | {"embedding": result.embedding})
            faces += _face_rows(source.asset_id, result.faces) if result.faces is not None else []
    return ShardTables(
        pa.Table.from_pylist(failed, _FAILURE_SCHEMA),
        pa.Table.from_pylist(faces, _FACE_SCHEMA),
        pa.Table.from_pylist(measured, feature_schema(plan)),
    )


def extended_tables(
    before: ShardTables, sources: Sequence[Source], results: Sequence[Result], added: MeasurePlan, whole: MeasurePlan
) -> ShardTables:
    """Tables with further groups; the values that were there stay as they are.

    An image that is no longer the one measured before, or can no longer be measured, moves to the failures: a row
    never speaks of two pictures.

    Parameters
    ----------
    before : ShardTables
    sources : sequence of Source
        Of all images of the shard.
    results : sequence
        Of measuring the images in ``before.features`` again, for `added` only.
    added, whole : MeasurePlan
        Of the new groups and the file; of all groups.
    """
    by_id = {source.asset_id: source for source in sources}
    measured = [by_id[asset_id] for asset_id in before.features["asset_id"].to_pylist()]
    known = before.features.select([name for name in before.features.column_names if _is_about_the_file(name)])
    compared = [
        _unless_changed(row, source, result)
        for row, source, result in zip(known.to_pylist(), measured, results, strict=True)
    ]
    more = new_tables(measured, compared, added)
    kept = before.features.filter(pa.array([isinstance(result, Measurement) for result in compared], pa.bool_()))
    schema = feature_schema(whole)
    columns = [(kept if name in kept.column_names else more.features)[name] for name in schema.names]
    faces = more.faces if "faces" in added.groups else _of_assets(before.faces, kept["asset_id"])
    order = [source.asset_id for source in sources]
    failures = _in_order(pa.concat_tables([before.failures, more.failures]), order)
    return ShardTables(failures, faces, pa.Table.from_arrays(columns, schema=schema))


def mended_tables(
    before: ShardTables, sources: Sequence[Source], results: Sequence[Result], whole: MeasurePlan
) -> ShardTables:
    """Tables in which the images that had failed stand as they were measured now.

    Parameters
    ----------
    before : ShardTables
    sources : sequence of Source
        Of all images of the shard.
    results : sequence
        Of the images in ``before.failures``.
    whole : MeasurePlan
    """
    by_id = {source.asset_id: source for source in sources}
    failed = [by_id[asset_id] for asset_id in before.failures["asset_id"].to_pylist()]
    now = new_tables(failed, results, whole)
    order = [source.asset_id for source in sources]
    return ShardTables(
        now.failures,
        _in_order(pa.concat_tables([before.faces, now.faces]), order),
        _in_order(pa.concat_tables([before.features, now.features]), order),
    )


def addresses_of(sources: Sequence[Source], asset_ids: Collection[str]) -> tuple[str, ...]:
    """Addresses of some of the images of a shard, in its order."""
    wanted = set(asset_ids)
    return tuple(source.address for source in sources if source.asset_id in wanted)


def _is_about_the_file(name: str) -> bool:
    group: ColumnGroup | None = FEATURE_COLUMNS[name].group if name in FEATURE_COLUMNS else None
    return group == "file"


def _unless_changed(before: dict[str, Any], source: Source, result: Result) -> Result:
    if isinstance(result, Failure):
        return result
    for name, value in before.items():
        if result.values[name] != value:
            return Failure(
                "compare", "ImageChanged",
                f"{source.location}: the image changed since it was measured ({name} was {value}, is "
                f"{result.values[name]}); measure it anew with --retry-failures, or all images into a new output.",
            )  # fmt: skip
    return result


def _of_assets(table: pa.Table, asset_ids: pa.ChunkedArray) -> pa.Table:
    return table.filter(pc.is_in(table["asset_id"], value_set=asset_ids.combine_chunks()))


def _in_order(table: pa.Table, asset_ids: Sequence[str]) -> pa.Table:
    """Rows in the order of the assets; those of one asset stay in theirs."""
    place = pc.index_in(table["asset_id"], value_set=pa.array(asset_ids, pa.string()))
    return table.take(pa.array(np.argsort(place.to_numpy(), kind="stable")))


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _face_rows(asset_id: str, faces: Faces) -> list[dict[str, Any]]:
    rows = []
    for i in range(len(faces.scores)):
        numbers = [*faces.boxes[i].tolist(), float(faces.scores[i]), *faces.landmarks[i].ravel().tolist()]
        rows.append({"asset_id": asset_id, "face": i} | dict(zip((*_BOX, "score", *_POINTS), numbers, strict=True)))
    return rows
