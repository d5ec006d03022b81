"""401(k) eligibility: the columns, models and folds that its gold numbers rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeRegressor

CONFOUNDERS = ["age", "inc", "educ", "fsize", "marr", "twoearn", "db", "pira", "hown"]
CLIP = (0.01, 0.99)
"""Where the gold files clip propensities."""


def data_of(pension, names=CONFOUNDERS):
    return pension["net_tfa"].to_numpy(float), pension["e401"].to_numpy(), pension[names]


def numbers(estimate):
    low, high = estimate.interval()
    return {"coef": estimate.effect, "se": estimate.std_error, "lo": low, "hi": high}


def income_quartile(pension):
    return pd.qcut(pension["inc"], 4, labels=["q1", "q2", "q3", "q4"]).astype(str)


def with_squares(confounders):
    """Confounders and the squares of those with more than two values, as in the documentation of DoubleML."""
    scaled = (confounders - confounders.mean()) / confounders.std()
    return scaled.assign(**{f"{name} squared": scaled[name] ** 2 for name in ("age", "inc", "educ", "fsize")})


def out_of_fold(model, inputs, target, folds, only=None):
    """Predictions of each fold from the others, or from those of their rows that are `only` meant."""
    found = np.empty(len(target))
    for fold in np.unique(folds):
        learn = (folds != fold) & (True if only is None else only)
        fitted = model.fit(inputs[learn], target[learn])
        held = inputs[folds == fold]
        found[folds == fold] = fitted.predict_proba(held)[:, 1] if hasattr(fitted, "predict_proba") else (
            fitted.predict(held)
        )  # fmt: skip
    return found


def tree_predictions(pension, folds, target="net_tfa"):
    """Of models that are flexible and of no package's own; the same for everybody."""
    _, treatment, confounders = data_of(pension)
    outcome = pension[target].to_numpy(float)
    inputs = confounders.to_numpy(float)
    tree = DecisionTreeRegressor(max_depth=5, min_samples_leaf=50, random_state=0)
    return {
        "propensity": np.clip(out_of_fold(tree, inputs, treatment, folds), 0.02, 0.98),
        "outcome_control": out_of_fold(tree, inputs, outcome, folds, treatment == 0),
        "outcome_treated": out_of_fold(tree, inputs, outcome, folds, treatment == 1),
        "outcome_prediction": out_of_fold(tree, inputs, outcome, folds),
    }
