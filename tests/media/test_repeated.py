"""Frames that show exactly the same picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from understudy.media.frame import Frame


def picture(dtype: type[np.uint8] | type[np.uint16] = np.uint8) -> Frame:
    return Frame.from_bgr(np.random.default_rng(7).integers(0, 256, (150, 90, 3)).astype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_copy_at_another_time_is_the_same(dtype: type[np.uint8] | type[np.uint16]) -> None:
    frame = picture(dtype)
    assert frame.same_as(frame.copied(25, Fraction(1, 25)))


@pytest.mark.parametrize("place", [(0, 0), (77, 41), (149, 89)])
@pytest.mark.parametrize("plane", [0, 2])
def test_one_sample_makes_it_another(place: tuple[int, int], plane: int) -> None:
    frame = picture()
    other = frame.copied(1, Fraction(1, 25))
    other.planes[plane][place] ^= 1
    assert not frame.same_as(other)


def test_another_kind_of_picture_is_never_the_same() -> None:
    frame = picture()
    assert not frame.same_as(picture(np.uint16))
    assert not frame.same_as(Frame.from_bgr(frame.bgr(), orientation=6))
    assert not frame.same_as(Frame.from_bgr(frame.bgr()[:-2]))
