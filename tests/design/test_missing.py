"""The explainer: counted by hand on a catalogue where documentaries in one country show almost no face."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from artwork_insights.design.overlap import check_overlap


def catalogue(n_titles=30, n_artworks=4, genres=("Drama", "Documentary"), countries=("BR", "JP")):
    """Every title has artwork with and without a face, in every country."""
    rows = [
        (f"{genre}{t}", f"{genre}{t}/{a}", genre, country, a % 2)
        for genre in genres
        for t in range(n_titles)
        for a in range(n_artworks)
        for country in countries
    ]
    return pd.DataFrame(rows, columns=["title", "asset", "genre", "country", "face"])


def explain(table, propensity=0.5, **options):
    p = np.broadcast_to(np.asarray(propensity, float), len(table))
    return check_overlap(
        table["face"], p, groups=table[["country", "genre"]], clusters=table["title"], assets=table["asset"],
        component="a face", **options,
    ).missing  # fmt: skip


def almost_no_face(table, rows, with_face=2):
    """No artwork of `rows` shows a face but those of the first `with_face` titles."""
    few = set(table.loc[rows, "title"].unique()[:with_face])
    return table.assign(face=table["face"].where(~rows | table["title"].isin(few), 0))


def test_where_every_group_has_titles_of_both_kinds_nothing_is_missing():
    assert explain(catalogue()) == ()


def test_documentaries_in_japan_are_named_in_words_with_what_to_make():
    table = catalogue()
    rows = (table["genre"] == "Documentary") & (table["country"] == "JP")
    table = almost_no_face(table, rows)
    (missing,) = explain(table)
    assert (missing.modifier, missing.group) == ("genre, country", "Documentary in JP")
    assert (missing.n_artworks, missing.n_treated) == (120, 4)  # artworks; 30 titles of 4
    assert (missing.n_titles, missing.n_titles_comparable) == (30, 2)
    assert (missing.n_to_make_with, missing.n_to_make_without) == (8, 0)
    assert missing.sentence == (
        "Documentary in JP: 4 of 120 artworks show a face; 2 of 30 titles can be compared with artwork both with and "
        "without a face."
    )
    assert missing.advice == (
        "To learn the effect there, make about 8 artworks with a face, one for each title that has none or hardly any "
        "(10 titles with both are the fewest that a comparison needs)."
    )


def test_making_what_is_advised_is_enough_and_one_less_is_not():
    table = catalogue()
    rows = (table["genre"] == "Documentary").to_numpy()
    poor = almost_no_face(table, pd.Series(rows), with_face=3)
    (genre,) = explain(poor)
    assert (genre.modifier, genre.group) == ("genre", "Documentary")  # its countries are not named again
    lacking = [t for t in poor.loc[rows, "title"].unique() if poor.loc[poor["title"] == t, "face"].sum() == 0]

    def made(number):
        new = poor[rows].drop_duplicates(["title", "country"])
        new = new[new["title"].isin(lacking[:number])].assign(face=1)
        return pd.concat([poor, new.assign(asset=new["asset"] + "/new")])

    assert explain(made(genre.n_to_make_with)) == ()
    assert len(explain(made(genre.n_to_make_with - 1))) == 1


def test_artworks_are_counted_once_however_many_countries_they_have():
    table = catalogue(countries=("BR", "JP", "SE"))
    (genre,) = explain(almost_no_face(table, table["genre"] == "Documentary", with_face=1))
    assert (genre.n_artworks, genre.n_treated) == (120, 2)


def test_a_larger_number_of_titles_is_advised_where_the_effect_of_interest_asks_for_it():
    table = catalogue()
    (missing,) = explain(almost_no_face(table, table["genre"] == "Documentary"), titles_needed=26)
    assert missing.n_to_make_with == 24
    assert missing.advice.endswith(
        "(about 26 titles with both would make the interval as narrow as the smallest effect of interest)."
    )
    (short,) = explain(almost_no_face(table, table["genre"] == "Documentary"), titles_needed=50)
    assert "make about 28 artworks with a face" in short.advice
    assert "add 20 further titles with artwork of both kinds" in short.advice


def test_the_kind_that_is_rare_is_the_one_to_make():
    table = catalogue()
    flipped = almost_no_face(table, table["genre"] == "Documentary")
    flipped["face"] = 1 - flipped["face"]
    (missing,) = explain(flipped)
    assert (missing.n_to_make_with, missing.n_to_make_without) == (0, 8)


def test_titles_without_overlap_cannot_be_compared_though_they_vary():
    table = catalogue()
    p = np.where((table["genre"] == "Documentary") & (table["face"] == 1), 0.02, 0.5)
    (missing,) = explain(table, p)
    assert (missing.n_treated, missing.n_titles_comparable, missing.n_to_make_with) == (60, 0, 10)
    assert explain(table, p, trim=0.01) == ()


@pytest.mark.parametrize(("n_treated", "missing"), [(9, True), (10, False)])
def test_with_one_artwork_per_title_each_side_needs_ten(n_treated, missing):
    face = np.arange(60) < n_treated
    found = check_overlap(face, np.full(60, 0.5), groups={"genre": ["Drama"] * 60}, component="a face").missing
    assert bool(found) == missing
    if missing:
        assert found[0].advice == (
            "To learn the effect there, show about 1 artwork with a face more (10 on each side are needed)."
        )
