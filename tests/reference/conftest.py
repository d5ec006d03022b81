"""The 401(k) table and its fixed folds, which two modules of tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def pension_folder(reference_data: Path) -> Path:
    return reference_data / "causal" / "pension401k"


@pytest.fixture(scope="session")
def pension(pension_folder: Path) -> pd.DataFrame:
    return pd.read_csv(pension_folder / "pension.csv")


@pytest.fixture(scope="session")
def folds(pension_folder: Path) -> np.ndarray:
    """Fold of each row of `pension`."""
    return pd.read_csv(pension_folder / "folds.csv")["fold"].to_numpy()
