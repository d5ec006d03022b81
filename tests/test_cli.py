"""The command line: each verb reaches its function with what was typed, and a refusal is one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock, create_autospec

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from artwork_insights.cli import app
from artwork_insights.diagnostic import Diagnostic
from artwork_insights.errors import ArtworkInsightsError

TITLES = pd.DataFrame({"title_id": ["t1", "t2", "t3", "t4"], "genre": ["Drama", "Comedy"] * 2, "year": [1, 2, 3, 4]})
ASSETS = pd.DataFrame(
    {
        "asset_id": [f"a{i}" for i in range(8)],
        "title_id": ["t1", "t1", "t2", "t2", "t3", "t3", "t4", "t4"],
        "location": [f"a{i}.jpg" for i in range(8)],
    }
)
LOG = pd.DataFrame(
    [(asset, country, 1000, 100 + i) for i, asset in enumerate(ASSETS["asset_id"]) for country in ("BR", "SE")],
    columns=["asset_id", "country", "impressions", "takes"],
)
STUDY = """
[study]
name = "faces"
[data]
assets = "assets.csv"
titles = "titles.csv"
impressions = "impressions.csv"
[[hypothesis]]
name = "face_present"
treatment = "face_present"
"""
Typed = Callable[..., Result]
Stand = Callable[..., MagicMock]


@pytest.fixture
def typed() -> Typed:
    """Run the command line in this process."""
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Replace a function by a double that still insists on the function's own signature."""

    def replace(place: str, returns: object = None, raises: BaseException | None = None) -> MagicMock:
        module_name, name = place.rsplit(".", 1)
        module = __import__(module_name, fromlist=[name])
        double: MagicMock = create_autospec(getattr(module, name), return_value=returns, side_effect=raises)
        monkeypatch.setattr(module, name, double)
        return double

    return replace


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for name, table in (("assets", ASSETS), ("titles", TITLES), ("impressions", LOG)):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def refused(result: Result) -> str:
    """The one sentence of a refusal."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    return sentence


# -- status and streams


def test_an_unknown_verb_is_wrong_usage(typed: Typed) -> None:
    result = typed("frobnicate")
    assert result.exit_code == 2
    assert "No such command 'frobnicate'" in result.stderr


def test_a_missing_argument_is_wrong_usage(typed: Typed, tmp_path: Path) -> None:
    assert typed("run").exit_code == 2
    assert typed("extract", tmp_path).exit_code == 2, "--out is not given"
    assert typed("schedule", "study.toml", "--out", tmp_path, "--as-of", "yesterday").exit_code == 2


def test_a_choice_that_is_unknown_is_refused_with_those_that_are_known(typed: Typed, tmp_path: Path) -> None:
    result = typed("extract", tmp_path, "--out", tmp_path / "out", "--mode", "turbo")
    assert result.exit_code == 2
    assert "'--mode': 'turbo' is not one of 'default', 'fast', 'exact'" in result.stderr
    assert "Value error" not in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        "extract a/ --out", "run study.toml --out", "demo --out", "schedule study.toml --as-of 2024-01-31 --out",
        "contact-sheet features --out", "take-rate study.toml --out", "mine study.toml --out", "init", "run",
        "contact-sheet", "report", "extract a/ --out features --weights",
    ],
)  # fmt: skip
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_path_is_not_the_current_folder(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, empty: str
) -> None:
    monkeypatch.chdir(tmp_path)
    sentence = refused(typed(*words.split(), empty))
    assert "is empty; it needs a f" in sentence
    assert "--out" not in words.split()[-1] or sentence.startswith("--out is empty")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_study_file_is_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from artwork_insights.cli import app; app()", "take-rate", "nowhere.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "nowhere.toml does not exist; `artwork-insights init FOLDER` writes a study file from your tables."
    ]


def test_a_reader_that_closes_the_pipe_ends_it_quietly() -> None:
    script = "from artwork_insights.cli import app; app()"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", script, "columns"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interruption_is_status_130(typed: Typed, stand_in: Stand, tmp_path: Path) -> None:
    stand_in("artwork_insights.starter.write_starter", raises=KeyboardInterrupt())
    result = typed("init", tmp_path)
    assert (result.exit_code, result.stderr.strip()) == (130, "Stopped.")


def test_a_fault_of_ours_is_not_dressed_up_as_a_refusal(typed: Typed, stand_in: Stand, tmp_path: Path) -> None:
    stand_in("artwork_insights.starter.write_starter", raises=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        typed("init", tmp_path)


def test_a_path_that_may_not_be_written_is_one_sentence(typed: Typed, study: Path) -> None:
    folder = study.parent / "rates.csv"
    folder.mkdir()
    assert refused(typed("take-rate", study, "--out", folder)).startswith(f"{folder}: Is a directory")


def test_take_rate_into_a_folder_that_is_not_there_is_one_sentence(typed: Typed, study: Path) -> None:
    assert "in a folder that is there" in refused(typed("take-rate", study, "--out", study.parent / "no" / "rates.csv"))


def test_the_version_is_that_of_the_package(typed: Typed) -> None:
    result = typed("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("artwork-insights 0.")


# -- verbs on real tables


def test_init_then_take_rate_on_the_file_it_wrote(typed: Typed, study: Path) -> None:
    study.unlink()
    assert typed("init", study.parent).stdout.startswith(f"Wrote {study}.")
    rates = study.parent / "rates.parquet"
    result = typed("take-rate", study, "--out", rates)
    assert result.exit_code == 0, result.output
    assert "16 rates of 8 assets in 2 countries; 1,656 takes of 16,000 impressions (10.35%)" in result.stdout
    table = pd.read_parquet(rates)
    assert table["take_rate"].tolist() == (LOG["takes"] / LOG["impressions"]).tolist()
    assert "never overwritten" in refused(typed("init", study.parent))


def test_take_rate_writes_only_what_it_can_name(typed: Typed, study: Path) -> None:
    assert "ends in .parquet or .csv" in refused(typed("take-rate", study, "--out", "rates.xlsx"))


def test_a_misspelt_column_is_named_with_the_nearest_one(typed: Typed, study: Path) -> None:
    LOG.rename(columns={"asset_id": "assetid"}).to_csv(study.parent / "impressions.csv", index=False)
    sentence = refused(typed("take-rate", study))
    assert "impressions.csv lacks 'asset_id' (did you mean 'assetid'?)" in sentence


def test_a_misspelt_key_of_the_study_file_is_named_with_the_nearest_one(typed: Typed, study: Path) -> None:
    study.write_text(STUDY + 'confouders = ["genre"]\n')
    assert "unknown key 'confouders'; did you mean 'confounders'?" in refused(typed("take-rate", study))


def test_a_missing_table_is_named(typed: Typed, study: Path) -> None:
    (study.parent / "titles.csv").unlink()
    assert "titles.csv does not exist" in refused(typed("take-rate", study))


@pytest.mark.parametrize(
    ("layout", "start"), [("text", "name"), ("csv", "name,type,unit"), ("markdown", "| name | type")]
)
def test_columns_prints_one_line_per_feature(typed: Typed, layout: str, start: str) -> None:
    from artwork_insights.catalog.columns import COLUMNS_ON_READING, FEATURE_COLUMNS

    lines = typed("columns", "--format", layout).stdout.splitlines()
    assert lines[0].startswith(start)
    assert len(lines) == len(FEATURE_COLUMNS) + len(COLUMNS_ON_READING) + (2 if layout == "markdown" else 1)
    assert any("face_count" in line for line in lines)


def test_doctor_names_the_versions_the_device_and_the_weights(typed: Typed) -> None:
    from artwork_insights.features.embedding.weights import read_backbones

    text = typed("doctor").stdout
    assert "torch " in text
    assert "device" in text
    assert all(name in text for name in read_backbones())


# -- verbs reach their function with what was typed


def test_extract(typed: Typed, stand_in: Stand, tmp_path: Path) -> None:
    sources = object()
    find = stand_in("artwork_insights.features.extraction.extract.find_sources", returns=sources)
    run = stand_in(
        "artwork_insights.features.extraction.extract.extract_features", returns=SimpleNamespace(sentence="2 done.")
    )
    words = (
        "a/", "b/*.jpg", "--out", tmp_path, "--workers", 3, "--embedding", "layout", "--device", "cpu",
        "--weights", "w.pth", "--features", "faces, colour", "--features", "embedding", "--mode", "fast",
        "--runtime", "torch", "--engine", "ray", "--retry-failures", "--seconds-per-image", 2.5,
    )  # fmt: skip
    assert typed("extract", *words).stdout == "2 done.\n"
    assert list(find.call_args.args[0]) == ["a/", "b/*.jpg"]
    assert run.call_args.args == (sources, tmp_path)
    asked = dict(run.call_args.kwargs)
    assert asked.pop("progress").__name__ == "show_bar"
    assert asked == {
        "workers": 3, "embedding": "layout", "device": "cpu", "weights": Path("w.pth"), "mode": "fast",
        "features": ["faces", "colour", "embedding"], "runtime": "torch", "engine": "ray", "retry_failures": True,
        "seconds_per_image": 2.5,
    }  # fmt: skip
    typed("extract", "a/", "--out", tmp_path, "--log-json")
    assert run.call_args.kwargs["features"] == [] and run.call_args.kwargs["progress"].__name__ == "log_json"


def test_a_feature_group_that_is_unknown_is_refused_with_the_nearest(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    result = typed("extract", tmp_path / "a.jpg", "--out", tmp_path / "out", "--features", "color")
    assert "'color' are unknown (did you mean 'colour'?)" in refused(result)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_extraction_that_is_stopped_says_how_to_go_on(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    def stopped(*_: object, **__: object) -> None:
        os.kill(os.getpid(), number)
        time.sleep(5)

    monkeypatch.setattr("artwork_insights.features.extraction.extract.find_sources", stopped)
    before = signal.getsignal(signal.SIGTERM)
    result = typed("extract", "a/", "--out", tmp_path)
    assert result.exit_code == status and result.stdout == ""
    assert result.stderr == "Stopped; what was finished is kept: run the same command again to go on from there.\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interrupt_ends_the_real_command_quietly_and_soon(tmp_path: Path) -> None:
    """While its measuring processes are only starting."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"x")
    code = "from artwork_insights.cli import app; app()"
    command = [sys.executable, "-c", code, "extract", tmp_path / "in", "--out", tmp_path / "out"]
    options = ["--features", "faces", "--log-json", "--workers", "2"]  # whose networks take seconds to load
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None and '"start"' in process.stderr.readline()
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        told = process.stderr.read().splitlines()
        assert process.wait() == 130
    assert time.monotonic() - started < 10
    assert told == ["Stopped; what was finished is kept: run the same command again to go on from there."]
    assert not (tmp_path / "out" / ".lock").exists()


def test_contact_sheet(typed: Typed, stand_in: Stand, tmp_path: Path) -> None:
    place = "artwork_insights.features.viewing.contact_sheet.write_contact_sheet"
    draw = stand_in(place, returns=SimpleNamespace(sentence="2 pictures."))
    words = ("--sort-by", "face_count", "--ascending", "--where", "clutter > 0.1", "--limit", 9, "--pick", "spread")
    assert typed("contact-sheet", tmp_path, *words).stdout == "2 pictures.\n"
    assert draw.call_args.args == (tmp_path, tmp_path / "contact-sheet.html")
    asked = {name: value for name, value in draw.call_args.kwargs.items() if name != "progress"}
    assert asked == {"sort_by": "face_count", "ascending": True, "where": "clutter > 0.1", "limit": 9, "pick": "spread"}
    assert typed("contact-sheet", tmp_path, "--limit", 0).exit_code == 2


def test_demo(typed: Typed, stand_in: Stand, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    demo = stand_in("artwork_insights.demo.run_demo", returns=SimpleNamespace(report=report, table="truth | estimate"))
    assert (
        typed("demo", "--out", tmp_path, "--titles", 40, "--seed", 3).stdout
        == f"truth | estimate\n\nReport: {report}\n"
    )
    assert demo.call_args.args == (tmp_path,)
    assert {name: demo.call_args.kwargs[name] for name in ("titles", "seed")} == {"titles": 40, "seed": 3}


def test_run(typed: Typed, stand_in: Stand, study: Path, tmp_path: Path) -> None:
    run = stand_in("artwork_insights.pipeline.run_study")
    assert typed("run", study, "--out", tmp_path / "out").stdout == f"Report: {tmp_path / 'out' / 'report.html'}\n"
    assert run.call_args.args[0].study.name == "faces"
    assert run.call_args.args[1] == tmp_path / "out"


def test_mine(typed: Typed, stand_in: Stand, study: Path, tmp_path: Path) -> None:
    mine = stand_in("artwork_insights.prospect.mine_study", returns=SimpleNamespace(sentence="3 of 9 groups."))
    out = tmp_path / "found.toml"
    assert typed("mine", study, "--out", out).stdout == f"{out}: 3 of 9 groups.\n"
    assert (mine.call_args.args[0].study.name, mine.call_args.args[1]) == ("faces", out)


def test_check_marks_what_failed(typed: Typed, stand_in: Stand, study: Path) -> None:
    found = (
        Diagnostic("overlap", 0.2, 0.5, False, "Too few assets could have been either."),
        Diagnostic("titles", 300.0, None, None, "There are 300 titles."),
    )
    checking = stand_in("artwork_insights.pipeline.check_study", returns=found)
    checked = typed("check", study)
    assert checked.stdout.splitlines() == [
        "FAIL  overlap: Too few assets could have been either.",
        "info  titles: There are 300 titles.",
    ]
    assert checked.exit_code == 1
    checking.return_value = found[1:]
    assert typed("check", study).exit_code == 0


def test_report(typed: Typed, stand_in: Stand, tmp_path: Path) -> None:
    draw = stand_in("artwork_insights.publish.redraw", returns=tmp_path / "report.html")
    assert typed("report", tmp_path).stdout == f"Report: {tmp_path / 'report.html'}\n"
    draw.assert_called_once_with(tmp_path)


def test_schedule(typed: Typed, stand_in: Stand, study: Path, tmp_path: Path) -> None:
    done = SimpleNamespace(sentence="2026-11-01 is finished.")
    schedule = stand_in("artwork_insights.schedule.run_scheduled", returns=done)
    assert typed("schedule", study, "--out", tmp_path, "--as-of", "2026-11-01").stdout == "2026-11-01 is finished.\n"
    assert schedule.call_args.args == (study, tmp_path, date(2026, 11, 1))


@pytest.mark.parametrize("error", ArtworkInsightsError.__subclasses__())
def test_every_error_of_ours_is_a_refusal(
    typed: Typed, stand_in: Stand, tmp_path: Path, error: type[ArtworkInsightsError]
) -> None:
    stand_in("artwork_insights.starter.write_starter", raises=error("Where, what, and what to do."))
    assert refused(typed("init", tmp_path)) == "Where, what, and what to do."
