"""What was blocked, kept on this machine for whoever objects: a record, and a picture too blurred to show it."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from understudy.core.verdict import Block
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Appeal", "list_appeals", "record_appeal", "remove_appeals"]

_GRAIN: Final = 12  # squares along the longer side: one sees where in the film it is, and nothing more
_SHOWN: Final = 192


@dataclass(frozen=True)
class Appeal:
    """A record.

    Attributes:
        id: Its name.
        created: When, in seconds since the epoch.
        part, file, frame, seconds, model, label, score: What decided it; see :class:`Seen`.
        hard: Whether no policy can allow it.
        policy: SHA-256 of the policy.
        thumbnail: File name of the blurred picture beside the record, if there is one.
    """

    id: str
    created: float
    part: str
    file: str
    frame: int
    seconds: float
    model: str
    label: str
    score: float
    hard: bool
    policy: str
    thumbnail: str | None = None


def record_appeal(folder: Path, block: Block, picture: Picture | None) -> Appeal:
    """Keep a record of a block. That it cannot be kept does not lift the block.

    Args:
        folder: Of all records; made if need be.
        block: The verdict.
        picture: Where it was seen; None when the evidence was kept from an earlier run.
    """
    seen = block.seen[0]
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    shown = None
    if picture is not None:
        with contextlib.suppress(OSError, cv2.error, ValueError):
            (folder / f"{name}.png").write_bytes(cv2.imencode(".png", blurred(picture))[1].tobytes())
            shown = f"{name}.png"
    appeal = Appeal(
        name,
        time.time(),
        seen.part,
        seen.name,
        seen.frame,
        round(float(seen.time), 3),
        seen.model,
        seen.label,
        seen.score,
        block.hard,
        block.policy,
        shown,
    )
    with contextlib.suppress(OSError):
        (folder / f"{name}.json").write_text(json.dumps(asdict(appeal), indent=1), encoding="utf-8")
    return appeal


def blurred(picture: Picture) -> BgrImage:
    """The picture as a few soft squares."""
    scale = _GRAIN / max(picture.width, picture.height)
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    coarse = cv2.resize(picture.bgr(None, (size[0] * 4, size[1] * 4)), size, interpolation=cv2.INTER_AREA)
    shown = size[0] * _SHOWN // _GRAIN, size[1] * _SHOWN // _GRAIN
    return np.asarray(cv2.resize(coarse, shown, interpolation=cv2.INTER_CUBIC), np.uint8)


def list_appeals(folder: Path) -> list[Appeal]:
    """All records, the latest first."""
    found = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        with contextlib.suppress(OSError, ValueError, TypeError):
            found.append(Appeal(**json.loads(path.read_text("utf-8"))))
    return sorted(found, key=lambda appeal: -appeal.created)


def remove_appeals(folder: Path, names: set[str] | None = None) -> list[Appeal]:
    """Remove records and their pictures: those of these names, or all. Returns what they were."""
    removed = [appeal for appeal in list_appeals(folder) if names is None or appeal.id in names]
    for appeal in removed:
        for suffix in (".json", ".png"):
            with contextlib.suppress(OSError):
                (folder / f"{appeal.id}{suffix}").unlink(missing_ok=True)
    return removed
