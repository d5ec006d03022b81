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
# # 6 · Why it works, and where
#
# An effect that nobody understands is hard to brief to a designer. Two questions help: **moderation** (does it differ
# between genres and countries?) and **mediation** (what carries it?).

# %%
# %matplotlib inline
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from artwork_insights import FeatureTable, read_catalog, read_study, write_starter
from artwork_insights.catalog.synthetic import make_catalogue, planted_features, write_catalogue
from artwork_insights.catalog.synthetic_truth import true_mediation
from artwork_insights.effects.cells import join_tables
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.responders import find_moderation
from artwork_insights.inquiry.why import answer_mediation
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.numbers import scale_of
from artwork_insights.report.path_figure import plot_mediation
from artwork_insights.study import Estimation, Hypothesis, Mediation

workplace = TemporaryDirectory()
folder = Path(workplace.name)
catalogue = make_catalogue(seed=7, n_titles=120)
write_catalogue(catalogue, folder, with_truth=False)
catalog = read_catalog(read_study(write_starter(folder)).data)
features = catalogue.assets[["asset_id", "location"]].merge(planted_features(catalogue), on="asset_id")
cells = join_tables(catalog, FeatureTable(features, None, {}), None)
settings = Estimation(folds=3)
hypothesis = Hypothesis(
    name="face_present",
    treatment="face_present",
    confounders=("genre", "launch_year", "format", "aspect_ratio"),
)
fitted = fit_hypothesis(cells, hypothesis, settings, seed=1, designs=("mundlak",))
scale = scale_of(OutcomeUnit("take rate", True), fitted.headline.estimate(fitted.estimand).std_error)

# %% [markdown]
# ## Moderation
#
# Two groups with different point estimates are not two groups with different effects. One joint test per modifier, on
# what is left of outcome and treatment after the models, with errors clustered by title.

# %%
moderation, not_answered = find_moderation(fitted, ("genre", "country"))
for found in moderation:
    print(
        f"{found.modifier}: F({found.numerator_df}, {found.denominator_df}) = {found.statistic:.1f}. {found.sentence}"
    )

# %%
by_genre = moderation[0]
pd.DataFrame({"slope per 1,000": by_genre.slopes, "std error": by_genre.slope_std_errors}, index=by_genre.groups).mul(
    1000
).round(1)

# %% [markdown]
# ## Mediation
#
# More faces mean smaller faces: six people share a frame that one close-up had to itself. Is the number of faces at
# fault, or the size that is left for each? Baron and Kenny's four regressions, on variables that were first cleared of
# the confounders by cross-fitted trees, over artworks that have at least one face (a face that is not there has no
# size).

# %%
question = Mediation(treatment="face_count", mediator="face_area_share_mean")
mediation = answer_mediation(cells, question, hypothesis.confounders, settings, seed=1)
print(mediation.sentence)
plot_mediation(mediation, "take rate", scale).figure

# %% [markdown]
# The indirect effect is a times b. Sobel's error is the textbook one; the interval by resampling whole titles does not
# assume that a product is normal.

# %%
low, high = mediation.indirect_interval
print(f"total    {scale.effect(mediation.total.coefficient)} {scale.unit} per face")
print(f"indirect {scale.effect(mediation.indirect)} ({scale.between(low, high)}), Sobel z = {mediation.sobel_z:.1f}")
print(f"share carried by face size: {mediation.proportion_mediated:.0%}")
print(f"planted share:              {true_mediation(catalogue).mediated_share:.0%}")

# %% [markdown]
# A path picture looks like a mechanism and rests on an assumption that no data can check: that nothing unseen drives
# face size and take rate together. It is where to look next, and not yet what to build.
#
# Next: [how wrong could all this be](07_how_wrong.ipynb).
