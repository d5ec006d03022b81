"""Inside a run, every artwork of a title that was shown is a sibling, trimmed or not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.effects.cells import Cells
from artwork_insights.inquiry.attack import attack
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.sensitivity.interference import estimate_sibling_slope
from artwork_insights.study import Estimation, Hypothesis

SETTINGS = Estimation(folds=2, placebo_draws=0, forest=False, learner="linear", trim=0.15)
QUESTION = Hypothesis(name="face", treatment="face_count > 0", confounders=("colour",))


def make_cells() -> Cells:
    """Colour decides so much about the face that the brightest and the darkest artworks are not comparable."""
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(150), 5)
    colour = rng.normal(size=750)
    face = (rng.random(750) < 1 / (1 + np.exp(-2 * colour))).astype(int)
    others = (np.bincount(title, face)[title] - face) / 4
    outcome = 0.05 + 0.002 * face - 0.01 * others + 0.001 * colour + 0.004 * rng.normal(size=750)
    frame = pd.DataFrame({"asset_id": [f"a{i:04d}" for i in range(750)], "title_id": [f"t{t:03d}" for t in title],
                          "face_count": face, "colour": colour})  # fmt: skip
    return Cells(frame, outcome, np.ones(750), None, None, ())


def test_trimmed_artwork_counts_as_a_sibling():
    cells = make_cells()
    fitted = fit_hypothesis(cells, QUESTION, SETTINGS, 0)
    estimate = fitted.headline.estimate(fitted.estimand)
    found = attack(Remaker(fitted, SETTINGS, 0), estimate, QUESTION, "a face", has_countries=False)
    check = next(check for check in found.diagnostics if "interference" in check.name)
    fit = fitted.fits["pooled"]
    assert 0.2 < fit.keep.mean() < 0.9
    residual = fit.sample.outcome - fit.repetitions[0].outcome_control
    all_shown = cells.frame["face_count"].to_numpy(float), cells.frame["asset_id"], cells.frame["title_id"]
    filled = np.full(750, np.nan)
    filled[fit.keep] = residual
    expected = estimate_sibling_slope(filled, *all_shown, compared=fit.keep)
    assert check.value == pytest.approx(expected.p_value, rel=1e-6)
    trimmed = estimate_sibling_slope(residual, *(np.asarray(column)[fit.keep] for column in all_shown))
    assert abs(expected.slope + 0.01) < abs(trimmed.slope + 0.01)  # the control: shares of what is left are noise
    assert trimmed.p_value != pytest.approx(expected.p_value, rel=0.1)
