"""Where the code of a model family is: in this package, or in another distribution's entry point.

A distribution adds a family with an entry point in the group ``understudy.families``, named ``ROLE.FAMILY``, whose
value is the module. The module has ``open_ROLE``, as those of this package have; a row of the catalogue with that
role and family is then a model like any other::

    [project.entry-points."understudy.families"]
    "swapper.myfamily" = "my_package.swapper"
"""

from __future__ import annotations

import importlib
import importlib.util
from importlib.metadata import entry_points
from types import ModuleType

from understudy.core.errors import ModelError

__all__ = ["family_module"]

_GROUP = "understudy.families"
_ROLES = {
    "detect": "detector",
    "landmark": "landmarker",
    "embed": "embedder",
    "attributes": "attributes",
    "swap": "swapper",
    "enhance": "enhancer",
    "mask": "masker",
    "upscale": "upscaler",
    "gate": "gate",
    "mark": "mark",
}


def family_module(package: str, family: str) -> ModuleType:
    """The module of a family.

    Args:
        package: The role's package under ``understudy.vision``, such as ``"detect"``.
        family: As the catalogue's row names it.

    Raises:
        ModelError: Nobody has a family of that name.
    """
    built_in = f"understudy.vision.{package}.{family}"
    # Asked for first, so that an import error inside the module is not taken for its absence.
    if family.isidentifier() and family != "families" and importlib.util.find_spec(built_in) is not None:
        return importlib.import_module(built_in)
    name = f"{_ROLES[package]}.{family}"
    for entry in entry_points(group=_GROUP, name=name):
        return importlib.import_module(entry.module)
    raise ModelError(
        f"There is no {_ROLES[package]} family {family!r}.",
        next_step=f"Install what provides it (an entry point {name!r} in the group {_GROUP!r}), or mend the row.",
    )
