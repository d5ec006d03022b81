# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5 · What a face does
#
# The question a creative team asks is causal: *if this title had been given a face, how many more people would have
# chosen it?* The data answer another one: *do artworks with a face do better?* Here the gap between the two is planted,
# so we can watch each step close it.

# %%
# %matplotlib inline
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from artwork_insights import (
    FeatureTable,
    check_overlap,
    estimate_average_effect,
    fit_causal_forest,
    measure_balance,
    read_catalog,
    read_study,
    write_starter,
)
from artwork_insights.catalog.synthetic import make_catalogue, planted_features, write_catalogue
from artwork_insights.catalog.synthetic_truth import true_effect
from artwork_insights.effects.average import difference_in_means
from artwork_insights.effects.cells import join_tables
from artwork_insights.effects.estimates import NamedEstimate
from artwork_insights.effects.groups import group_effects_of
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.report.check_figures import plot_balance, plot_overlap
from artwork_insights.report.estimate_rows import row_of
from artwork_insights.report.figures import plot_estimates, plot_group_effects
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.numbers import scale_of
from artwork_insights.study import Estimation, Hypothesis

workplace = TemporaryDirectory()
folder = Path(workplace.name)
catalogue = make_catalogue(seed=7, n_titles=120)
write_catalogue(catalogue, folder, with_truth=False)
catalog = read_catalog(read_study(write_starter(folder)).data)
features = catalogue.assets[["asset_id", "location"]].merge(planted_features(catalogue), on="asset_id")
cells = join_tables(catalog, FeatureTable(features, None, {}), None)
cells.frame[["asset_id", "title_id", "country", "face_present", "genre", "launch_year"]].head(3)

# %% [markdown]
# ## One call
#
# XGBoost models the chance of a face and the take rate, each cross-fitted with folds that never split a title; the
# doubly robust score puts them together, and the error is clustered by title. Confounders are things that move both
# the choice of a face and the take rate *and are not changed by the face*.

# %%
confounders = ["genre", "launch_year", "format", "aspect_ratio", "country"]
estimate = estimate_average_effect(
    cells.outcome,
    cells.frame["face_present"],
    cells.frame[confounders],
    cells.frame["title_id"],
    weights=cells.weights,
    folds=3,
    seed=1,
)
scale = scale_of(OutcomeUnit("take rate", True), estimate.std_error)
print(f"{scale.effect(estimate.effect)} {scale.unit}, {scale.interval(estimate)}")

# %% [markdown]
# ## Three designs, side by side
#
# A title that people love anyway gets more faces. No column says so: the love is not recorded.
#
# - **pooled** compares artworks of all titles and believes that the columns tell the whole story;
# - **mundlak** also gives the models each title's own averages and levels: it compares artworks of a title;
# - **within** takes out title means and fits the partially linear model, the strictest of the three.
#
# `fit_hypothesis` is what a study runs for each of its hypotheses.

# %%
hypothesis = Hypothesis(
    name="face_present",
    treatment="face_present",
    confounders=("genre", "launch_year", "format", "aspect_ratio"),
    smallest_effect_of_interest=0.002,
)
fitted = fit_hypothesis(cells, hypothesis, Estimation(folds=3), seed=1)
naive = NamedEstimate("naive", difference_in_means(fitted.sample.assignment, fitted.sample.outcome), "")
rows = [row_of(named, 0.95, headline="mundlak") for named in (naive, *fitted.named_designs())]
plot_estimates(rows, "naive", scale, 0.002).figure

# %% [markdown]
# And the truth, which only a made-up catalogue can tell: the mean difference of the expected rates with and without a
# face, over the very cells that the estimate speaks of.

# %%
fit = fitted.headline
estimated = cells.frame.loc[fitted.rows[fit.keep]].assign(weight=fit.sample.assignment.weights)
print(scale.effect(true_effect(catalogue, "face_present", estimated)), scale.unit)

# %% [markdown]
# When *pooled* and *mundlak* disagree like this, titles confound the comparison. With a single artwork per title only
# *pooled* exists, and the report has to call its answer an association.
#
# ## Is there anything to compare?
#
# Where every artwork of some kind has a face, nobody can say what it would do without. Propensities outside 5 % to
# 95 % are left out, and the report names the groups that this drops.

# %%
given = fitted.sample.assignment
overlap = check_overlap(
    given.treatment, fit.propensity, groups=given.groups, clusters=given.title, assets=given.asset, component="a face"
)
print(overlap.estimand_sentence)
plot_overlap(overlap).figure

# %% [markdown]
# After weighting, the two sides should be alike in everything that we adjust for.

# %%
inner = fit.sample.assignment
balance = measure_balance(
    inner.confounders, inner.treatment, weights=inner.weights, propensity=fit.propensity[fit.keep], clusters=inner.title
)
plot_balance(balance).figure

# %% [markdown]
# ## For whom
#
# The same scores, averaged within genres and countries: nothing is fitted again, so groups and average cannot
# contradict each other. Diamonds are drawn towards the mean as far as the data ask for it; for documentaries
# the planted effect is zero.

# %%
headline = fit.estimate(fitted.estimand)
groups = group_effects_of(fit, fitted.estimand, ("genre", "country"))
plot_group_effects([group for group in groups if group.modifier == "genre"], headline, scale).figure

# %%
plot_group_effects([group for group in groups if group.modifier == "country"], headline, scale).figure

# %% [markdown]
# ## Beyond the groups we named
#
# A causal forest (EconML's, bagged over half-samples of titles, so that no title speaks for itself) looks for
# responders among combinations. A study holds it against the group effects and says whether the two tell one story.

# %%
outcome_left, treatment_left = fitted.headline.residuals()
forest = fit_causal_forest(
    outcome_left,
    treatment_left,
    estimated[["genre", "country", "launch_year"]],
    fit.sample.assignment.title,
    weights=fit.sample.assignment.weights,
)
(1000 * pd.Series(forest.conditional_effects)).describe().round(1)

# %%
pd.Series(forest.importance).sort_values(ascending=False).round(2)

# %% [markdown]
# Next: [why it works](06_why.ipynb).
