"""Files: only real ones are read, and a result is there in one step or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from films import make_film
from gates import allowed
from understudy.core.errors import DiskFull, InputError, OutputError, OutputExists
from understudy.media.encoders import choose_encoder
from understudy.media.files import check_input, check_output, staged
from understudy.media.probe import sniff_kind
from understudy.media.read import VideoReader
from understudy.media.stills import StillsWriter
from understudy.media.write import VideoWriter

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


@pytest.mark.timeout(5)
@POSIX
def test_pipes_devices_directories_and_nothing_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    for path, reason in (
        (pipe, "pipe"),
        (Path("/dev/zero"), "device"),
        (tmp_path, "directory"),
        (tmp_path / "none.mp4", "no such file"),
        (tmp_path / ("x" * 300), "Cannot be read"),
    ):
        with pytest.raises(InputError, match=reason):
            sniff_kind(path)


def test_output_may_not_be_an_input(tmp_path: Path) -> None:
    path, link = tmp_path / "a.mp4", tmp_path / "b.mp4"
    path.write_bytes(b"x")
    link.symlink_to(path)
    for overwrite in (False, True):
        with pytest.raises(OutputExists, match="one of the inputs"):
            check_output(link, overwrite=overwrite, inputs=[path])
    assert path.read_bytes() == b"x"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_folder_without_permission(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(OutputError):
        check_output(folder / "out.mp4", overwrite=False)


def test_output_checks(tmp_path: Path) -> None:
    taken = tmp_path / "out.mp4"
    taken.write_bytes(b"x")
    check_output(taken, overwrite=True)
    with pytest.raises(OutputExists, match="exists"):
        check_output(taken, overwrite=False)
    with pytest.raises(OutputError, match="not a file"):
        check_output(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="long"):
        check_output(tmp_path / ("x" * 300), overwrite=False)
    with pytest.raises(OutputError, match="folder does not exist"):
        check_output(tmp_path / "none" / "out.mp4", overwrite=False)
    if sys.platform == "linux":
        with pytest.raises(OutputError):
            check_output(Path("/proc/out.mp4"), overwrite=False)
    assert [item.name for item in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_published_in_one_step(tmp_path: Path, overwrite: bool) -> None:
    final = tmp_path / ("n" * 250 + ".mp4")
    if overwrite:
        final.write_bytes(b"old")
    with staged(final, overwrite=overwrite) as temporary:
        temporary.write_bytes(b"new")
        assert final.exists() == overwrite
    assert final.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [final]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    final = tmp_path / "out.mp4"
    final.write_bytes(b"old")

    def fail() -> None:
        with staged(final, overwrite=True) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert final.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [final]


def test_a_name_that_was_taken_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    final = tmp_path / "out.mp4"

    def lose() -> None:
        with staged(final, overwrite=False) as temporary:
            temporary.write_bytes(b"mine")
            final.write_bytes(b"theirs")

    with pytest.raises(OutputExists):
        lose()
    assert final.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk(tmp_path: Path) -> None:
    reader = VideoReader(make_film(tmp_path / "in.mp4", size=(640, 480)))
    for container, encoder in (("mp4", "libx264"), ("matroska", "ffv1")):
        writer = VideoWriter(
            Path("/dev/full"), reader.info, choose_encoder(encoder, reader.info, container), allowed()
        )
        with pytest.raises(DiskFull, match="No space"):  # noqa: PT012 - buffers decide when
            for frame in reader:
                writer.write(frame)
            writer.finish()
        writer.abort()


def test_check_input_takes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    check_input(path)


def test_stills(tmp_path: Path) -> None:
    reader = VideoReader(make_film(tmp_path / "in.mp4", pts=range(3)))
    stills = StillsWriter(tmp_path / "frames", tmp_path)
    for number, frame in enumerate(reader, 1):
        stills.write(frame, number)
    assert not list((tmp_path / "frames").iterdir())
    stills.publish(allowed())
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == [
        f"00000{i}.png" for i in (1, 2, 3)
    ]
    with pytest.raises(OutputExists):
        StillsWriter(tmp_path / "frames", tmp_path)
