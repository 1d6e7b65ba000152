"""The real weights: read as the package reads them, and what they find in pictures of dressed people."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from skin import skin_textures
from understudy.core.plan import Compute
from understudy.media.frame import Frame
from understudy.media.read import VideoReader
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.safety.gate import Terms, decide
from understudy.safety.look import Inspector, Place
from understudy.safety.policy import load_policy
from understudy.vision.gate.families import open_gate
from understudy.vision.roles import Gate

_MOST_ALARMS = 0.02
"""Of plain skin; the textures are made to be mistaken."""


@pytest.fixture(scope="module")
def gate(weights: Cache, sessions: SessionPool) -> Gate:  # noqa: ARG001 (it skips when there are no weights)
    return open_gate(
        weights.catalog["nudenet-320n"], SessionPool(weights, Compute(provider="cpu", threads=1))
    )


@pytest.fixture(scope="module")
def package(weights: Cache) -> Any:
    """The detector of the ``nudenet`` package."""
    # It asks for a private part of ONNX Runtime that it does not use.
    sys.modules.setdefault("onnxruntime.capi._pybind_state", types.ModuleType("_pybind_state"))
    nudenet = pytest.importorskip("nudenet", reason="the dependency group 'reference' is not installed")
    return nudenet.NudeDetector(str(weights.path(weights.catalog["nudenet-320n"])))


def _as_the_package(gate: Gate, pixels: Any, side: int) -> list[tuple[str, float, list[int]]]:
    found = []
    for finding in gate.look(pixels, side):
        assert finding.box is not None
        left, top, right, bottom = finding.box
        found.append((finding.label, finding.score, [left, top, right - left, bottom - top]))
    return found


def test_it_finds_what_the_package_finds(gate: Gate, package: Any, portraits: list[Path]) -> None:
    assert len(portraits) == 33
    several = 0
    for path in portraits:
        pixels = cv2.imread(str(path))
        theirs = package.detect(pixels)
        ours = _as_the_package(gate, pixels, 320)
        assert [row["class"] for row in theirs] == [label for label, _, _ in ours], path
        for row, (_, score, box) in zip(theirs, ours, strict=True):
            assert score == pytest.approx(row["score"], abs=1e-4), path
            # The package cuts to whole pixels.
            assert np.abs(np.array(box) - row["box"]).max() <= 1.01, path
        several += len(theirs) > 1
    assert several > 3


def test_of_a_picture_that_is_no_square_it_finds_nearly_the_same(
    gate: Gate, package: Any, portraits: list[Path]
) -> None:
    pixels = cv2.imread(str(portraits[0]))[:640]
    [theirs], [ours] = package.detect(pixels), _as_the_package(gate, pixels, 320)
    assert (theirs["class"], theirs["score"]) == (ours[0], pytest.approx(ours[1], abs=0.06))


def test_the_control_a_face_in_every_portrait(gate: Gate, portraits: list[Path]) -> None:
    inspector = Inspector(load_policy(), [gate])
    found = [inspector.finds_a_face(Frame.from_bgr(cv2.imread(str(path)))) for path in portraits]
    assert (sum(found), len(found)) == (33, 33)


def _alarms(gate: Gate, pictures: Any) -> tuple[int, int]:
    policy = load_policy()
    terms = Terms(policy, ((gate.name, gate.digest),), {gate.name: gate.exposed}, policy)
    inspector, alarms, count = Inspector(policy, [gate]), 0, 0
    for count, picture in enumerate(pictures, 1):  # noqa: B007
        sample = inspector.look(Place("target", "a.png"), picture, ())
        verdict = decide(terms, [sample], {"target"})
        alarms += type(verdict).__name__ == "Block"
    return alarms, count


def test_no_alarm_over_the_portraits(gate: Gate, portraits: list[Path]) -> None:
    assert _alarms(gate, (Frame.from_bgr(cv2.imread(str(path))) for path in portraits)) == (0, 33)


def test_no_alarm_over_the_film(gate: Gate, shared_media: Path) -> None:
    films = sorted((shared_media / "clips").glob("*.mp4"))
    frames = (frame for film in films for i, frame in enumerate(VideoReader(film)) if i % 4 == 0)
    alarms, count = _alarms(gate, frames)
    assert alarms == 0
    assert count > 5


def test_the_rate_of_alarms_over_skin(gate: Gate, record_property: Any) -> None:
    alarms, count = _alarms(gate, map(Frame.from_bgr, skin_textures(100)))
    record_property("false alarms over textures", f"{alarms} of {count}")
    print(f"false alarms over skin-coloured textures: {alarms} of {count}")  # noqa: T201
    assert alarms <= _MOST_ALARMS * count
