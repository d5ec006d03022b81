"""Mined hypotheses as TOML that can be pasted into a study file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from artwork_insights.mining.mined import MinedHypothesis, MiningResult


def hypotheses_toml(result: MiningResult) -> str:
    """The survivors as TOML; ends with a line break."""
    head = [
        result.sentence,
        "To estimate them on titles that did not suggest them, paste the tables below into the study file and set",
        f'[study] titles = "confirming" with seed = {result.seed}. An association found here is no effect yet.',
    ]
    blocks = [_comment(head), *(_table(hypothesis) for hypothesis in result.survivors)]
    return "\n\n".join(blocks) + "\n"


def _table(hypothesis: MinedHypothesis) -> str:
    found = hypothesis.evidence
    alike = ", ".join(name for name in hypothesis.group if name != hypothesis.treatment)
    comments = [
        f"Found: {1000 * found.slope_per_sd:+.3g} takes per 1,000 impressions for one standard deviation more "
        f"(standard error {1000 * found.std_error:.2g}, q = {found.q_value:.2g}; "
        f"{found.n_assets:,} assets of {found.n_titles:,} titles).",
        f"Stands for its group of correlated features: {alike}." if alike else "No other feature is much like it.",
    ]
    keys = {
        "name": _text(hypothesis.name),
        "statement": _text(hypothesis.statement),
        "source": _text("mined"),
        "treatment": _text(hypothesis.treatment),
        "confounders": _list(hypothesis.confounders),
        "effect_modifiers": _list(hypothesis.effect_modifiers),
    }
    return "\n".join(["[[hypothesis]]", _comment(comments), *(f"{key} = {value}" for key, value in keys.items())])


def _text(value: str) -> str:
    """A TOML basic string; its escapes are those of JSON, and DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"


def _comment(lines: Sequence[str]) -> str:
    """Comment lines; control characters of untrusted names become spaces."""
    return "\n".join("# " + "".join(c if c.isprintable() else " " for c in line) for line in lines)
