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
# # 4 · Mining: where do hypotheses come from?
#
# From people who make artwork, best of all. And from data, if the data that suggest a hypothesis are not the data that
# confirm it. A seeded hash cuts the titles in two: on the **mining half** every feature is screened, on the
# **confirming half** a study may later ask about what survived. The cut never changes when titles are added.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from artwork_insights import mine_hypotheses, read_catalog, read_study, take_rate_table, write_starter
from artwork_insights.catalog.synthetic import make_catalogue, planted_features, write_catalogue
from artwork_insights.mining.hypotheses import write_hypotheses

workplace = TemporaryDirectory()
folder = Path(workplace.name)
catalogue = make_catalogue(seed=7, n_titles=120)
write_catalogue(catalogue, folder, with_truth=False)
catalog = read_catalog(read_study(write_starter(folder)).data)
rates = take_rate_table(catalog)

# %% [markdown]
# The features are those that a perfect extractor would find, so that no picture has to be drawn here. With real artwork
# they come from `read_feature_table(...).frame`, as in notebook 2.

# %%
features = planted_features(catalogue)
mined = mine_hypotheses(rates, catalog.assets, features, catalog.titles, seed=7)
print(mined.sentence)

# %% [markdown]
# One weighted slope per feature, errors clustered by title, false discoveries held at 5 % (Benjamini and Hochberg). The
# effect column is in takes per 1,000 impressions for one standard deviation more of the feature.

# %%
screened = pd.DataFrame(
    [(f.name, 1000 * f.slope_per_sd, 1000 * f.std_error, f.q_value, f.discovered) for f in mined.screened],
    columns=["feature", "per 1,000", "std error", "q", "discovered"],
)
screened.round(4)

# %% [markdown]
# Face presence, face count and face area are one idea measured several times. Correlated features are grouped and the
# strongest speaks for its group; otherwise one finding would be reported three times.

# %%
for group in mined.groups:
    print(", ".join(group))

# %% [markdown]
# ## Ready to run
#
# The survivors are written as TOML to paste into a study file, with the evidence as comments. They are questions now,
# not answers: in a study with `titles = "confirming"` none of these titles will be used to answer them.

# %%
write_hypotheses(mined, folder / "mined.toml")
print((folder / "mined.toml").read_text())

# %% [markdown]
# Next: [what a component does](05_effects.ipynb).
