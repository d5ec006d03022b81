"""From arrays: an embedding that holds the component is named, one that does not is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights import guard_confounders
from artwork_insights.errors import NotIdentifiedError

BLOCKS = ["launch year", *["embedding"] * 4]


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    title = np.repeat(np.arange(100), 6)
    treatment = rng.random(600) < 0.4
    frame = pd.DataFrame(rng.normal(size=(600, 5)), columns=["year", "e0", "e1", "e2", "e3"])
    return treatment, frame, title


def test_a_block_that_holds_the_component_is_named_and_a_harmless_one_is_not(drawn):
    treatment, frame, title = drawn
    harmless = guard_confounders(treatment, frame, title, blocks=BLOCKS)
    assert harmless.encoding == ()
    assert harmless.together.variance_left > 0.5
    assert [(block.block, block.n_columns) for block in harmless.blocks] == [("launch year", 1), ("embedding", 4)]
    frame["e2"] += 20 * treatment
    found = guard_confounders(treatment, frame, title, blocks=BLOCKS)
    assert found.encoding == ("embedding",)
    assert found.together.variance_left < 0.05 < found.blocks[1].without.variance_left


def test_without_names_every_column_is_a_block_and_text_is_one(drawn):
    treatment, frame, _ = drawn
    frame["genre"] = np.where(frame["e0"] > 0, "Drama", np.where(frame["e1"] > 0, "Comedy", "Action"))
    found = guard_confounders(treatment, frame)
    assert [block.block for block in found.blocks] == list(frame.columns)
    assert found.blocks[-1].n_columns == 3


def test_a_continuous_component_is_scored_by_its_explained_variance(drawn):
    _, frame, title = drawn
    found = guard_confounders(2 * frame["e1"] + 0.1 * frame["e2"], frame[["e0", "e1"]], title)
    assert found.score_name == "r2"
    assert found.blocks[1].alone.score > 0.9 > found.blocks[0].alone.score


@pytest.mark.parametrize("blocks", [BLOCKS[1:], "embedding"])
def test_another_number_of_blocks_is_refused(drawn, blocks):
    treatment, frame, title = drawn
    with pytest.raises(NotIdentifiedError, match="must name a block for each of the 5 columns"):
        guard_confounders(treatment, frame, title, blocks=blocks)
