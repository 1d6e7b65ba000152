"""Understudy puts one consenting person's face on another's performance.

>>> import understudy
>>> understudy.__version__.count(".")
2
"""

from __future__ import annotations

import os

# Builds of onnxruntime since 1.29 write telemetry when they are imported; only this, set before, stops it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = ["__version__"]
