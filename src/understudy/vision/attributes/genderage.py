"""InsightFace's genderage: from an upright square 1.5 times the box's longer side."""

from __future__ import annotations

from understudy.core.errors import ModelError
from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import cut
from understudy.vision.crop import network_input
from understudy.vision.roles import Looks, Picture
from understudy.vision.square import plain_if_normalised, square

__all__ = ["GenderAge", "open_attributes"]

_MARGIN = 1.5


class GenderAge:
    """Estimates gender and age.

    Args:
        session: The network.
        spec: Its catalogue row.
        prefilter: False samples the picture as InsightFace does, aliased.
    """

    def __init__(self, session: Session, spec: ModelSpec, prefilter: bool = True) -> None:
        if spec.input_size is None:
            raise ModelError(f"The row of {spec.name} has no input_size.")
        self._session, self._spec, self._prefilter = session, spec, prefilter
        self._side = spec.input_size[0]

    def describe(self, picture: Picture, face: Face) -> Looks:
        """The likelier gender, and the age as one number."""
        crop = cut(picture, square(face, self._side, self._side / _MARGIN), self._prefilter)
        (output,) = self._session.run({"data": network_input(crop, self._spec)}).values()
        female, male, centuries = output.reshape(3).tolist()
        age = max(round(100 * centuries), 0)
        return Looks("male" if male > female else "female", (age, age))


def open_attributes(spec: ModelSpec, pool: SessionPool) -> GenderAge:
    """Open the model of a row (errors: see ``vision/attributes/families.py``)."""
    return GenderAge(pool.session(spec), plain_if_normalised(spec, pool))
