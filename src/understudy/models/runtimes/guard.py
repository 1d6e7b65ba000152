"""Catches a provider that answers with nonsense: users of other programs see it as a black or grey box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelError
from understudy.models.session import Arrays, Session

__all__ = ["Guarded"]


class Guarded:
    """A session whose answers are looked at.

    A number that is none is refused at once. An answer without any variation may be right (an empty mask): the first
    one is compared with the processor's.

    Args:
        session: Whose.
        device: What to say where it runs.
        reference: Opens the same graph on the processor; None looks for nothing but what to say.
    """

    def __init__(self, session: Session, device: str, reference: Callable[[], Session] | None) -> None:
        self._session, self.device = session, device
        self._looks = reference is not None
        self._reference = reference

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        """See :class:`~understudy.models.session.Session`."""
        results = self._session.run(inputs, outputs)
        if self._looks and not all(np.isfinite(result).all() for result in results.values()):
            raise self._complaint("numbers that are none (NaN or infinite)")
        if (reference := self._reference) is not None:
            if _flat(results.values()) and not _flat(reference().run(inputs, outputs).values()):
                raise self._complaint("the same number everywhere, unlike the processor")
            self._reference = None  # it holds the whole file
        return results

    def _complaint(self, what: str) -> ModelError:
        return ModelError(
            f"{self.device} answers with {what}; nothing was made of that.",
            next_step="Choose another --provider or --precision fp32; 'understudy doctor' compares what is here.",
        )


def _flat(results: Iterable[NDArray[np.float32]]) -> bool:
    return all(result.size > 1 and np.ptp(result) == 0 for result in results)
