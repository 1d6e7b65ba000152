"""FairFace: gender and one of nine ages from an aligned crop.

Source: Kärkkäinen and Joo, "FairFace: Face Attribute Dataset for Balanced Race, Gender, and Age", 2021. The graph
gives numbers of classes; the race that it gives too is not looked at.
"""

from __future__ import annotations

from typing import Final

from understudy.core.errors import ModelError
from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import cut, fit
from understudy.vision.crop import network_input
from understudy.vision.roles import Looks, Picture

__all__ = ["FairFace", "open_attributes"]

_AGES: Final = ((0, 2), (3, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 100))


class FairFace:
    """Estimates gender and age.

    Args:
        session: The network; its results are the classes of race, gender and age, in this order.
        spec: Its catalogue row, with size and template of the crop.
    """

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        if spec.input_size is None or spec.template is None:
            raise ModelError(f"The row of {spec.name} has no input_size or no template.")
        self._session, self._spec = session, spec
        self._side, self._template = spec.input_size[0], spec.template

    def describe(self, picture: Picture, face: Face) -> Looks:
        """The likeliest gender, and the likeliest age from its youngest to its oldest year."""
        crop = cut(picture, fit(face.keypoints, self._template, self._side))
        _, gender, age = self._session.run({"input": network_input(crop, self._spec)}).values()
        return Looks("female" if int(gender.flat[0]) == 1 else "male", _AGES[int(age.flat[0])])


def open_attributes(spec: ModelSpec, pool: SessionPool) -> FairFace:
    """Open the model of a row (errors: see ``vision/attributes/families.py``)."""
    return FairFace(pool.session(spec), spec)
