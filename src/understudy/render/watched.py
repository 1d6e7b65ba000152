"""What the content gate is told of a render: which part a frame belongs to, and what its evidence depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from understudy.core.plan import ResolvedPlan
from understudy.media.frame import Frame
from understudy.render.segments import Partition
from understudy.safety.guard import Guard
from understudy.safety.watch import Subject, Watch

__all__ = ["watch_film", "watch_photo"]

_TARGET: Final = (
    "target",
    "source",
    "roles",
    "casting",
    "reference",
    "people",
    "excluded",
    "variations",
    "seeing",
)
_RESULT: Final = (*_TARGET, "look", "looks", "precision", "models", "software")
_FRAMES: Final = {"kind", "fps", "deinterlace"}


def watch_photo(guard: Guard, plan: ResolvedPlan, target: Path, output: Path) -> Watch:
    """The gate at a photo; it is segment 0.

    Args:
        guard: The gate.
        plan: What is done.
        target, output: Where they lie.
    """
    of_target, of_result = _keys(plan)
    return Watch(guard, Subject(target.name, output.name, of_target, of_result))


def watch_film(
    guard: Guard,
    plan: ResolvedPlan,
    target: Path,
    output: Path,
    partition: Partition,
    is_cut: Callable[[Frame], bool],
) -> Watch:
    """The gate at a film that is committed in segments.

    Args:
        guard, plan, target, output: As :func:`watch_photo`.
        partition: The segments.
        is_cut: Whether a frame, in order of time, begins a shot.
    """
    of_target, of_result = ({**keys, "span": str(partition.span)} for keys in _keys(plan))
    return Watch(
        guard,
        Subject(
            target.name,
            output.name,
            of_target,
            of_result,
            origin=partition.origin,
            segment_of=lambda frame: partition.at(frame).index,
            is_cut=is_cut,
        ),
    )


def _keys(plan: ResolvedPlan) -> Iterator[dict[str, Any]]:
    """What decides which frames of the target are looked at and what is in them, and the same of the result's."""
    # A union's members cannot be dumped in part: older pydantic warns of every one that it is not.
    said = plan.model_dump(mode="json")
    frames = {name: value for name, value in said["output"].items() if name in _FRAMES}
    for fields in (_TARGET, _RESULT):
        yield {**{name: said[name] for name in fields}, "output": frames}
