"""What of a film is done already: committed segments in a folder that outlives the process.

A segment counts only when its file is on the disk under its own name and the journal has its line: the file is written
under another name, synced, renamed, and then the line is appended and synced. Whatever a crash leaves besides is thrown
away by the next run. The journal is of one plan, one target and one output; when any of them has changed, it is begun
again and says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from understudy.core.errors import OutputError
from understudy.core.plan import ResolvedPlan
from understudy.core.system import sync_directory, sync_file
from understudy.core.types import Notice
from understudy.core.verdict import Allow, check_allowed
from understudy.media.files import output_error
from understudy.media.segments import Segment
from understudy.media.stills import STILL_DRAFT
from understudy.render.record import record_name

__all__ = ["MANIFEST", "Committed", "Journal", "committed_lines", "open_journal"]

_SCHEMA: Final = 2
# Sound is put to the picture at the end.
_NOT_OF_THE_PICTURE: Final = {"path", "overwrite", "restart", "audio", "audio_volume", "skip_audio", "report"}
MANIFEST, _LINES = "manifest.json", "segments.jsonl"


@dataclass(frozen=True)
class Committed:
    """A segment that is done.

    Attributes:
        index: Which.
        file: Name in the journal's folder.
        bytes, sha256: Of the file.
        pts, durations: Of its frames, in the order of decoding; see :class:`Segment`.
        time_base: Numerator and denominator, seconds per unit.
        tally: What the render counted, by name.
        evidence: Digest of what the content gate saw when it allowed the segment.
    """

    index: int
    file: str
    bytes: int
    sha256: str
    pts: tuple[int, ...]
    durations: tuple[int, ...]
    time_base: tuple[int, int]
    tally: dict[str, int]
    evidence: str


class Journal:
    """The committed segments of one render. Use :func:`open_journal`.

    Args:
        folder: Its own.
        committed: What was found there and is sound.
        notices: What the user should know of it.
    """

    def __init__(self, folder: Path, committed: dict[int, Committed], notices: tuple[Notice, ...]) -> None:
        self.folder = folder
        self.committed = committed
        self.notices = notices

    @property
    def segments(self) -> list[Segment]:
        """What is committed, in order of time."""
        return [
            Segment(self.folder / each.file, each.pts, each.durations, Fraction(*each.time_base))
            for _, each in sorted(self.committed.items())
        ]

    @property
    def frames(self) -> int:
        """How many frames are committed."""
        return sum(len(each.pts) for each in self.committed.values())

    @property
    def bytes(self) -> int:
        """How many bytes are committed."""
        return sum(each.bytes for each in self.committed.values())

    def draft(self, index: int, suffix: str) -> Path:
        """Where a segment is written before it is committed."""
        return self.folder / f"draft-{index:06d}{suffix}"

    def commit(self, index: int, segment: Segment, tally: dict[str, int], allow: Allow) -> None:
        """Make a finished segment count.

        Args:
            index: Which it is.
            segment: It, under its draft's name.
            tally: What was counted in it.
            allow: The content gate's leave.

        Raises:
            OutputError: It cannot be synced or renamed; :class:`DiskFull` if that is why.
        """
        check_allowed(allow)
        final = self.folder / f"{index:06d}{segment.path.suffix}"
        try:
            sync_file(segment.path)
            done = Committed(
                index,
                final.name,
                segment.path.stat().st_size,
                _digest(segment.path),
                segment.pts,
                segment.durations,
                segment.time_base.as_integer_ratio(),
                tally,
                allow.evidence,
            )
            segment.path.replace(final)
            sync_directory(self.folder)
            with (self.folder / _LINES).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(done)) + "\n")
                lines.flush()
                os.fsync(lines.fileno())
        except OSError as error:
            raise output_error(error, final) from error
        self.committed[index] = done

    def discard(self) -> None:
        """Forget everything: the film is published, or is not wanted."""
        self.committed.clear()
        # First what makes the rest count: a crash in between leaves nothing that looks like half a render.
        for path in (self.folder / _LINES, self.folder / MANIFEST, *self.folder.iterdir()):
            if path.name != ".lock":
                path.unlink(missing_ok=True)


@contextmanager
def open_journal(
    root: Path,
    plan: ResolvedPlan,
    target: Path,
    output: Path,
    recall: Callable[[int, str], bool],
    *,
    restart: bool = False,
) -> Iterator[Journal]:
    """The journal of a render, held against every other process until the block ends.

    Args:
        root: Folder of all journals.
        plan: What is rendered; anything in it that changes the picture makes the journal begin again.
        target, output: Where they lie.
        recall: Whether what the gate saw of a segment, of this number and with this digest, is still allowed.
        restart: Forget what is there.

    Raises:
        OutputError: Another process holds it, or it cannot be written.
    """
    place = f"{target.absolute()}\n{output.absolute()}"
    folder = root / hashlib.sha256(place.encode()).hexdigest()[:20]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise OutputError(
            "Another process is rendering this.",
            path=output,
            next_step="Wait for it, stop it, or choose another name with -o.",
        ) from None
    except OSError as error:
        raise output_error(error, folder) from error
    journal = None
    try:
        journal = _load(folder, plan, target, output, recall, restart=restart)
        yield journal
    finally:
        lock.release()
        if journal is not None and not journal.committed:
            shutil.rmtree(folder, ignore_errors=True)


def _load(
    folder: Path,
    plan: ResolvedPlan,
    target: Path,
    output: Path,
    recall: Callable[[int, str], bool],
    *,
    restart: bool,
) -> Journal:
    mine = {
        "schema": _SCHEMA,
        "target": str(target.absolute()),
        "output": str(output.absolute()),
        "plan": _of_the_picture(plan),
    }
    try:
        theirs = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        theirs = None
    notices: tuple[Notice, ...] = ()
    committed: dict[int, Committed] = {}
    if theirs == mine and not restart:
        committed = {
            line.index: line
            for line in committed_lines(folder)
            if _sound(folder, line) and recall(line.index, line.evidence)
        }
    elif theirs is not None and not restart:
        what = ", ".join(_changed(theirs, mine)) or "the journal"
        notices = (Notice("render-restarted", f"It was begun anew: {what} changed since the last run."),)
    try:
        _begin(folder, mine, committed)
    except OSError as error:
        raise output_error(error, folder) from error
    if committed:
        frames = sum(len(line.pts) for line in committed.values())
        notices = (
            Notice(
                "render-resumed",
                f"{frames} frames were rendered before and are used (--restart forgets them).",
            ),
        )
    return Journal(folder, committed, notices)


def _of_the_picture(plan: ResolvedPlan) -> dict[str, Any]:
    said = plan.model_dump(mode="json", exclude={"sound", "consent"})
    output = {name: value for name, value in said["output"].items() if name not in _NOT_OF_THE_PICTURE}
    return {**said, "output": output}


def _begin(folder: Path, manifest: dict[str, Any], committed: dict[int, Committed]) -> None:
    """Leave the manifest and the sound segments in the folder, and nothing else.

    The lines come first: at no moment do they say more than there is, or belong to another manifest.
    """
    lines = "".join(json.dumps(asdict(line)) + "\n" for line in committed.values())
    for name, text in ((_LINES, lines), (MANIFEST, json.dumps(manifest, indent=1))):
        part = folder / f"{name}.part"
        part.write_text(text, encoding="utf-8")
        sync_file(part)
        part.replace(folder / name)
    kept = {".lock", MANIFEST, _LINES, *(line.file for line in committed.values())}
    kept |= set(map(record_name, committed))
    for path in folder.iterdir():
        if path.name not in kept and not (committed and path.name.startswith(STILL_DRAFT)):
            path.unlink()
    sync_directory(folder)


def committed_lines(folder: Path) -> Iterator[Committed]:
    """The lines of a journal, up to one that a crash cut off."""
    path = folder / _LINES
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        try:
            said = json.loads(line)
            for name in ("pts", "durations", "time_base"):
                said[name] = tuple(said[name])
            yield Committed(**said)
        except (ValueError, TypeError, KeyError):
            return  # cut off by a crash; nothing follows it


def _sound(folder: Path, line: Committed) -> bool:
    path = folder / line.file
    try:
        return path.stat().st_size == line.bytes and _digest(path) == line.sha256
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changed(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    old, new = before.get("plan", {}), after["plan"]
    names = {
        "target": "the target",
        "actor": "the actor's photo",
        "software": "Understudy itself",
        "models": "the models",
    }
    for name in sorted(set(old) | set(new)):
        if old.get(name) != new.get(name):
            yield names.get(name, f"the {name}")
