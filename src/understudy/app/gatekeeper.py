"""The content gate's policy and networks, fetched and opened; whatever is wrong with them refuses the job."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

from understudy.app.fetch import fetch
from understudy.app.settings import Folders
from understudy.core.errors import Cancelled, UnderstudyError, Undetermined
from understudy.core.plan import Compute
from understudy.core.types import Progress
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.safety.guard import Guard, open_guard
from understudy.safety.policy import Policy, load_policy
from understudy.vision.gate.families import open_gate
from understudy.vision.roles import Attributes

__all__ = ["Gatekeeper"]

_EXAMINE: Final = "Nothing was written. 'understudy doctor' looks at the gate; --debug shows the whole cause."


class Gatekeeper:
    """Opens the gate for the jobs of an engine. Opens nothing before it is needed.

    Args:
        cache: Where its weights are.
        folders: Where evidence and appeals are kept.
        policy: The deployer's file, if there is one.
        attributes: Opens what tells how old somebody looks; None where nothing of the kind is installed.
    """

    def __init__(
        self,
        cache: Cache,
        folders: Folders,
        policy: Path | None,
        attributes: Callable[[], Attributes | None],
    ) -> None:
        self._cache, self._folders, self._path, self._attributes = cache, folders, policy, attributes

    def prepare(self) -> Generator[Progress, None, None]:
        """Fetch what is missing, and open the gate.

        Raises:
            Undetermined: It cannot be opened, so nothing may be written.
        """
        with _refusing():
            yield from fetch(self._cache, self.specs)
        _ = self.guard

    @cached_property
    def policy(self) -> Policy:
        """What is judged by.

        Raises:
            Undetermined: It cannot be read.
        """
        return load_policy(self._path)

    @cached_property
    def specs(self) -> list[ModelSpec]:
        """The networks that take part.

        Raises:
            Undetermined: The policy names one that there is not.
        """
        catalog = self._cache.catalog
        with _refusing():
            wanted = [(catalog[name], how) for name, how in self.policy.models.items()]
            strangers = [spec.name for spec, _ in wanted if spec.role != "gate"]
            if strangers:
                raise Undetermined(
                    f"The gate's policy names {', '.join(strangers)}, which is no network of a gate.",
                    path=self._path,
                    next_step="'understudy models list' names them, under the role 'gate'.",
                )
            return [spec for spec, how in wanted if how == "required" or self._cache.ready(spec)]

    @cached_property
    def guard(self) -> Guard:
        """The gate, which has seen nothing yet.

        Raises:
            Undetermined: It cannot be opened.
        """
        with _refusing():
            # Its pictures are small: a second thread would wait more than it computes. And on the processor it says
            # the same on every machine.
            pool = SessionPool(self._cache, Compute(provider="cpu", threads=1))
            gates = [open_gate(spec, pool) for spec in self.specs]
            folders = self._folders.evidence, self._folders.appeals
            return open_guard(self.policy, load_policy(), gates, folders, self._attributes())


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever goes wrong inside means that nobody can look, and so nothing may be written."""
    try:
        yield
    except (Cancelled, Undetermined):
        raise
    except UnderstudyError as error:
        text = f"The content gate cannot look: {error.message}"
        raise Undetermined(text, path=error.path, next_step=error.next_step or _EXAMINE) from error
    except Exception as error:
        text = f"The content gate cannot look: {type(error).__name__}: {error}."
        raise Undetermined(text, next_step=_EXAMINE) from error
