"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of real reference data; tests that need it are skipped where it is not at hand."""
    folder = os.environ.get("ARTWORK_INSIGHTS_REFERENCE_DATA")
    if not folder:
        pytest.skip("set ARTWORK_INSIGHTS_REFERENCE_DATA to the folder of reference data")
    return Path(folder)
