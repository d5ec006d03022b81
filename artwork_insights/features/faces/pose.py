"""How heads are held, from the five landmarks of a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork_insights.features.faces.detector import Faces

_TURNED = 0.3
_SMALLEST_PARTNER = 0.5


@dataclass(frozen=True, slots=True)
class Pose:
    """Pose of one head; every number but the first is NaN where both eyes fall on one point.

    Attributes
    ----------
    eyes_distance_px : float
        Between the eyes, pixels of the original.
    roll_degrees : float
        Angle of the line from the eye on the left to the one on the right: 0 level, positive clockwise, -180 to 180.
    yaw : float
        Proxy of the turn of the head, -1 to 1: how far the nose lies from the middle between the eyes, along their
        line, in half distances of the eyes. 0 looks straight ahead, positive towards the right edge of the picture; it
        stays at -1 or 1 from where the nose reaches an eye. For a nose that stands out by half the distance of the eyes
        it is the tangent of the angle.
    mouth_width_ratio : float
        Distance of the corners of the mouth over that of the eyes. A smile widens the mouth; so does a turned head,
        which narrows the eyes' distance in the picture by about as much as the mouth's.
    """

    eyes_distance_px: float
    roll_degrees: float
    yaw: float
    mouth_width_ratio: float


def measure_pose(faces: Faces) -> dict[str, bool | float]:
    """Pose of the largest face and of the two largest together; see `catalog.columns.faces`."""
    look = looking_at_each_other(faces)
    if not len(faces.scores):
        names = ("roll_degrees", "yaw", "eyes_distance", "mouth_width_ratio")
        return {f"face_{name}_largest": float("nan") for name in names} | {"faces_look_at_each_other": look}
    pose = head_pose(faces.landmarks[0])
    return {
        "face_roll_degrees_largest": pose.roll_degrees,
        "face_yaw_largest": pose.yaw,
        "face_eyes_distance_largest": pose.eyes_distance_px / faces.width_px,
        "face_mouth_width_ratio_largest": pose.mouth_width_ratio,
        "faces_look_at_each_other": look,
    }


def head_pose(landmarks: npt.NDArray[np.float32]) -> Pose:
    """Pose from landmarks of shape (5, 2): eye on the left of the picture, eye on the right, nose, mouth corners."""
    left_eye, right_eye, nose, mouth_left, mouth_right = landmarks.astype(np.float64)
    across = right_eye - left_eye
    eyes_distance = float(np.hypot(*across))
    if eyes_distance == 0:
        return Pose(0.0, float("nan"), float("nan"), float("nan"))
    offset = float((nose - (left_eye + right_eye) / 2) @ across) / eyes_distance**2
    return Pose(
        eyes_distance_px=eyes_distance,
        roll_degrees=float(np.degrees(np.arctan2(across[1], across[0]))),
        yaw=float(np.clip(2 * offset, -1, 1)),
        mouth_width_ratio=float(np.hypot(*(mouth_right - mouth_left))) / eyes_distance,
    )


def looking_at_each_other(faces: Faces) -> bool:
    """Whether the two largest faces turn towards each other, by the yaw proxy.

    The left one has a yaw above 0.3 and the right one below -0.3, their centres are no further apart in height than
    their mean height, and the smaller one is at least half as high as the larger.
    """
    if len(faces.scores) < 2:
        return False
    boxes = faces.boxes[:2].astype(np.float64)
    heights = boxes[:, 3] - boxes[:, 1]
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    left, right = np.argsort(x, kind="stable")
    level = abs(float(y[0] - y[1])) <= heights.mean() and heights.min() >= _SMALLEST_PARTNER * heights.max()
    turned = head_pose(faces.landmarks[left]).yaw > _TURNED and head_pose(faces.landmarks[right]).yaw < -_TURNED
    return bool(level and turned)
