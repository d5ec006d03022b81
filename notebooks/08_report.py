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
# # 8 · The report
#
# Everything so far is one command, `artwork-insights run study.toml --out report`, or one function. This time with real
# image files: sixteen titles are drawn, measured, studied, and end in one HTML file that a creative director can read.
# With so few titles the honest answer may well be *we do not know yet*; the demo (`artwork-insights demo`) has 300.

# %%
import html
from pathlib import Path
from tempfile import TemporaryDirectory

from IPython.display import HTML

from artwork_insights import check_study, read_results, read_study, run_study
from artwork_insights.catalog.synthetic import make_catalogue, write_catalogue
from artwork_insights.features.render.artwork import render_catalogue

workplace = TemporaryDirectory()
folder = Path(workplace.name)
catalogue = make_catalogue(seed=7, n_titles=16)
write_catalogue(catalogue, folder, with_truth=False)
print(len(render_catalogue(catalogue, folder)), "artworks drawn")

# %% [markdown]
# ## The study file
#
# Hypotheses are written before looking, with the smallest effect that would matter and where the idea came from. The
# second one makes a mistake that is easily made: it wants to hold fixed what it asks about.

# %%
(folder / "study.toml").write_text("""
[study]
name = "faces"
seed = 7

[data]
assets = "assets.csv"
impressions = "impressions.parquet"
titles = "titles.csv"

[extraction]
embedding = "layout"
workers = 1

[estimation]
folds = 3
forest = false             # sixteen titles are no forest

[[hypothesis]]
name = "face_present"
statement = "A face in the artwork makes more people choose the title."
treatment = "face_present"
smallest_effect_of_interest = 0.002
confounders = ["genre", "launch_year", "format", "aspect_ratio"]

[[hypothesis]]
name = "crowd"
statement = "More than three faces in the artwork put people off."
treatment = "face_count > 3"
source = "prior"
confounders = ["genre", "launch_year", "format", "face_area_share_mean"]
""")
study = read_study(folder / "study.toml")

# %% [markdown]
# ## Run
#
# Features are measured first, because they are not there yet; a second run would find them. `run_study` writes into a
# temporary sibling and moves it into place when it is complete, so a folder is either finished or absent.

# %%
result = run_study(study, folder / "report", progress=print)
sorted(path.name for path in (folder / "report").iterdir())

# %% [markdown]
# A hypothesis that cannot be answered does not stop the others. It stands in the report with its reason.

# %%
for finding in result.findings:
    print(finding.question.name, "-", finding.verdict.word.replace("_", " "))
    print("   ", finding.verdict.reasons[0])
for refused in result.refused:
    print(refused.question.name, "- refused:", refused.reason)

# %% [markdown]
# With the features at hand, `check_study` looks at the design alone, and at no outcome: what it says cannot tempt
# anyone to choose a hypothesis by its answer. It would have refused the second hypothesis at once; here it is without
# that one.

# %%
for diagnostic in check_study(study.model_copy(update={"hypothesis": study.hypothesis[:1]})):
    print("-", diagnostic.sentence)

# %% [markdown]
# ## Open it
#
# One self-contained file: no request leaves it, so it can be mailed. Here it is in a frame; opened in a browser it has
# the whole window.

# %%
report = (folder / "report" / "report.html").read_text(encoding="utf-8")
HTML(f'<div><iframe srcdoc="{html.escape(report)}" width="100%" height="700"></iframe></div>')

# %% [markdown]
# Every number of it stands in `results.json`, and reads back into the same records. The same study gives the same
# bytes.

# %%
assert read_results(folder / "report" / "results.json") == result
