"""A recommender with three audiences that shows each artwork of a title to those who like it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Log:
    """Columns of the log, and what only the simulator knows: each artwork's rate over the whole audience."""

    asset: list[str]
    title: list[str]
    audience: list[str]
    impressions: list[int]
    takes: list[int]
    propensity: list[float]
    rate_of: dict[str, float]
    treated_of: dict[str, int]


def serve(
    seed: int, n_titles: int = 60, n_assets: int = 4, shown: int = 4000, preference: float = 1.5,
    component_taste: float = 0.0,
) -> Log:  # fmt: skip
    """Draw a log; `preference` is the power of taste with which likers are favoured, 0 for none.

    With `component_taste` the audience that takes most also likes the component, and the others dislike it by as much:
    over the whole audience of a title the component does nothing.
    """
    rng = np.random.default_rng(seed)
    log = Log([], [], [], [], [], [], {}, {})
    for title in range(n_titles):
        mix = rng.dirichlet([3, 2, 1])
        level = rng.uniform(0.03, 0.1) * np.array([0.6, 1.0, 2.2])
        treated = rng.permutation(np.arange(n_assets) % 2)
        taste = np.exp(rng.normal(0, 0.5, (n_assets, 3)))
        if component_taste:
            towards = np.exp(component_taste * np.array([-1.0, 0.0, 1.0]))
            taste = np.where(treated[:, None] == 1, towards / (mix @ (level * towards)) * (mix @ level), 1.0)
        rate = np.clip(level * taste, 0, 0.6)
        chance = taste**preference * np.exp(rng.normal(0, 0.3, (n_assets, 1)))
        chance /= chance.sum(axis=0)
        for audience, n in enumerate(rng.multinomial(shown, mix)):
            for a, k in enumerate(rng.multinomial(n, chance[:, audience])):
                if k:
                    log.asset.append(f"{title}-{a}")
                    log.title.append(str(title))
                    log.audience.append("xyz"[audience])
                    log.impressions.append(int(k))
                    log.takes.append(int(rng.binomial(k, rate[a, audience])))
                    log.propensity.append(float(chance[a, audience]))
        for a in range(n_assets):
            log.rate_of[f"{title}-{a}"] = float(mix @ rate[a])
            log.treated_of[f"{title}-{a}"] = int(treated[a])
    return log
