"""The verb `extract`: its options, and how it ends when it is stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

import typer

from artwork_insights.errors import OutputError

_STATUS_OF_SIGNALS = 128  # a shell's convention: 130 for an interrupt, 143 for a request to terminate


def path_for(name: str, *, kind: str = "folder") -> Callable[[str], Path]:
    """Reader of a path; empty text, as an unset variable leaves it, is refused and not taken for the current folder."""

    def read(text: str | Path) -> Path:
        if not str(text).strip():
            raise OutputError(f"{name} is empty; it needs a {kind}.")
        return Path(text)

    return read


def extract(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGES...", help="Folders, globs, files, archives, or a manifest (asset_id, location)."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", parser=path_for("--out"), help="Folder to write into; made where missing."
        ),
    ],
    features: Annotated[
        list[str] | None,
        typer.Option(metavar="GROUPS", help="Such as faces,colour; all for all. Further groups extend an output."),
    ] = None,
    mode: Annotated[
        Literal["default", "fast", "exact"], typer.Option(help="Of the face detector; on a GPU, default means fast.")
    ] = "default",
    workers: Annotated[int, typer.Option(min=0, help="Measuring processes; 0 means one per core.")] = 0,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where networks run.")] = "auto",
    runtime: Annotated[
        Literal["auto", "torch", "openvino"], typer.Option(help="What runs networks on a CPU; auto: openvino if there.")
    ] = "auto",
    engine: Annotated[Literal["local", "ray"], typer.Option(help="This machine, or a Ray cluster.")] = "local",
    embedding: Annotated[str, typer.Option(help="A backbone of models/manifest.toml, layout, none, or auto.")] = "auto",
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=path_for("--weights", kind="file"),
            help="Weights of the backbone, instead of a download.",
        ),
    ] = None,
    retry_failures: Annotated[bool, typer.Option("--retry-failures", help="Measure again what had failed.")] = False,
    seconds_per_image: Annotated[
        float, typer.Option(min=0.1, max=86_400, metavar="S", help="An image that takes longer is a failure.")
    ] = 60.0,
    log_json: Annotated[bool, typer.Option("--log-json", help="Progress as lines of JSON on stderr.")] = False,
) -> None:
    """Measure every image: faces, colour, composition, lettering, near-duplicates, an embedding."""
    from artwork_insights.features.extraction import progress
    from artwork_insights.features.extraction.extract import extract_features, find_sources

    groups = [name.strip() for text in features or () for name in text.split(",")]
    with _going_on_later():
        summary = extract_features(
            find_sources(images),
            out,
            features=groups,
            mode=mode,
            device=device,
            runtime=runtime,
            workers=workers,
            engine=engine,
            embedding=embedding,
            weights=weights,
            retry_failures=retry_failures,
            seconds_per_image=seconds_per_image,
            progress=progress.log_json if log_json else progress.show_bar,
        )
    typer.echo(summary.sentence)


@contextmanager
def _going_on_later() -> Iterator[None]:
    """End an interrupted or terminated run with one sentence that says how to go on."""
    received = signal.SIGINT

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal received
        received = signal.Signals(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; what was finished is kept: run the same command again to go on from there.\n")
        raise typer.Exit(_STATUS_OF_SIGNALS + received) from None
    finally:
        signal.signal(signal.SIGTERM, before)
