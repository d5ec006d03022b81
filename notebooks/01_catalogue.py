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
# # 1 · The catalogue, and what it must hold
#
# Somebody on the creative team says: *faces sell*. Somebody else says: *our best posters have no face at all*. Both
# have looked at the same dashboard. Before either can be right we need three tables: which artwork belongs to which
# title, how often each artwork was shown and taken in each country, and what is known of the titles.
#
# These notebooks use a **made-up catalogue whose truth is known**. Every title has a hidden quality that makes people
# choose it *and* makes designers put a face on it, so the naive comparison is wrong by construction, and at every step
# we can look up how wrong. No picture is needed for most of it, and nothing leaves this machine.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from artwork_insights import read_catalog, read_study, write_starter
from artwork_insights.catalog.synthetic import make_catalogue, write_catalogue
from artwork_insights.errors import ArtworkInsightsError

workplace = TemporaryDirectory()  # gone when the notebook is closed
folder = Path(workplace.name)
catalogue = make_catalogue(seed=7, n_titles=100)
write_catalogue(catalogue, folder, with_truth=False)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# ## Three tables
#
# One row per artwork:

# %%
catalogue.assets.head(3)

# %% [markdown]
# One row per artwork and country. Dates, surfaces or anything else may be there too: they are added up.

# %%
catalogue.impressions.head(3)

# %% [markdown]
# One row per title. Every further column can serve as a confounder (something that moves both the artwork and the
# outcome) or as an effect modifier (for whom an effect is larger or smaller).

# %%
catalogue.titles.head(3)

# %% [markdown]
# ## A study file, written for us
#
# `artwork-insights init FOLDER` looks at the files and writes a commented `study.toml`. It is the only configuration
# there is, and it is where a hypothesis is written down *before* looking.

# %%
print(write_starter(folder).read_text())

# %% [markdown]
# ## Reading is validating
#
# What is normal in a real catalogue is counted and said, not refused. Say the log begins late, and some artwork was
# never shown in it:

# %%
log = folder / "impressions.parquet"
catalogue.impressions.iloc[200:].to_parquet(log)
study = read_study(folder / "study.toml")
catalog = read_catalog(study.data)
print(f"{len(catalog.assets):,} artworks, {len(catalog.titles):,} titles, {len(catalog.impressions):,} cells")
for note in catalog.notes:
    print("-", note)

# %% [markdown]
# What cannot be right stops everything, in one sentence: where, what was found, what was expected, what to do. Here is
# a log in which cells have more takes than impressions ...

# %%
catalogue.impressions.assign(takes=catalogue.impressions["impressions"] + 1).to_parquet(log)
try:
    read_catalog(study.data)
except ArtworkInsightsError as error:
    print(error)

# %% [markdown]
# ... one whose column has a typo ...

# %%
catalogue.impressions.rename(columns={"impressions": "impresions"}).to_parquet(log)
try:
    read_catalog(study.data)
except ArtworkInsightsError as error:
    print(error)

# %% [markdown]
# ... and one in which an artwork appears twice.

# %%
catalogue.impressions.to_parquet(log)
pd.concat([catalogue.assets, catalogue.assets.head(1)]).to_csv(folder / "assets.csv", index=False)
try:
    read_catalog(study.data)
except ArtworkInsightsError as error:
    print(error)

# %% [markdown]
# Next: [what is in the pictures](02_features.ipynb).
