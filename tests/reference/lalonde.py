"""LaLonde's job training: the models that its gold numbers rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.api as sm

from artwork_insights.mechanisms.regression import fit_clustered_ols

COVARIATES = ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "re75", "u74", "u75"]
OF_MATCHIT = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]


def regress(frame, outcome, covariates=(), weights=None):
    """Coefficient of the treatment by least squares, with the HC1 error: every row is a cluster of its own."""
    found = fit_clustered_ols(
        frame[outcome], frame[["treat", *covariates]].to_numpy(float), np.arange(len(frame)), weights=weights
    )
    return found.coefficients[0], found.std_errors[0]


def logit(frame, covariates):
    """Propensity: main effects, without a penalty, to the last digit."""
    design = sm.add_constant(frame[covariates].astype(float))
    return sm.GLM(frame["treat"], design, sm.families.Binomial()).fit(tol=1e-14).fittedvalues.to_numpy()


def logit_of_matchit(matchit):
    """The propensity of MatchIt's vignette: main effects."""
    frame = pd.get_dummies(matchit[["treat", *OF_MATCHIT]], columns=["race"], drop_first=True, dtype=float)
    return logit(frame, [name for name in frame if name != "treat"])
