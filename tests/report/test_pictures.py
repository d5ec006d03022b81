"""Pictures as data URIs."""

from __future__ import annotations

import base64
import hashlib

from artwork_insights.report.pictures import picture_name, picture_uri


def test_the_name_of_a_picture_is_the_digest_of_the_asset():
    assert picture_name("a/b.jpg") == hashlib.sha256(b"a/b.jpg").hexdigest()[:16] + ".jpg"


def test_a_hostile_identifier_cannot_leave_the_folder():
    assert "/" not in picture_name("../../etc/passwd")


def test_a_picture_stands_inside_the_uri(run_dir):
    uri = picture_uri(run_dir, "t0/with")
    assert uri is not None
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(body) == (run_dir / "pictures" / picture_name("t0/with")).read_bytes()


def test_a_missing_picture_and_a_file_that_is_no_jpeg_give_none(run_dir):
    (run_dir / "pictures" / picture_name("fake")).write_bytes(b"<svg onload=alert(1)>")
    assert picture_uri(run_dir, "missing") is None
    assert picture_uri(run_dir, "fake") is None
