"""From committed segments to the file under its final name."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from understudy.core.types import Notice, Progress
from understudy.core.verdict import Allow
from understudy.media.animation import ANIMATIONS
from understudy.media.files import staged
from understudy.media.numbered import staged_pictures
from understudy.media.segments import check_joined, join
from understudy.media.sequence import SEQUENCE
from understudy.media.sound import Sound
from understudy.render.animated import animate
from understudy.render.journal import Journal
from understudy.render.pictures import write_pictures
from understudy.render.shoot import Shoot
from understudy.safety.provenance import Marker

__all__ = ["publish_film"]


def publish_film(
    journal: Journal, output: Path, shoot: Shoot, allow: Allow, seal: Marker
) -> Generator[Progress, None, tuple[Notice, ...]]:
    """Make the result of what is committed, and give it its name.

    Args:
        journal: Of the complete render.
        output: The final name.
        shoot: What was rendered.
        allow: The content gate's leave for all of it.
        seal: Marks the result, and each picture of several, before it gets its name.

    Returns:
        What could not be kept.

    Raises:
        OutputError, EncoderError: See :func:`join`, :func:`animate`, :func:`write_pictures`, :func:`staged`.
    """
    segments, wanted, tag = journal.segments, shoot.wanted, journal.folder.name
    if shoot.encoding.container == SEQUENCE:
        with staged_pictures(output, overwrite=wanted.overwrite, tag=tag) as folder:
            pictures = write_pictures(journal.segments, folder, output, shoot, allow, seal)
            return (yield from pictures)
    with staged(output, overwrite=wanted.overwrite, tag=tag, seal=seal) as temporary:
        if shoot.encoding.container in ANIMATIONS:
            return tuple(animate(segments, temporary, shoot.info, shoot.encoding, wanted.quality, allow))
        return (yield from _joined(journal, temporary, shoot, allow))


def _joined(
    journal: Journal, temporary: Path, shoot: Shoot, allow: Allow
) -> Generator[Progress, None, tuple[Notice, ...]]:
    segments, wanted = journal.segments, shoot.wanted
    sound = Sound(
        kept=wanted.has_sound,
        file=shoot.sound,
        transcoded=wanted.audio == "transcode",
        volume=1.0 if wanted.audio_volume is None else wanted.audio_volume,
    )
    parts = join(
        segments, temporary, shoot.info, shoot.encoding, allow, sound=sound, window=shoot.reader.window
    )
    with closing(parts):
        for done in range(len(segments)):
            yield Progress("publish", done, len(segments), "steps")
            lost = next(parts)
        lost = next(parts)
    check_joined(temporary, segments)
    return lost
