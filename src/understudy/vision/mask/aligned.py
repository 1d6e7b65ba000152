"""What the maskers that look at an aligned face have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelError
from understudy.core.types import Face, FloatArray, Region
from understudy.models.spec import ModelSpec
from understudy.vision.align import cut, fit
from understudy.vision.crop import network_input
from understudy.vision.paste import warp_mask
from understudy.vision.roles import Picture

__all__ = ["Window"]

_SIGMA: Final = 5.0


@dataclass(frozen=True)
class Window:
    """How a model looks at a face, and how what it saw is laid back.

    Attributes:
        spec: The model's row.
        template: Of the alignment.
        size: Side of the crop in pixels.
    """

    spec: ModelSpec
    template: str
    size: int

    @classmethod
    def of(cls, spec: ModelSpec) -> Window:
        """The window of a row.

        Raises:
            ModelError: The row does not say how a face is cut out.
        """
        width, height = spec.input_size or (0, 0)
        if width != height or width <= 0 or spec.template is None:
            raise ModelError(f"The row of {spec.name} needs a square input_size and a template.")
        return cls(spec, spec.template, width)

    def look(self, picture: Picture, face: Face) -> FloatArray:
        """(1, 3, size, size) RGB, as the row wants it."""
        return network_input(cut(picture, fit(face.keypoints, self.template, self.size)), self.spec)

    def lay_back(self, face: Face, seen: FloatArray, region: Region) -> NDArray[np.uint8]:
        """A mask over a region of the picture, from what the model saw in its crop.

        Its edge is softened to the inside only: blurred by σ 5, of which the upper half counts, so that nothing
        beyond the edge is ever replaced (as FaceFusion 3 has it). That is done at the model's own size: at half
        of it, brows and eyelids would be too thin to be left at all.

        Args:
            face: The face that was looked at.
            seen: (size, size) float32, 0 to 1.
            region: In the picture.

        Returns:
            (region.height, region.width) uint8, 0 outside the crop.
        """
        soft = cv2.GaussianBlur(np.clip(seen, 0, 1), (0, 0), _SIGMA)
        mask = np.asarray((np.clip(soft, 0.5, 1) - 0.5) * 2, np.float32)
        return warp_mask(fit(face.keypoints, self.template, self.size), mask, region)
