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
# # 2 · From pictures to numbers
#
# A creative director sees a poster; a model needs columns. `extract_features` measures every image once: faces (MTCNN),
# colour, composition, and an embedding. Each measure is one that you can look at and disagree with.
#
# We draw the artwork of three titles of the made-up catalogue. The faces are those of public-domain photographs, pasted
# by a program that knows how many it pasted, so the detector can be marked.

# %%
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from IPython.display import HTML

from artwork_insights import FEATURE_COLUMNS, extract_features, find_sources, read_feature_table, write_contact_sheet
from artwork_insights.catalog.synthetic import make_catalogue, planted_features, write_catalogue
from artwork_insights.features.render.artwork import render_catalogue

workplace = TemporaryDirectory()
folder = Path(workplace.name)
catalogue = make_catalogue(seed=11, n_titles=3)
write_catalogue(catalogue, folder, with_truth=False)
len(render_catalogue(catalogue, folder))

# %% [markdown]
# ## Measure
#
# Sources are a folder, a pattern, or a manifest with `asset_id` and `location`. The embedding `layout` needs no
# downloaded weights: it describes where colour and edges lie. With a network at hand, `auto` takes a trained backbone.

# %%
summary = extract_features(
    find_sources([str(folder / "assets.csv")]), folder / "features", embedding="layout", workers=1
)
print(summary.sentence)

# %% [markdown]
# Every image ends in exactly one of two tables: `features`, or `failures` with the reason. No image is lost silently,
# and a second call finds the work done.

# %%
table = read_feature_table(folder / "features")
table.frame[["asset_id", "face_count", "face_area_share_total", "lightness_mean", "colourfulness", "clutter"]].round(3)

# %% [markdown]
# ## Look at it
#
# Numbers about pictures deserve to be checked with the eyes: the contact sheet shows the boxes and landmarks that were
# found, the palette under each picture, and its main numbers.

# %%
sheet = write_contact_sheet(folder / "features", folder / "sheet.html", sort_by="face_count", limit=24, pick="spread")
HTML(f'<div><iframe srcdoc="{escape(sheet.path.read_text())}" width="100%" height="700"></iframe></div>')

# %% [markdown]
# ## Mark the detector
#
# Planted beside detected. A face that is missed makes an effect look smaller than it is, so this table is not a detail:
# the report's line on *measurement* comes back to it.

# %%
planted = planted_features(catalogue)
pd.crosstab(planted["face_count"].rename("planted"), table.frame["face_count"].rename("detected"))

# %% [markdown]
# ## The dictionary
#
# Every column has a unit, a range, a source, and a **face role**. `derived` columns are made of the faces themselves
# and can never be held fixed when the question is about faces; `sensitive` ones move with a face because they are
# measured over all pixels (a face changes the mean lightness), and are shown with and without; `independent` ones
# are safe. A study that gets this wrong is refused, not corrected behind your back.

# %%
pd.DataFrame(
    [(c.name, c.unit, c.face_role, c.description) for c in FEATURE_COLUMNS.values()],
    columns=["feature", "unit", "face role", "what it is"],
).set_index("feature")

# %% [markdown]
# Next: [how often artwork is taken](03_take_rates.ipynb).
