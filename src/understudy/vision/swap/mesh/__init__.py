"""The built-in engine: the actor's photo as a texture on a face mesh that moves with the target."""

from __future__ import annotations

from understudy.vision.swap.mesh.swapper import MeshSwapper

__all__ = ["MeshSwapper"]
