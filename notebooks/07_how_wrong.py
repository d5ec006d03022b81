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
# # 7 · How wrong could it be?
#
# Nobody randomised these posters. So the last question before a recommendation is the one that its opponents would ask,
# and it is better that we ask it first.

# %%
# %matplotlib inline
from pathlib import Path
from tempfile import TemporaryDirectory

from artwork_insights import (
    FeatureTable,
    e_value,
    judge,
    placebo_within_titles,
    read_catalog,
    read_study,
    write_starter,
)
from artwork_insights.catalog.synthetic import make_catalogue, planted_features, write_catalogue
from artwork_insights.effects.cells import join_tables
from artwork_insights.effects.groups import base_rate
from artwork_insights.inquiry.attack import attack
from artwork_insights.inquiry.fitting import fit_hypothesis
from artwork_insights.inquiry.refits import Remaker
from artwork_insights.inquiry.specifications import draw_specifications
from artwork_insights.report.check_figures import plot_calibration, plot_placebo
from artwork_insights.report.findings import OutcomeUnit
from artwork_insights.report.numbers import scale_of
from artwork_insights.report.specification_figure import plot_specifications
from artwork_insights.report.stress_view import curve_in_words
from artwork_insights.sensitivity.e_value import e_value_of_difference
from artwork_insights.study import Estimation, Hypothesis

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
    smallest_effect_of_interest=0.002,
    confounders=("genre", "launch_year", "format", "aspect_ratio"),
)
fitted = fit_hypothesis(cells, hypothesis, settings, seed=1)
fit = fitted.headline
estimate = fit.estimate(fitted.estimand)
scale = scale_of(OutcomeUnit("take rate", True), estimate.std_error)
print(f"{scale.effect(estimate.effect)} {scale.unit}, {scale.interval(estimate)}")

# %% [markdown]
# ## A treatment that cannot work
#
# Deal each title's faces out anew among its own artworks. A label that was dealt by chance has no effect; if our method
# finds one more often than 1 time in 20, its intervals are too narrow and the real finding is worth less than it looks.

# %%
outcome_left, _ = fitted.headline.residuals()
rows = fit.sample.assignment
placebo = placebo_within_titles(outcome_left, rows.treatment, rows.asset, rows.title, rows.weights, draws=200, seed=1)
print(f"{placebo.rejection_share:.0%} of placebos look like effects; p of the real one: {placebo.p_value:.3f}")
plot_placebo(placebo, scale).figure

# %% [markdown]
# ## How strong would something unseen have to be?
#
# The **E-value**: to explain the estimate away, an unseen cause must go with both faces and takes by at least this risk
# ratio, beyond everything adjusted for. First the number that every textbook prints, then ours.

# %%
print(e_value(3.9))
print(e_value_of_difference(estimate.effect, *estimate.interval(), base_rate(fit)))

# %% [markdown]
# ## Every check, in sentences
#
# `attack` runs what a study runs: overlap, balance, placebo, the gap between the designs, robustness against the
# strongest thing we *do* know, and whether sibling artworks disturb each other. A check passes, fails, or informs.

# %%
found = attack(Remaker(fitted, settings, seed=1), estimate, hypothesis, "a face")
for check in found.diagnostics:
    print({True: "passed", False: "FAILED", None: "to know"}[check.passed].ljust(8), check.sentence)

# %% [markdown]
# Four assumptions stand between the data and the word *because*. Each gets one line of evidence, also where the
# evidence is that we cannot know.

# %%
for line in found.assumptions:
    print(f"{line.assumption}: {line.statement}\n    {line.evidence.sentence}")

# %% [markdown]
# The **robustness value** says the same in shares of variance: something unseen must explain this much of what is left
# of both component and outcome to bring the estimate to zero, or into reach of zero.

# %%
print(
    f"{found.robustness.robustness_value:.1%} to zero, {found.robustness.robustness_value_alpha:.1%} within reach of it"
)

# %% [markdown]
# Propensities must mean what they say: of the artworks with a predicted chance of 30 %, about 30 % should have a face.

# %%
plot_calibration(found.nuisance.calibration).figure

# %% [markdown]
# ## The same question, asked otherwise
#
# In every other reasonable way: other scores, weights, limits, models, matching, plain regression. An answer that
# depends on such choices is not one. Each column is one way; the choices behind it are marked below.

# %%
maker = Remaker(fitted, settings, seed=1)
curve = draw_specifications(maker, maker.again(other_chance=True), {})
print(curve_in_words(curve, scale))
plot_specifications(curve, scale).figure

# %% [markdown]
# ## The verdict
#
# A fixed rule, not a mood: the answer (where the interval lies) and the credibility (whether a blocking check failed)
# are judged apart, and the reasons come with them.

# %%
verdict = judge(estimate, hypothesis.smallest_effect_of_interest, found.diagnostics)
print(verdict.word.replace("_", " "))
for reason in verdict.reasons:
    print("-", reason)

# %% [markdown]
# Next: [all of it in one file](08_report.ipynb).
