"""Findings that speak of one thing are not added up; of a family one stands for all."""

from __future__ import annotations

import dataclasses

import numpy as np

from artwork_insights.advising.components import Component, Shape
from artwork_insights.advising.families import choose_components
from artwork_insights.advising.support import Likeness
from tests.report.conftest import make_finding, make_question


def component(
    name: str, treatment: str, *, shape: Shape = "condition", values: tuple[float, ...] = (0.0, 1.0),
    confounders: tuple[str, ...] = (), word: str = "supported", is_local: bool = False, is_exception: bool = False,
) -> Component:  # fmt: skip
    finding = make_finding(question=make_question(name, name, treatment=treatment, confounders=confounders))
    finding = dataclasses.replace(finding, verdict=dataclasses.replace(finding.verdict, word=word))
    return Component(
        finding, shape, np.array(values)[:, None], np.array([1.0]), np.eye(1), 50.0, ("",) * len(values), "", is_local,
        is_exception,
    )  # fmt: skip


def used(*components: Component, likenesses: tuple[Likeness, ...] = ()) -> list[str]:
    found, unused = choose_components(components, likenesses)
    assert len(found) + len(unused) == len(components)
    return [member.finding.question.name for member in found]


FACE = component("face", "face_present")
CROWD = component("crowd", "face_count > 3")
SIZE = component("size", "face_area_share_mean", shape="slope")
LIGHT = component("light", "lightness_mean", shape="curve")


def test_two_findings_of_the_same_faces_are_not_added_whatever_their_correlation():
    unrelated = (Likeness("face", "crowd", 0.0), Likeness("face", "size", 0.0), Likeness("crowd", "size", 0.0))
    assert used(FACE, CROWD, likenesses=unrelated) == ["face"]
    assert used(SIZE, CROWD, likenesses=unrelated) == ["crowd"]


def test_findings_that_do_not_go_together_are_added():
    assert used(FACE, LIGHT, likenesses=(Likeness("face", "light", 0.1),)) == ["face", "light"]
    assert used(FACE, LIGHT, likenesses=(Likeness("face", "light", -0.4),)) == ["light"]
    assert used(FACE, LIGHT, likenesses=(Likeness("face", "light", None),)) == ["light"]


def test_findings_that_hold_each_other_fixed_are_added_though_they_go_together():
    face = component("face", "face_present", confounders=("lightness_mean",))
    light = component("light", "lightness_mean", confounders=("face_present",))
    related = (Likeness("face", "light", 0.6),)
    assert used(face, light, likenesses=related) == ["face", "light"]
    assert used(face, LIGHT, likenesses=related) == ["light"]  # the control: only one holds the other


def test_families_are_joined_through_a_common_member():
    warm = component("warm", "warm_share")
    related = (Likeness("face", "light", 0.0), Likeness("face", "warm", 0.5), Likeness("light", "warm", 0.5))
    assert used(FACE, LIGHT, warm, likenesses=related) == ["light"]
    assert used(FACE, LIGHT, likenesses=related) == ["face", "light"]


def test_the_finest_finding_in_which_the_images_differ_stands_for_its_family():
    arms = component("arms", "face_count", shape="arms")
    alike = component("alike", "face_count", shape="arms", values=(1.0, 1.0))
    assert used(FACE, arms) == ["arms"]
    assert used(FACE, alike) == ["face"]
    assert used(component("caveat", "face_present", word="supported_with_caveats"), FACE) == ["face"]
    assert used(FACE, component("local", "face_count > 3", is_local=True)) == ["local"]


def test_where_the_title_s_group_is_an_exception_averages_over_others_step_back():
    arms = component("arms", "face_count", shape="arms")
    local = component("local", "face_count > 3", is_local=True)
    exception = component("exception", "face_present", is_local=True, is_exception=True)
    alike = component("alike", "face_present", is_local=True, is_exception=True, values=(1.0, 1.0))
    assert used(arms, exception) == ["exception"]
    assert used(arms, local, alike) == ["local"]
    assert used(arms, local) == ["arms"]  # the control: no exception
