"""Groups of correlated features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from artwork_insights.mining.correlated import correlations, group_correlated


def drawn(n: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n))
    frame = pd.DataFrame({"a": a, "b": b, "like_a": a + 0.3 * rng.normal(size=n)})
    frame["minus_a"] = 5 - 2 * frame["a"] + 0.3 * rng.normal(size=n)
    frame["holes"] = frame["b"].where(frame["b"] > -0.5) * 10
    frame["constant"] = 3.0
    return frame


def test_correlations_agree_with_pandas() -> None:
    frame = drawn()
    expected = frame.corr().fillna(0.0).to_numpy(copy=True)
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(correlations(frame.to_numpy()), expected, atol=1e-12)


def test_features_that_measure_the_same_are_one_group_whatever_the_sign() -> None:
    frame = drawn()
    groups = group_correlated(list(frame.columns), frame.to_numpy(), 0.7)
    assert groups == (("a", "like_a", "minus_a"), ("b", "holes"), ("constant",))


def test_a_chain_does_not_join_features_that_have_nothing_in_common() -> None:
    rng = np.random.default_rng(1)
    steps = [rng.normal(size=4000)]
    for _ in range(7):
        steps.append(0.75 * steps[-1] + np.sqrt(1 - 0.75**2) * rng.normal(size=4000))
    names = [f"step_{i}" for i in range(8)]
    groups = group_correlated(names, np.column_stack(steps), 0.7)
    assert max(len(group) for group in groups) <= 2  # single linkage would make one group of eight
    assert sorted(name for group in groups for name in group) == names


def test_one_feature_is_one_group_and_none_is_none() -> None:
    assert group_correlated(["a"], np.zeros((5, 1)), 0.7) == (("a",),)
    assert group_correlated([], np.zeros((5, 0)), 0.7) == ()
