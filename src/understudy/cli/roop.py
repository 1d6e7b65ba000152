"""``understudy-roop``: roop's command line, with its defaults and meanings (docs/roop.md has them in a table)."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import understudy
from understudy.app.options import swap_options
from understudy.app.settings import find_folders, load_settings
from understudy.core.errors import PlanError

__all__ = ["Translation", "main", "swap_like_roop", "translated"]

_ENHANCER: Final = "gfpgan_1.4"
_EMBEDDER: Final = "w600k_r50"  # the one that roop's distances are measured with
_FPS: Final = 30.0  # what roop makes of every film unless it is told to keep the rate
_DISTANCE, _QUALITY = 0.85, 35
_PROVIDERS: Final = {"dml": "directml"}


@dataclass(frozen=True)
class Translation:
    """A command of roop's in Understudy's words.

    Attributes:
        actor, target, output: The files; no actor when no face is swapped.
        options: As :func:`understudy.swap` takes them.
        notes: What has no effect here, and why.
        json: Whether a machine is listening.
    """

    actor: Path | None
    target: Path
    output: Path
    options: Mapping[str, Any]
    notes: tuple[str, ...]
    json: bool = False

    @property
    def command(self) -> str:
        """The command line of ``understudy`` that does the same, ready for a shell."""
        words = ["understudy", "swap", *([str(self.actor)] if self.actor else []), str(self.target)]
        words += ["--output", str(self.output)]
        for name, value in self.options.items():
            flag = f"--{name.replace('_', '-')}"
            if swap_options()[name].is_switch:
                words += [flag]
            else:
                words += [flag, f"{value:g}" if isinstance(value, float) else str(value)]
        return shlex.join(words)


def main() -> None:
    """Entry point of ``understudy-roop``: run it and leave with its exit code."""
    from understudy.cli.boundary import run

    sys.exit(run(sys.argv[1:], swap_like_roop))


def swap_like_roop(arguments: Sequence[str]) -> None:
    """Do what roop would, and say how it is said today.

    Raises:
        PlanError: The flags are wrong, or roop would open its window.
        UnderstudyError: As :func:`understudy.swap`.
    """
    from understudy.app.engine import Engine
    from understudy.app.request import plan_swap
    from understudy.app.service import run
    from understudy.cli.show import follow, show_result

    said = translated(arguments)
    folders = find_folders(None)
    settings = load_settings(folders, {})
    plan = plan_swap(
        said.actor, said.target, said.output, defaults=settings.swap_defaults, **dict(said.options)
    )
    for text in (*said.notes, f"this is now: {said.command}"):
        sys.stderr.write(f"note: {text}\n")
    sys.stderr.flush()
    engine = Engine(settings, folders, plan.seeing, plan.compute)
    result = follow(run(plan, engine), as_json=said.json)
    assert result is not None
    show_result(result, as_json=said.json)


def translated(arguments: Sequence[str]) -> Translation:
    """A command of roop's in Understudy's words.

    Args:
        arguments: Without the program's name.

    Raises:
        PlanError: The flags are wrong, or roop would open its window.
        InputError: The target cannot be read.
    """
    from understudy.app.request import written_suffix
    from understudy.media.probe import sniff_kind

    given = _parser().parse_args(arguments)
    if not (given.source and given.target and given.output):
        missing = [f"--{name}" for name in ("source", "target", "output") if not getattr(given, name)]
        raise PlanError(
            f"roop would open its window here, for {' and '.join(missing)} is not given; this one has none.",
            next_step="understudy-roop -s ACTOR -t TARGET -o OUTPUT",
        )
    source, target, output = (Path(given.source), Path(given.target), Path(given.output))
    film = sniff_kind(target) == "video"
    swaps = "face_swapper" in given.frame_processor
    options = {
        **({} if swaps else {"swapper": "none"}),
        **(
            {"enhancer": _ENHANCER, "enhancer_blend": 1.0} if "face_enhancer" in given.frame_processor else {}
        ),
        # roop restores every face, whoever is replaced.
        **(_whom(given, film=film) if swaps else {"faces": "many"}),
        **_where(given),
        **(_film(given, target) if film else {}),
        "overwrite": True,
    }
    if output.is_dir():
        output /= f"{source.stem}-{target.stem}{written_suffix(target, photo=not film)}"
    notes = tuple(_notes(given, film=film))
    return Translation(source if swaps else None, target, output, options, notes, given.json)


def _whom(given: argparse.Namespace, *, film: bool) -> dict[str, Any]:
    """roop takes a face of a film's frame, and replaces in every frame whoever is like it."""
    if given.many_faces:
        return {"faces": "many"}
    number = given.reference_face_position + 1
    if not film:
        return {"face_order": "left", "face_position": number}
    options: dict[str, Any] = {
        "reference_frame": given.reference_frame_number,
        "reference_face": number,
    }
    if given.similar_face_distance != _DISTANCE:
        # |a - b|² = 2 - 2 a·b for vectors of length 1. At roop's own value each embedder keeps its own bound.
        options |= {"similarity": round(1 - given.similar_face_distance / 2, 6), "embedder": _EMBEDDER}
    return options


def _where(given: argparse.Namespace) -> dict[str, Any]:
    provider = given.execution_provider[0].lower()
    options: dict[str, Any] = {"provider": _PROVIDERS.get(provider, provider)}
    if given.execution_threads is not None:
        options["threads"] = given.execution_threads
    if given.max_memory is not None:
        options["max_memory"] = float(given.max_memory)
    return options


def _film(given: argparse.Namespace, target: Path) -> dict[str, Any]:
    options: dict[str, Any] = {
        "encoder": given.output_video_encoder,
        "crf": float((given.output_video_quality + 1) * 51 // 100),
    }
    if not given.keep_fps:
        options["fps"] = _FPS
    if given.skip_audio:
        options["skip_audio"] = True
    if given.keep_frames:
        options["keep_frames"] = target.parent / "temp" / target.stem
        if given.temp_frame_format != "png":
            options["image_format"] = given.temp_frame_format
    return options


def _notes(given: argparse.Namespace, *, film: bool) -> list[str]:
    notes = []
    if film and given.temp_frame_quality is not None:
        notes.append("there are no temporary frames: --temp-frame-quality has no effect.")
    if film and given.temp_frame_format != "png" and not given.keep_frames:
        notes.append("there are no temporary frames: --temp-frame-format counts only with --keep-frames.")
    if len(given.execution_provider) > 1:
        notes.append(
            f"one provider is used, {given.execution_provider[0]}: it works or says why not, and never turns into "
            "another in silence."
        )
    return notes


class _Parser(argparse.ArgumentParser):
    """Wrong usage is an error like any other."""

    def error(self, message: str) -> NoReturn:
        raise PlanError(
            f"{message[0].upper()}{message[1:]}.", next_step="'understudy-roop --help' lists the flags."
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="understudy-roop",
        description="roop's command line, done by Understudy. It says what 'understudy swap' takes for the same.",
        epilog="Example: understudy-roop -s ada.jpg -t scene.mp4 -o out.mp4 --keep-fps",
    )
    add = parser.add_argument
    percent = range(101)
    add("-s", "--source", help="photo of the person whose face goes in")
    add("-t", "--target", help="photo or film of the performance")
    add("-o", "--output", help="file, or folder for SOURCE-TARGET.EXT")
    add(
        "--frame-processor",
        nargs="+",
        choices=["face_swapper", "face_enhancer"],
        default=["face_swapper"],
        help="what is done to each face",
    )
    add("--keep-fps", action="store_true", help="keep the film's frame rate (or else 30)")
    add("--keep-frames", action="store_true", help="keep every frame, in temp/TARGET beside the target")
    add("--skip-audio", action="store_true", help="leave the sound out")
    add("--many-faces", action="store_true", help="replace every face")
    add(
        "--reference-face-position",
        type=_at_least(0),
        default=0,
        metavar="N",
        help="who: face (0 is leftmost)",
    )
    add(
        "--reference-frame-number",
        type=_at_least(0),
        default=0,
        metavar="N",
        help="of this frame (0 is the first)",
    )
    add("--similar-face-distance", type=float, default=_DISTANCE, metavar="D", help="how unlike they may be")
    add("--temp-frame-format", choices=["jpg", "png"], default="png", help="of kept frames")
    add("--temp-frame-quality", type=int, choices=percent, metavar="0-100", help="has no effect")
    add(
        "--output-video-encoder",
        choices=["libx264", "libx265", "libvpx-vp9", "h264_nvenc", "hevc_nvenc"],
        default="libx264",
    )
    add(
        "--output-video-quality",
        type=int,
        choices=percent,
        default=_QUALITY,
        metavar="0-100",
        help="0 is the best (35)",
    )
    add("--max-memory", type=_at_least(1), metavar="GB", help="of memory for frames that wait")
    add("--execution-provider", nargs="+", default=["cpu"], metavar="NAME", help="what runs networks (cpu)")
    add("--execution-threads", type=_at_least(1), metavar="N", help="of a network on the CPU")
    add("-v", "--version", action="version", version=f"understudy {understudy.__version__}")
    add("--json", action="store_true", help="not roop's: one JSON object a line, for machines")
    add("--debug", action="store_true", help="not roop's: show the traceback of an error")
    return parser


def _at_least(least: int) -> Any:
    def whole(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return whole
