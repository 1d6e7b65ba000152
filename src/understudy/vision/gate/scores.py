"""What a gate's network is given and gives, checked: a wrong number must never look like an innocent picture."""

from __future__ import annotations

import numpy as np

from understudy.core.errors import ModelError
from understudy.core.types import FloatArray
from understudy.models.spec import ModelSpec
from understudy.vision.roles import BgrImage

__all__ = ["checked", "checked_pixels", "labels_of"]


def checked(output: FloatArray, shape: tuple[int | None, ...], name: str) -> FloatArray:
    """A network's result.

    Args:
        output: It.
        shape: What it must be; None is any length but 0.
        name: The network's, for the error.

    Raises:
        ModelError: It has another shape, or numbers that are not finite.
    """
    fits = output.ndim == len(shape) and all(
        have > 0 and want in (None, have) for have, want in zip(output.shape, shape, strict=True)
    )
    if not fits:
        raise ModelError(f"{name} gave {output.shape} numbers where {shape} are due.")
    if not np.isfinite(output).all():
        raise ModelError(f"{name} gave numbers that are not finite.")
    return output


def checked_pixels(pixels: BgrImage) -> None:
    """Refuse what is no picture, which a network would find nothing in.

    Raises:
        ModelError: It is not (height, width, 3) uint8.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ModelError(f"The gate was given {pixels.shape} {pixels.dtype}, which is no picture.")


def labels_of(spec: ModelSpec, setting: str) -> tuple[str, ...]:
    """A list of labels in a row's settings.

    Raises:
        ModelError: There is none.
    """
    labels = spec.settings.get(setting)
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ModelError(f"The row of {spec.name} has no list of texts {setting!r} in its settings.")
    return tuple(labels)
