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
# An effect that nobody understands is hard to brief to a designer. Three questions help: **moderation** (does it differ
# between genres and countries?), **mediation** (what carries it?), and what a **change that can be made** does.

# %%
# %matplotlib inline
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from artwork_insights import FeatureTable, read_catalog, read_study, write_starter
from artwork_insights.catalog.synthetic import make_catalogue, planted_features, write_catalogue
from artwork_insights.catalog.synthetic_truth import true_mediation
from artwork_insights.effects.cells import join_tables
from artwork_insights.inquiry.clearing import Clearings
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.joint_changes import answer_joint_changes
from artwork_insights.inquiry.responders import find_moderation
from artwork_insights.inquiry.why import explore_mediation
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.mechanism_figures import plot_natural_effects, plot_rho
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
clearings = Clearings(cells, settings, seed=1)
answer = explore_mediation(clearings, question, hypothesis.confounders)
(mediation,) = answer.mediation
print(mediation.sentence)
plot_mediation(mediation, "take rate", scale).figure

# %% [markdown]
# The indirect effect is a times b. Sobel's error is the textbook one; Aroian adds the product of the two variances to
# it, Goodman takes it off. The interval by resampling whole titles does not assume that a product is normal.

# %%
low, high = mediation.indirect_interval
print(f"total    {scale.effect(mediation.total.coefficient)} {scale.unit} per face")
print(f"indirect {scale.effect(mediation.indirect)} ({scale.between(low, high)})")
print(f"z: Sobel {mediation.sobel_z:.2f}, Aroian {mediation.aroian_z:.2f}, Goodman {mediation.goodman_z:.2f}")
print(f"share carried by face size: {mediation.proportion_mediated:.0%}")
print(f"planted share:              {true_mediation(catalogue).mediated_share:.0%}")

# %% [markdown]
# ## Through it, and past it
#
# A times b is one number and takes for granted that size matters as much among few faces as among many. Natural effects
# do not: "through it" lets the size of a face move as the number of faces would move it, the number held at either end
# (its quartiles); "past it" moves the number and holds the size.

# %%
(natural,) = answer.natural
print(natural.sentence)
plot_natural_effects(natural, scale).figure

# %% [markdown]
# ## If something unseen drives both
#
# A path picture looks like a mechanism and rests on an assumption that no data can check: that nothing unseen drives
# face size and take rate together. What can be said is how strong such a thing would have to be: the correlation that
# it would leave between what is left of the two, and where the way through vanishes.

# %%
(curve,) = answer.rho_curves
print(curve.sentence)
plot_rho(curve, scale).figure

# %% [markdown]
# ## A change that can be made
#
# In a frame of fixed size nobody can take a face away while the size of each stays. Designers go from three small faces
# to one large one, so that is what to ask about: both move at once, between two combinations that the catalogue holds.

# %%
number_of_faces = hypothesis.model_copy(update={"name": "number_of_faces", "treatment": "face_count"})
(change,), not_answered = answer_joint_changes(clearings, number_of_faces, ())
for word, stop in (("from", change.stops[0]), ("to  ", change.stops[-1])):
    print(word, ", ".join(f"{name} {value:.3g}" for name, value in stop.values))
print(f"{scale.effect(change.effect)} {scale.unit} ({scale.between(change.low, change.high)})")
for alone in change.one_at_a_time:
    print(f"only {alone.feature}: {scale.effect(alone.effect)}, made by {alone.n_assets} artworks")

# %% [markdown]
# All of this is where to look next, and not yet what to build.
#
# Next: [how wrong could all this be](07_how_wrong.ipynb).
