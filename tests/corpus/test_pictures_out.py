"""A film or a sequence as numbered pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from making import film
from patches import picture
from PIL import Image, ImageCms
from room import Invert, codes, render

from understudy.app.request import plan_swap, result_path
from understudy.core.errors import ModelError, OutputError, OutputExists
from understudy.media.images import read_image
from understudy.media.read import VideoReader


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """shot9.png to shot14.png, with a colour profile."""
    made = tmp_path / "frames"
    made.mkdir()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for number in range(9, 15):
        Image.fromarray(picture(number)[..., ::-1]).save(made / f"shot{number}.png", icc_profile=profile)
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def below_the_box(path: Path) -> Any:
    """The half that the fake engine leaves alone."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return pixels[pixels.shape[0] // 2 :]


def test_a_sequence_keeps_its_numbers_names_bits_and_profile(tmp_path: Path, folder: Path) -> None:
    result = render(folder, tmp_path / "new" / "shot%d.png")
    assert (result.frames, codes(result)) == (6, set())
    assert names(tmp_path / "new") == names(folder)
    for number in range(9, 15):
        before, after = folder / f"shot{number}.png", tmp_path / "new" / f"shot{number}.png"
        np.testing.assert_array_equal(below_the_box(before), below_the_box(after))
        assert not np.array_equal(cv2.imread(str(before)), cv2.imread(str(after)))
        assert read_image(after).icc == read_image(before).icc is not None


@pytest.mark.parametrize("fps", [None, 10])
def test_trimmed_and_at_another_rate_the_numbers_are_still_its_own(
    tmp_path: Path, folder: Path, fps: int | None
) -> None:
    step = 1 / (fps or 25)
    render(folder, tmp_path / "new" / "%04d.tif", trim=(2 * step, 5 * step), fps=fps)
    assert names(tmp_path / "new") == ["0011.tif", "0012.tif", "0013.tif"]


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_and_transparency(tmp_path: Path, channels: int) -> None:
    for number in range(1, 4):
        deep = np.dstack(
            [picture(number).astype(np.uint16) * 257 + number, np.full((48, 64), 40_001, np.uint16)]
        )
        cv2.imwrite(str(tmp_path / f"{number:03d}.tif"), deep[..., :channels])
    result = render(tmp_path / "%03d.tif", tmp_path / "new" / "%03d.png")
    assert not codes(result)
    assert names(tmp_path / "new") == ["001.png", "002.png", "003.png"]
    after = below_the_box(tmp_path / "new" / "002.png")
    assert after.dtype == np.uint16
    np.testing.assert_array_equal(after, below_the_box(tmp_path / "002.tif"))


def test_a_film_is_numbered_from_one_and_upright(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", audio=("aac",), turn=6)
    result = render(source, tmp_path / "new" / "%06d.png")
    assert codes(result) == {"audio-dropped"}
    assert names(tmp_path / "new") == [f"{number:06d}.png" for number in range(1, 13)]
    shown = list(VideoReader(source))[4].bgr()
    np.testing.assert_array_equal(
        below_the_box(tmp_path / "new" / "000005.png"), shown[shown.shape[0] // 2 :]
    )


def test_jpeg_and_what_it_cannot_keep(tmp_path: Path) -> None:
    for number in range(2):
        clear = np.dstack([picture(number), np.full((48, 64), 90, np.uint8)])
        cv2.imwrite(str(tmp_path / f"{number}.png"), clear)
    result = render(tmp_path / "%d.png", tmp_path / "new" / "%d.jpg", quality=100)
    assert codes(result) == {"alpha-dropped"}
    before, after = below_the_box(tmp_path / "1.png"), below_the_box(tmp_path / "new" / "1.jpg")
    assert np.abs(before[..., :3].astype(int) - after).max() < 12
    assert names(tmp_path / "new") == ["0.jpg", "1.jpg"]


class Failing(Invert):
    """Gives out at the fourth frame."""

    count = 0

    def swap(self, *arguments: Any) -> Any:
        self.count += 1
        if self.count == 4:
            raise ModelError("The device was lost.")
        return super().swap(*arguments)


@pytest.mark.parametrize("exists", [True, False])
def test_all_or_nothing(tmp_path: Path, folder: Path, exists: bool) -> None:
    new = tmp_path / "new"
    if exists:
        new.mkdir()
        (new / "notes.txt").write_text("mine")
    with pytest.raises(ModelError):
        render(folder, new / "shot%d.png", engine=Failing())
    assert (names(new) if new.exists() else None) == (["notes.txt"] if exists else None)
    render(folder, new / "shot%d.png")
    assert names(new) == ["notes.txt"] * exists + names(folder)
    before = (new / "shot9.png").read_bytes()
    with pytest.raises(OutputExists, match="such names"):
        render(folder, new / "shot%d.png")
    render(folder, new / "shot%d.png", overwrite=True, engine=Dark())
    assert (new / "shot9.png").read_bytes() != before
    assert names(tmp_path) == ["frames", "new"]


class Dark(Invert):
    """Another engine."""

    def swap(self, picture: Any, face: Any, actor: Any) -> Any:
        box = super().swap(picture, face, actor)
        box.bgr[...] = 0
        return box


def test_names_of_the_result(tmp_path: Path, folder: Path) -> None:
    actor, source = tmp_path / "ada.jpg", film(tmp_path / "in.mp4")
    actor.write_bytes(b"x")
    new, old = tmp_path / "new", tmp_path / "old"
    old.mkdir()
    assert result_path(plan_swap(actor, folder, new, image_format="tif")) == new / "shot%d.tif"
    assert result_path(plan_swap(actor, source, old, image_format="jpg")) == old / "%06d.jpg"
    assert result_path(plan_swap(actor, source, old / "a%03d.png")) == old / "a%03d.png"
    kept = plan_swap(actor, source, tmp_path / "out.mp4", image_format="jpg", keep_frames=old)
    assert result_path(kept) == tmp_path / "out.mp4"
    assert result_path(plan_swap(actor, source, old)) == old / "in-ada.mp4"
    for wrong in (folder, folder / "shot%d.png"):
        with pytest.raises(OutputExists, match="one of the inputs"):
            result_path(plan_swap(actor, folder, wrong, image_format="png", overwrite=True))
    with pytest.raises(OutputError, match="does not exist"):
        result_path(plan_swap(actor, folder, tmp_path / "a" / "b" / "%d.png"))
