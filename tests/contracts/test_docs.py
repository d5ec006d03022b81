"""What the docs print is what the commands print."""

from __future__ import annotations

import re

from artwork_insights.catalog.dictionary import data_dictionary
from tests.contracts.sources import ROOT
from tests.contracts.test_readme import faults

DOCS = ROOT / "docs"


def test_the_feature_dictionary_is_the_one_that_columns_prints() -> None:
    text = (DOCS / "features.md").read_text(encoding="utf-8")
    assert data_dictionary("markdown") in text, "artwork-insights columns --format markdown, into docs/features.md"


def test_every_command_in_the_docs_exists() -> None:
    pages = sorted(DOCS.glob("*.md"))
    assert len(pages) >= 2
    for page in pages:
        assert faults(page.read_text(encoding="utf-8")) == [], page.name


def test_every_link_and_picture_of_the_docs_exists() -> None:
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
