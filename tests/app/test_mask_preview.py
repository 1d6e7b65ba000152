"""The preview of masks: red where a face is replaced, with an outline and a legend that can be read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from understudy.app.engine import Engine
from understudy.app.mask_preview import replaced_area, tinted, with_legend
from understudy.app.preview import preview
from understudy.app.request import plan_swap
from understudy.core.errors import PlanError
from understudy.core.types import Face, Region, TrackedFace
from understudy.vision.paste import Pasted

FACE = TrackedFace(0, Face(np.zeros(4, np.float32), 1.0, np.zeros((5, 2), np.float32)))


def patch(region: Region, weight: int) -> Pasted:
    size = region.height, region.width
    return Pasted(region, np.zeros((*size, 3), np.uint8), np.full(size, weight, np.uint8))


def reddened(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.asarray(after[..., 2].astype(int) - after[..., 0] - before[..., 2] + before[..., 0])


def test_the_area_is_the_most_of_all_changes() -> None:
    left, right = patch(Region(10, 10, 40, 40), 100), patch(Region(30, 10, 40, 40), 200)
    area = replaced_area(100, 60, [(FACE, (left,)), (FACE, (right,))])
    assert area.shape == (60, 100)
    assert [int(area[20, x]) for x in (5, 20, 40, 60, 90)] == [0, 100, 200, 200, 0]


def test_only_what_is_replaced_is_tinted_and_half_of_it_outlined() -> None:
    pixels = np.full((400, 600, 3), 120, np.uint8)
    area = np.zeros((400, 600), np.uint8)
    area[100:300, 200:400] = 255
    area[100:300, 400:440] = 90
    drawn = tinted(pixels, area)
    red = reddened(pixels, drawn)
    assert red[200, 300] > 60
    assert 10 < red[200, 420] < red[200, 300] / 2
    np.testing.assert_array_equal(drawn[:95], pixels[:95])
    np.testing.assert_array_equal(drawn[:, :195], pixels[:, :195])
    for y, x in ((100, 300), (299, 300), (200, 200), (200, 399)):
        assert drawn[y, x].min() > 210
    assert drawn[200, 439].min() < 200
    assert (pixels == 120).all()


@pytest.mark.parametrize("size", [(64, 48), (479, 300), (640, 360), (1080, 1920), (4096, 2160)])
def test_the_legend_is_not_cut(size: tuple[int, int]) -> None:
    width, height = size
    drawn = tinted(np.full((height, width, 3), 120, np.uint8), np.zeros((height, width), np.uint8))
    assert drawn.shape[1] >= 480
    shown = with_legend(drawn)
    strip = shown[drawn.shape[0] :]
    assert strip.shape[0] >= 18
    written = np.argwhere((strip != 32).any(2))
    (top, left), (bottom, right) = written.min(0), written.max(0)
    # There is room on every side of what is written.
    assert min(top, left) >= 2
    assert bottom <= strip.shape[0] - 3
    assert right <= strip.shape[1] - 3
    # Three texts, of which two have a box in front.
    inked = (strip != 32).any(2).any(0).astype(np.uint8)
    gaps = cv2.morphologyEx(inked[None], cv2.MORPH_CLOSE, np.ones((1, strip.shape[0] // 4), np.uint8))[0]
    assert np.count_nonzero(np.diff(gaps.astype(int)) == 1) >= 5


def test_a_kept_mouth_is_seen_in_the_preview(
    engine: Engine, actor: Path, portraits: list[Path], tmp_path: Path
) -> None:
    target = next(path for path in portraits if path.stem == "roop-source")
    before = cv2.imread(str(target))
    assert before is not None
    shown = []
    for number, mask in enumerate(("box", "box,mouth")):
        plan = plan_swap(actor, target, swapper="mesh", mask=mask)
        out = tmp_path / f"{number}.png"
        done = preview(plan, engine, out, at=0.5, compare=False, masks=True, overwrite=False)
        assert done.swapped == 1
        drawn = cv2.imread(str(out))
        assert drawn is not None
        assert drawn.shape[0] > before.shape[0]
        shown.append(reddened(np.asarray(before, np.uint8), np.asarray(drawn[: len(before)], np.uint8)))
    whole, kept = shown
    # The cheek is replaced in both, the teeth only in one.
    for red in shown:
        assert red[600, 330] > 40
        assert not red[:40].any()
    teeth = (slice(735, 755), slice(440, 540))
    assert np.median(whole[teeth]) > 40
    assert np.abs(kept[teeth]).max() <= 3


def test_a_preview_of_masks_has_no_second_picture(engine: Engine, actor: Path, tmp_path: Path) -> None:
    plan = plan_swap(actor, actor)
    with pytest.raises(PlanError, match="no second picture"):
        preview(plan, engine, tmp_path / "out.png", at=0.5, compare=True, masks=True, overwrite=False)
