"""The column of the embedding."""

from __future__ import annotations

from artwork_insights.catalog.columns.column import Column

EMBEDDING_COLUMNS = (
    Column(
        "embedding", "list[float32]", "as the network gives it", None, None, "embedding", "sensitive",
        "Vector that describes the whole picture; which network made it stands in manifest.json.",
        "models/manifest.toml",
    ),
)  # fmt: skip
