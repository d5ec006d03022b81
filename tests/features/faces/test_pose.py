"""Heads whose pose is known: a model of a head in space, and photographs that are turned and mirrored."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from artwork_insights.features.faces.detector import Faces
from artwork_insights.features.faces.pose import head_pose, looking_at_each_other, measure_pose

LANDMARK_DEGREES = 3.0  # the detector's landmarks move by about a pixel when the picture is turned
LANDMARK_YAW = 0.15
NOSE_DEPTH = 0.5  # of the distance of the eyes, of the model

EYES_AND_MOUTH = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.55, NOSE_DEPTH], [-0.4, 1.1, 0.05], [0.4, 1.1, 0.05]])


def _seen(yaw: float = 0, roll: float = 0, scale: float = 80, at: tuple[float, float] = (200, 150)) -> np.ndarray:
    """Landmarks of the model, turned by `yaw` to the right edge and by `roll` clockwise, without perspective."""
    turn, tilt = np.radians(yaw), np.radians(roll)
    x = EYES_AND_MOUTH[:, 0] * np.cos(turn) + EYES_AND_MOUTH[:, 2] * np.sin(turn)
    y = EYES_AND_MOUTH[:, 1]
    flat = np.stack([x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], axis=1)
    return (flat * scale + at).astype(np.float32)


def _pair(left: np.ndarray, right: np.ndarray, *, second: tuple[float, float, float, float]) -> Faces:
    boxes = np.array([[100, 100, 200, 220], second], np.float32)
    return Faces(boxes, np.array([0.9, 0.9], np.float32), np.stack([left, right]), 600, 400)


def _turned(pixels: np.ndarray, degrees: float) -> np.ndarray:
    """The head of the astronaut, turned clockwise about its middle: 240 pixels a side."""
    matrix = cv2.getRotationMatrix2D((225, 117), -degrees, 240 / 260)
    matrix[:, 2] += (120 - 225, 120 - 117)
    return cv2.warpAffine(pixels, matrix, (240, 240), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


@pytest.fixture(scope="module")
def largest() -> Iterator[Callable[[np.ndarray], np.ndarray]]:
    """Landmarks of the surest face, as facenet-pytorch finds them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small pictures: threads would only wait for each other
    peer = MTCNN(keep_all=True, device=torch.device("cpu"))

    def find(pixels: np.ndarray) -> np.ndarray:
        _, scores, points = peer.detect(pixels, landmarks=True)
        return np.asarray(points[int(np.argmax(scores))], np.float32)

    yield find
    torch.set_num_threads(threads)


@pytest.mark.parametrize("roll", [-80, -30, -5, 0, 12, 45, 120])
@pytest.mark.parametrize("yaw", [-30, 0, 20])
def test_roll_is_the_angle_of_the_head_whatever_its_turn(roll: float, yaw: float) -> None:
    assert head_pose(_seen(yaw, roll)).roll_degrees == pytest.approx(roll, abs=1e-3)


@pytest.mark.parametrize("yaw", [-40, -20, -5, 0, 5, 20, 40])
@pytest.mark.parametrize("roll", [0, 35])
def test_yaw_is_the_tangent_of_the_turn_whatever_the_roll_and_the_size(yaw: float, roll: float) -> None:
    for scale in (20, 80):
        assert head_pose(_seen(yaw, roll, scale)).yaw == pytest.approx(np.tan(np.radians(yaw)), abs=1e-3)


def test_yaw_grows_with_the_turn_and_stays_at_one_in_profile() -> None:
    turns = [head_pose(_seen(yaw)).yaw for yaw in range(-85, 90, 5)]
    assert np.all(np.diff(turns) >= -1e-6) and turns[0] == -1 and turns[-1] == 1


def test_the_width_of_the_mouth_is_measured_in_distances_of_the_eyes() -> None:
    assert head_pose(_seen()).mouth_width_ratio == pytest.approx(0.8, abs=1e-5)
    assert head_pose(_seen(30, 20)).mouth_width_ratio == pytest.approx(0.8, abs=1e-5)
    smile = _seen()
    smile[3:, 0] += (-8, 8)
    assert head_pose(smile).mouth_width_ratio == pytest.approx(1.0, abs=1e-5)


def test_eyes_in_one_point_leave_the_pose_open() -> None:
    pose = head_pose(np.full((5, 2), 7, np.float32))
    assert pose.eyes_distance_px == 0
    assert np.isnan([pose.roll_degrees, pose.yaw, pose.mouth_width_ratio]).all()


@pytest.mark.parametrize("degrees", [-20, 10, 25])
def test_roll_recovers_the_angle_by_which_a_photograph_was_turned(
    degrees: float, astronaut: np.ndarray, largest: Callable[[np.ndarray], np.ndarray]
) -> None:
    before, after = (head_pose(largest(_turned(astronaut, angle))) for angle in (0, degrees))
    assert after.roll_degrees - before.roll_degrees == pytest.approx(degrees, abs=LANDMARK_DEGREES)
    assert after.eyes_distance_px == pytest.approx(before.eyes_distance_px, rel=0.1)
    assert after.yaw == pytest.approx(before.yaw, abs=LANDMARK_YAW)


def test_mirroring_a_photograph_turns_the_roll_round(
    astronaut: np.ndarray, largest: Callable[[np.ndarray], np.ndarray]
) -> None:
    picture = _turned(astronaut, 20)
    before, after = (head_pose(largest(np.ascontiguousarray(p))) for p in (picture, picture[:, ::-1]))
    assert after.roll_degrees == pytest.approx(-before.roll_degrees, abs=LANDMARK_DEGREES)
    assert after.yaw == pytest.approx(-before.yaw, abs=LANDMARK_YAW)
    assert before.mouth_width_ratio == pytest.approx(after.mouth_width_ratio, rel=0.1)


def test_two_heads_look_at_each_other_only_when_both_turn_inwards_on_one_level() -> None:
    beside, below, small = (300, 110, 400, 230), (300, 250, 400, 370), (300, 140, 340, 185)
    inwards, outwards, ahead = _seen(30), _seen(-30), _seen(0)
    assert looking_at_each_other(_pair(inwards, outwards, second=beside)) is True
    assert looking_at_each_other(_pair(outwards, inwards, second=beside)) is False
    assert looking_at_each_other(_pair(inwards, ahead, second=beside)) is False
    assert looking_at_each_other(_pair(inwards, inwards, second=beside)) is False
    assert looking_at_each_other(_pair(inwards, outwards, second=below)) is False
    assert looking_at_each_other(_pair(inwards, outwards, second=small)) is False


def test_the_order_of_detection_does_not_matter_to_who_stands_left() -> None:
    faces = _pair(_seen(-30), _seen(30), second=(10, 100, 90, 200))
    assert looking_at_each_other(faces) is True
    assert measure_pose(faces)["faces_look_at_each_other"] is True


def test_the_distance_of_the_eyes_is_a_share_of_the_width() -> None:
    faces = _pair(_seen(), _seen(), second=(300, 110, 400, 230))
    assert measure_pose(faces)["face_eyes_distance_largest"] == pytest.approx(80 / 600)
