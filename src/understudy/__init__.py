"""Understudy puts one consenting person's face on another's performance.

::

    import understudy

    result = understudy.swap("ada.jpg", "scene.mp4", likeness=0.8)
    print(result.output, result.swapped, "of", result.frames, "frames")
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.app.api import analyse, swap, swap_progress

# Builds of onnxruntime since 1.29 write telemetry when they are imported; only this, set before, stops it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = ["__version__", "analyse", "swap", "swap_progress"]


def __getattr__(name: str) -> Any:
    """Import the interface when it is first used: ``import understudy`` stays cheap."""
    if name in __all__:
        from understudy.app import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
