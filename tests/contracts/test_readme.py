"""The README is made of commands that exist."""

from __future__ import annotations

import re

import pytest
import typer.main

from artwork_insights.cli import app
from tests.contracts.sources import ROOT

MOST_LINES = 120
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def code(text: str) -> str:
    """Fenced blocks and inline code, continued lines joined."""
    fenced = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*fenced, *inline]).replace("\\\n", " ")


def faults(text: str) -> list[str]:
    """Commands and options in the code of a text that the command line does not know."""
    found = []
    for verb, rest in re.findall(r"artwork-insights ([a-z][a-z-]*)([^\n|>#]*)", code(text)):
        if verb not in COMMANDS:
            found.append(f"no verb {verb!r}")
            continue
        known = {option for parameter in COMMANDS[verb].params for option in parameter.opts} | {"--help"}
        found += [f"{verb} has no {option}" for option in re.findall(r"(?<=\s)--[a-z-]+", rest) if option not in known]
    return found


def test_the_readme_is_short(readme: str) -> None:
    assert len(readme.splitlines()) <= MOST_LINES


def test_every_command_of_the_readme_exists(readme: str) -> None:
    assert "artwork-insights " in code(readme)
    assert faults(readme) == []


def test_an_unknown_verb_and_an_unknown_option_are_noticed() -> None:
    text = "```sh\n$ artwork-insights frobnicate\n$ artwork-insights run study.toml \\\n    --fast\n```\n"
    assert faults(text) == ["no verb 'frobnicate'", "run has no --fast"]


def test_every_make_target_of_the_readme_exists(readme: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = set(re.findall(r"(?:^|\s|`)make ([a-z]+)", code(readme)))
    assert {"demo", "test"} <= asked <= targets


def test_every_relative_link_of_the_readme_leads_somewhere(readme: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", readme)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_verb_of_the_architecture_is_there() -> None:
    verbs = "demo init extract contact-sheet columns take-rate mine check run report advise plan-labels doctor schedule"
    assert sorted(COMMANDS) == sorted(verbs.split())
