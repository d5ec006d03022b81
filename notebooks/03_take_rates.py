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
# # 3 · Take rates, and why not to rank by them
#
# *Takes over impressions* is the simplest number in the building, and three things are wrong with sorting by it: small
# denominators win, popular titles win, and the recommender has already chosen what to show.

# %%
# %matplotlib inline
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt

from artwork_insights import precision_weights, read_catalog, read_study, take_rate_table, write_starter
from artwork_insights.catalog.synthetic import make_catalogue, write_catalogue

workplace = TemporaryDirectory()
folder = Path(workplace.name)
catalogue = make_catalogue(seed=7, n_titles=100)
write_catalogue(catalogue, folder, with_truth=False)
catalog = read_catalog(read_study(write_starter(folder)).data)
rates = take_rate_table(catalog)
rates.head().round(4)

# %% [markdown]
# ## One title, one country
#
# The interval is Wilson's, inside [0, 1] for any count. The shrunken rate is the posterior mean under the country's
# beta distribution: good for a ranking on a wall, never the outcome of a study (it would pull effects towards zero).

# %%
one = rates[(rates["title_id"] == "T0005") & (rates["country"] == "US")].reset_index(drop=True)
one[["asset_id", "impressions", "takes", "take_rate", "take_rate_low", "take_rate_high", "shrunken_take_rate"]].round(4)

# %%
figure, ax = plt.subplots(figsize=(6, 3))
ax.hlines(one["asset_id"], 1000 * one["take_rate_low"], 1000 * one["take_rate_high"], color="0.6")
ax.plot(1000 * one["take_rate"], one["asset_id"], "o", label="take rate")
ax.plot(1000 * one["shrunken_take_rate"], one["asset_id"], "D", markersize=4, label="shrunken")
ax.set_xlabel("takes per 1,000 impressions")
ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.15), ncols=2, frameon=False)
# %% [markdown]
# ## Popularity is mostly the title
#
# Sort all cells by their raw rate, and you have sorted titles. The *adjusted* rate takes out how the title's **other**
# artwork does in the same country; an artwork's own impressions never explain themselves away.

# %%
spread = rates.groupby("title_id")[["take_rate", "adjusted_take_rate"]].mean().std() * 1000
spread.rename("spread between titles, takes per 1,000").to_frame().round(1)

# %% [markdown]
# Adjusted rates serve mining and display. Effects are estimated on **raw** rates with the titles absorbed: subtracting
# the siblings would count an artwork's own effect against its neighbours.
#
# ## How much is a rate worth?
#
# Not its number of impressions. A million impressions of one poster are still one poster. The precision weight adds the
# variance *between artworks* to the sampling variance, so that it levels off where more impressions say nothing new.

# %%
weights = precision_weights(rates["takes"], rates["impressions"], rates["title_id"], rates["country"])
figure, ax = plt.subplots(figsize=(6, 3))
ax.scatter(rates["impressions"], weights, s=3, alpha=0.4)
ax.set_xscale("log")
ax.set_xlabel("impressions")
ax.set_ylabel("weight (mean 1)")

# %% [markdown]
# Next: [which components look promising](04_mining.ipynb).
