"""Signing in tests: a key of their own, files of every kind, and what C2PA's own reader says of them."""

from __future__ import annotations

import functools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
from PIL import Image

from films import make_film
from understudy.core.plan import ConsentRef, ModelRef
from understudy.safety.keys import SigningKey, load_key
from understudy.safety.provenance import Claim, Marker, media_type_of, offline_context

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
PICTURES = ("jpg", "png", "webp", "avif", "tiff", "gif", "bmp")
FILMS = ("mp4", "mov", "avi", "mkv", "webm")
BESIDE = ("bmp", "mkv", "webm")


@functools.cache
def signing_key() -> SigningKey:
    """One that lasts as long as the tests."""
    with tempfile.TemporaryDirectory() as folder:
        return load_key(Path(folder) / "keys")


def make_file(path: Path, seed: int = 0) -> Path:
    """A picture or film of the kind that its name says."""
    kind = path.suffix[1:]
    if kind in FILMS:
        codec = {"webm": "libvpx-vp9", "avi": "mpeg4"}.get(kind, "libx264")
        return make_film(path, pts=range(6), codec=codec, audio=("libopus",) if kind == "webm" else ())
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def a_claim(target: Path, **said: Any) -> Claim:
    """One that says everything."""
    whole: dict[str, Any] = {
        "software": "understudy 1.2.3",
        "description": "Faces replaced",
        "target_digest": "a" * 64,
        "models": (ModelRef(name="facemesh-468", role="landmarker", sha256="b" * 64),),
        "policy": "c" * 64,
        "consent": (ConsentRef(id="0123456789ab", sha256="d" * 64),),
    }
    return Claim(target=target, **{**whole, **said})


def mark(path: Path, target: Path, **said: Any) -> Path | None:
    """Mark a file where it lies, and put what belongs beside it there."""
    beside = Marker(a_claim(target, **said), signing_key())(path, path)
    return beside.replace(path.with_suffix(".c2pa")) if beside else None


@dataclass(frozen=True)
class Credentials:
    """What C2PA's reader says.

    Attributes:
        state: ``"Valid"`` or ``"Invalid"``.
        store: The whole answer.
    """

    state: str
    store: dict[str, Any]

    @property
    def active(self) -> dict[str, Any]:
        """The newest manifest."""
        manifest: dict[str, Any] = self.store["manifests"][self.store["active_manifest"]]
        return manifest

    def assertion(self, label: str) -> dict[str, Any]:
        """What the newest manifest says under a label."""
        found: list[dict[str, Any]] = [
            each["data"] for each in self.active["assertions"] if each["label"] == label
        ]
        assert len(found) == 1, self.active["assertions"]
        return found[0]

    @property
    def edited(self) -> dict[str, Any]:
        """The one action that changed something."""
        actions = self.assertion("c2pa.actions.v2")["actions"]
        assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.edited"]
        edited: dict[str, Any] = actions[1]
        return edited


def credentials(path: Path) -> Credentials:
    """As C2PA's reader has them, embedded or beside the file."""
    kind, embedded = media_type_of(path)
    store = None if embedded else path.with_suffix(".c2pa").read_bytes()
    with offline_context() as context, path.open("rb") as file:
        reader = c2pa.Reader(kind, file, store, context=context)
        return Credentials(str(reader.get_validation_state()), json.loads(reader.json()))
