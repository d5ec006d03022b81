"""A small sound catalogue on disk that tests damage in one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from artwork_insights.catalog.catalog import Catalog, read_catalog
from artwork_insights.study import Data, TitleOutcome

SOUND = {
    "assets": "asset_id,title_id,location\n1,t1,one.jpg\n2,t1,/far/two.jpg\n3,t2,s3://bucket/three.jpg\n",
    "titles": "title_id,genre,launch_year\nt1,Drama,1999\nt2,Comedy,2004\n",
    "impressions": "asset_id,country,impressions,takes\n1,US,100,10\n1,NA,50,5\n2,US,200,10\n3,US,10,0\n",
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Catalog]:
    """Write the tables, some replaced, and read them as a catalogue."""

    def write_and_read(
        share: float = 0.05, outcome: str | None = None, as_of: date | None = None, **tables: str
    ) -> Catalog:
        paths = {}
        for name, content in {**SOUND, **tables}.items():
            paths[name] = tmp_path / f"{name}.csv"
            paths[name].write_text(content, encoding="utf-8")
        if outcome is not None:
            del paths["impressions"]
        title_outcome = None if outcome is None else TitleOutcome(column=outcome)
        return read_catalog(Data(**paths, outcome=title_outcome, largest_unknown_impression_share=share), as_of)

    return write_and_read
