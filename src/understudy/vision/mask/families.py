"""Which maskers there are, and how those that a look asks for are opened.

A mask's kind is the name of the family that makes it; ``mouth`` needs no model, and ``box`` is not here: each
engine has its own. ``occlusion`` does without a model where none is installed, as the mesh engine always does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from understudy.core.errors import ModelError
from understudy.core.plan import Look
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, ModelSpec
from understudy.vision.families import family_module
from understudy.vision.mask.mouth import MouthKeeper
from understudy.vision.mask.skin import SkinMasker
from understudy.vision.roles import Masker
from understudy.vision.swap.families import choose_swapper

__all__ = ["choose_maskers", "open_maskers"]

_BY_MODEL: Final = ("occlusion", "region")


def choose_maskers(
    look: Look, catalog: Catalog, installed: Callable[[ModelSpec], bool]
) -> tuple[ModelSpec, ...]:
    """The rows that a look's masks need: of each kind the first that is installed, else the first.

    Where nothing for ``occlusion`` is installed, it needs none.

    Args:
        look: Which masks.
        catalog: Of all models.
        installed: Whether a model's weights are here.

    Raises:
        ModelError: The catalogue has no model of the kind.
    """
    chosen = []
    for kind in _BY_MODEL:
        if kind not in look.mask:
            continue
        rows = [spec for spec in catalog.role("masker") if spec.family == kind]
        if not rows and kind != "occlusion":
            raise ModelError(f"The catalogue has no model for --mask {kind}.")
        spec = next(filter(installed, rows), None if kind == "occlusion" else rows[0])
        if spec is not None:
            chosen.append(spec)
    return tuple(chosen)


def open_maskers(look: Look, catalog: Catalog, pool: SessionPool) -> tuple[Masker, ...]:
    """Open what a look's masks need.

    Args:
        look: Which masks, and which parts of the face.
        catalog: Of all models.
        pool: Opens their networks.

    Raises:
        ModelMissing: The weights are not here and may not be fetched; it says how to get them.
        ModelError: A row is wrong, or its weights are corrupt.
    """
    rows = choose_maskers(look, catalog, pool.cache.installed)
    maskers: list[Masker] = [
        family_module("mask", spec.family).open_masker(spec, pool, look) for spec in rows
    ]
    if "occlusion" in look.mask and not any(spec.family == "occlusion" for spec in rows):
        own = look.swapper != "none" and choose_swapper(look.swapper, catalog, pool.cache.installed) is None
        # The mesh engine has looked by itself; an enhancer has not.
        if not own or look.enhancer:
            maskers.append(SkinMasker())
    if "mouth" in look.mask:
        maskers.append(MouthKeeper())
    return tuple(maskers)
