"""The verbs that help to decide: `advise` ranks candidate images, `plan-labels` says which artworks to label."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artwork_insights.cli_extract import path_for


def advise(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGES...", help="Candidate images; the artwork in use first.")
    ],
    study: Annotated[
        Path, typer.Option("--study", metavar="RUN_DIR", parser=path_for("--study"), help="Folder that run wrote.")
    ],
    title: Annotated[
        str | None, typer.Option(metavar="TITLE_ID", help="A title of the study; its genre is then known.")
    ] = None,
    country: Annotated[str | None, typer.Option(metavar="CC", help="As the impression log writes it.")] = None,
    genre: Annotated[
        str | None, typer.Option(metavar="GENRE", help="For a title that the study does not have.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every number, as JSON.")] = False,
) -> None:
    """Rank candidate images of a title by what a finished run found."""
    from artwork_insights.advising.advice import advise as rank
    from artwork_insights.advising.table import write_json, write_table
    from artwork_insights.features.extraction.progress import show_bar

    advice = rank(images, study, title=title, country=country, genre=genre, progress=show_bar)
    typer.echo(write_json(advice) if as_json else write_table(advice))


def plan_labels(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", parser=path_for("STUDY", kind="file"), help="Study file (TOML).")
    ],
    n: Annotated[int, typer.Option("--n", min=1, help="Artworks to label.")] = 300,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", parser=path_for("--out", kind="file"), help="Table to fill in.")
    ] = Path("labels_to_make.csv"),
) -> None:
    """Draw the artworks whose labels tell most."""
    from artwork_insights.study import read_study

    plan = read_study(study)
    from artwork_insights.labelling import plan_study_labels

    made = plan_study_labels(plan, out, n, progress=lambda sentence: typer.echo(sentence, err=True))
    typer.echo("\n".join(made.lines))
