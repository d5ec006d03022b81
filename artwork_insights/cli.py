"""The command line: each verb reads its arguments, calls one function and prints one line.

Exit status 0: done; 1: refused, with one sentence on stderr; 2: wrong usage. Results go to stdout or to files, progress
to stderr. Whatever is heavy is imported inside its verb, so that ``--help`` answers at once.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer
from typer.core import TyperGroup

from artwork_insights.cli_decide import advise, plan_labels
from artwork_insights.cli_extract import extract, path_for
from artwork_insights.errors import ArtworkInsightsError, OutputError

if TYPE_CHECKING:
    from artwork_insights.study import Study

Item = TypeVar("Item")
StudyFile = Annotated[
    Path, typer.Argument(metavar="STUDY", parser=path_for("STUDY", kind="file"), help="Study file (TOML).")
]
OutFolder = Annotated[
    Path,
    typer.Option("--out", metavar="DIR", parser=path_for("--out"), help="Folder to write into; made where missing."),
]
_out_file = path_for("--out", kind="file")


_PATH_CODES = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOSPC, errno.EROFS)
_PATH_FAULTS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


class _OneSentence(TyperGroup):
    """Turns a refusal into one sentence on stderr and status 1, and a closed pipe into a quiet end."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # the validator's own words
            raise
        except ArtworkInsightsError as error:
            typer.echo(" ".join(str(error).split()), err=True)
            raise typer.Exit(1) from None
        except _PATH_FAULTS as error:
            said = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
            typer.echo(f"{' '.join(said.split())}; check the path and who may use it.", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("Stopped.", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except OSError as error:
            if error.errno not in _PATH_CODES:
                raise
            typer.echo(f"{str(error.filename)[:80]}: {error.strerror}; check the path.", err=True)
            raise typer.Exit(1) from None
        return result


app = typer.Typer(
    name="artwork-insights",
    cls=_OneSentence,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Which visual components of artwork make people choose a title, for whom, why, and how sure we can be.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"artwork-insights {version('artwork-insights')}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _read(study: Path) -> Study:
    """Read the study file before anything heavy is loaded, so that a misspelt key is refused at once."""
    from artwork_insights.study import read_study

    return read_study(study)


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _bar(unit: str) -> Callable[[Iterable[Item]], Iterable[Item]]:
    """Progress on stderr with a rate and an estimate of the time left; rarely where stderr is no terminal."""
    from functools import partial

    from tqdm import tqdm

    return partial(tqdm, unit=f" {unit}", file=sys.stderr, mininterval=0.2 if sys.stderr.isatty() else 30.0)


@app.command()
def demo(
    out: OutFolder = Path("demo"),
    titles: Annotated[int, typer.Option(min=20, help="Titles in the synthetic catalogue.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the catalogue and of the study.")] = 7,
) -> None:
    """Run the whole job on a catalogue with known effects."""
    from artwork_insights.demo import run_demo

    result = run_demo(out, titles=titles, seed=seed, progress=_tell, track=_bar("image"))
    typer.echo(f"{result.table}\n\nReport: {result.report}")


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", parser=path_for("FOLDER"), help="Folder with tables and images.")
    ] = Path(),
) -> None:
    """Write a study.toml from the files of a folder."""
    from artwork_insights.starter import write_starter

    path = write_starter(folder)
    typer.echo(f"Wrote {path}. Read it, then: artwork-insights check {path}")


app.command()(extract)
app.command()(advise)
app.command("plan-labels")(plan_labels)


@app.command("contact-sheet")
def contact_sheet(
    folder: Annotated[Path, typer.Argument(metavar="DIR", parser=path_for("DIR"), help="Output of extract.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", parser=_out_file, help="Page to write; DIR/contact-sheet.html.")
    ] = None,
    sort_by: Annotated[
        str | None, typer.Option(metavar="FEATURE", help="Feature to order by; duplicate_group shows near-duplicates.")
    ] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="Smallest first.")] = False,
    where: Annotated[str | None, typer.Option(metavar="CONDITION", help="Such as 'face_count > 3'.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=2000, help="Pictures at most.")] = 120,
    pick: Annotated[
        Literal["first", "spread"], typer.Option(help="Where there are more: the first ones, or an even spread.")
    ] = "first",
) -> None:
    """Show measured images with their faces boxed."""
    from artwork_insights.features.viewing.contact_sheet import write_contact_sheet

    sheet = write_contact_sheet(
        folder,
        out or folder / "contact-sheet.html",
        sort_by=sort_by,
        ascending=ascending,
        where=where,
        limit=limit,
        pick=pick,
        progress=_bar("picture"),
    )
    typer.echo(sheet.sentence)


@app.command()
def columns(
    layout: Annotated[Literal["text", "csv", "markdown"], typer.Option("--format", help="How to print it.")] = "text",
) -> None:
    """List the features: type, unit, range, meaning."""
    from artwork_insights.catalog.dictionary import data_dictionary

    typer.echo(data_dictionary(layout))


@app.command("take-rate")
def take_rate(
    study: StudyFile,
    out: Annotated[Path, typer.Option(metavar="FILE", parser=_out_file, help=".parquet or .csv to write.")] = Path(
        "take_rates.parquet"
    ),
) -> None:
    """Write take rates by asset and country, with intervals."""
    if out.suffix not in (".parquet", ".csv") or not out.parent.is_dir():
        raise OutputError(f"--out {out}: name a file that ends in .parquet or .csv, in a folder that is there.")
    if out.is_dir():
        raise OutputError(f"{out}: Is a directory; name a file.")
    data = _read(study).data
    inputs = [path for path in (study, data.assets, data.titles, data.impressions, data.popularity) if path is not None]
    if out.exists() and any(out.samefile(path) for path in inputs if path.exists()):
        raise OutputError(f"--out {out} is an input of the study; name another file.")
    from artwork_insights.catalog.catalog import read_catalog
    from artwork_insights.outcomes.take_rate import take_rate_table

    rates = take_rate_table(read_catalog(data))
    partial = out.with_name(f".{out.name}.part")
    if out.suffix == ".csv":
        rates.to_csv(partial, index=False)
    else:
        rates.to_parquet(partial, index=False)
    partial.replace(out)
    taken, shown = rates["takes"].sum(), rates["impressions"].sum()
    typer.echo(
        f"{out}: {len(rates):,} rates of {rates['asset_id'].nunique():,} assets "
        f"in {rates['country'].nunique()} countries; "
        f"{taken:,} takes of {shown:,} impressions ({taken / shown:.2%})."
    )


@app.command()
def mine(
    study: StudyFile,
    out: Annotated[Path, typer.Option(metavar="FILE", parser=_out_file, help="Hypotheses to write.")] = Path(
        "hypotheses.toml"
    ),
) -> None:
    """Find hypotheses on one half of the titles."""
    plan = _read(study)
    from artwork_insights.prospect import mine_study

    typer.echo(f"{out}: {mine_study(plan, out, progress=_tell).sentence}")


@app.command()
def check(study: StudyFile) -> None:
    """Validate a study without reading an outcome; exit status 1 where a check fails."""
    plan = _read(study)
    from artwork_insights.pipeline import check_study

    marks = {True: "ok  ", False: "FAIL", None: "info"}
    found = check_study(plan)
    for diagnostic in found:
        typer.echo(f"{marks[diagnostic.passed]}  {diagnostic.name}: {diagnostic.sentence}")
    if any(diagnostic.passed is False for diagnostic in found):
        raise typer.Exit(1)


@app.command()
def run(study: StudyFile, out: OutFolder = Path("run")) -> None:
    """Run a study and write its report."""
    plan = _read(study)
    from artwork_insights.pipeline import run_study

    run_study(plan, out, progress=_tell, track=_bar("image"))
    typer.echo(f"Report: {out / 'report.html'}")


@app.command()
def report(
    run_dir: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", parser=path_for("RUN_DIR"), help="Folder that run wrote.")
    ],
) -> None:
    """Draw the report of a finished run again."""
    from artwork_insights.publish import redraw

    typer.echo(f"Report: {redraw(run_dir)}")


@app.command()
def doctor() -> None:
    """Print versions, device and weights at hand."""
    from artwork_insights.doctor import examine

    typer.echo("\n".join(examine()))


@app.command()
def schedule(
    study: StudyFile,
    out: OutFolder,
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Date of the run, YYYY-MM-DD.")],
) -> None:
    """Run a study into a dated folder, once per date."""
    from artwork_insights.schedule import run_scheduled

    typer.echo(run_scheduled(study, out, as_of.date()).sentence)
