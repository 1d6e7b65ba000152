"""The gate at work: opened for a job, it has seen the actor's photos, and watches a target and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from understudy.core.types import Face
from understudy.core.verdict import Allow, Block, Part
from understudy.safety.appeals import record_appeal
from understudy.safety.evidence import Sample
from understudy.safety.gate import Terms, decide, granted
from understudy.safety.look import Inspector, Place
from understudy.safety.policy import Policy
from understudy.safety.store import EvidenceStore
from understudy.vision.roles import Attributes, Gate, Picture

__all__ = ["Guard", "open_guard"]


@dataclass(frozen=True, eq=False)
class Guard:
    """Looks and judges. Use :func:`open_guard`.

    Attributes:
        inspector: Looks.
        terms: What is judged by.
        store: Evidence that is kept.
        appeals: Folder for records of what was blocked.
        actors: What was seen of the actors' photos; None until these were looked at, if there are any.
    """

    inspector: Inspector
    terms: Terms
    store: EvidenceStore
    appeals: Path
    actors: tuple[Sample, ...] | None = None

    def with_actors(self, photos: Iterable[tuple[str, str, Picture, Sequence[Face]]]) -> Guard:
        """The guard of a job whose actors have been looked at.

        Args:
            photos: Of each its name, the SHA-256 of its content, the picture, and the faces that are known in it.

        Raises:
            Blocked, Undetermined: One is not allowed.
        """
        guard = replace(self, actors=self.actors or ())
        for name, content, picture, faces in photos:
            key = self.key("actor", {"content": content})
            seen = self.store.get(key, name) or (self.inspector.look(Place("actor", name), picture, faces),)
            guard.allow(seen, {"actor"}, name, picture)
            guard = replace(guard, actors=(*(guard.actors or ()), *seen))
            self.store.put(key, seen)
        return guard

    def key(self, part: Part, what: Any) -> str:
        """The name in the store of what is known of something: by its content, these networks and this policy."""
        return self.store.key(
            part=part, what=what, models=self.inspector.models, policy=self.terms.policy.digest
        )

    def allow(
        self, samples: Sequence[Sample], parts: Collection[Part], name: str, picture: Picture | None = None
    ) -> Allow:
        """Judge evidence, and keep a record of a block.

        Args:
            samples: What was seen.
            parts: Of what there must be something.
            name: The file that it is about.
            picture: The one that was looked at last.

        Raises:
            Blocked, Undetermined: It is not allowed.
        """
        verdict = decide(self.terms, samples, parts)
        if isinstance(verdict, Block):
            record_appeal(self.appeals, verdict, picture)
        return granted(verdict, name)


def open_guard(
    policy: Policy,
    own: Policy,
    gates: Sequence[Gate],
    folders: tuple[Path, Path],
    attributes: Attributes | None = None,
) -> Guard:
    """Put the gate together.

    Args:
        policy: The deployer's.
        own: The package's.
        gates: The networks that take part.
        folders: Of evidence and of appeals.
        attributes: Tells how old somebody looks; None where nothing does.
    """
    terms = Terms(
        policy,
        tuple((gate.name, gate.digest) for gate in gates),
        {gate.name: gate.exposed for gate in gates},
        own,
    )
    return Guard(Inspector(policy, gates, attributes), terms, EvidenceStore(folders[0]), folders[1])
