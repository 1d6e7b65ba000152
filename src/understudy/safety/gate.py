"""The gate: one function that says whether what was seen may be written. Whatever is not clearly allowed, is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from understudy.core import errors
from understudy.core.verdict import Allow, Block, Part, Seen, Undetermined, Verdict
from understudy.safety.evidence import Sample, digest_of
from understudy.safety.policy import Policy

__all__ = ["Terms", "decide", "granted"]


@dataclass(frozen=True)
class _Granted(Allow):
    """The only kind of Allow that there is."""


@dataclass(frozen=True)
class Terms:
    """What evidence is judged by.

    Attributes:
        policy: The table.
        models: (name, SHA-256) of the networks that take part.
        nudity: Of each of them, the labels that are nudity.
        own: The package's policy, which bounds that one where somebody may be a minor.
    """

    policy: Policy
    models: tuple[tuple[str, str], ...]
    nudity: Mapping[str, frozenset[str]]
    own: Policy


def decide(terms: Terms, samples: Sequence[Sample], parts: Collection[Part]) -> Verdict:
    """Judge what was seen.

    Args:
        terms: By what.
        samples: Of everything that the output is made of, and of the output.
        parts: Of what there must be samples.

    Returns:
        ``Allow`` only if everything that must be looked at was looked at, by every network, and nothing counts.
    """
    reason = _incomplete(terms, samples, parts)
    if reason:
        return Undetermined(reason, "Nothing was written. Please report it, with what --debug shows.")
    hard, soft = [], []
    for sample in samples:
        for seen in sample.seen:
            nudity = seen.label in terms.nudity.get(seen.model, ())
            if nudity and not sample.grown_up and seen.score >= _strictest(terms, seen):
                hard.append(seen)
            elif seen.score >= (terms.policy.threshold(seen.model, seen.label) or 2):
                soft.append(seen)
    if hard:
        return Block(_strongest(hard), True, terms.policy.digest)
    agreed = [seen for seen in soft if _agreed(terms, seen, soft)]
    if agreed:
        return Block(_strongest(agreed), False, terms.policy.digest)
    return _Granted(digest_of(samples), terms.policy.digest, terms.models, len(samples))


def granted(verdict: Verdict, path: str) -> Allow:
    """The Allow, or an error that explains why there is none.

    Args:
        verdict: The gate's.
        path: The file that it is about.

    Raises:
        Blocked: It was blocked.
        Undetermined: The gate cannot say.
    """
    if isinstance(verdict, Allow):
        return verdict
    if isinstance(verdict, Block):
        raise errors.Blocked(_why(verdict), path=verdict.seen[0].name or path, next_step=_what_now(verdict))
    raise errors.Undetermined(verdict.reason, path=path, next_step=verdict.next_step)


def _incomplete(terms: Terms, samples: Sequence[Sample], parts: Collection[Part]) -> str:
    """What is missing before anything can be allowed; empty is nothing."""
    names = {name for name, _ in terms.models}
    lacking = {name for name, how in terms.policy.models.items() if how == "required"} - names
    if not names or lacking:
        return f"The gate has no {', '.join(sorted(lacking)) or 'network'} to look with."
    if not any(terms.nudity.get(name) for name in names):
        return "None of the gate's networks knows nudity."
    for name in sorted(names):
        unlisted = sorted(
            label for label in terms.nudity.get(name, ()) if terms.policy.threshold(name, label) is None
        )
        if unlisted:
            return f"The gate's policy says nothing of {', '.join(unlisted)}, which {name} finds."
    for part in sorted(parts):
        if not any(sample.part == part for sample in samples):
            return f"The gate has not seen a single frame of the {part}."
    for sample in samples:
        if set(sample.models) != names or (sample.views < 1 and sample.changed):
            return f"Not every network of the gate has seen frame {sample.frame} of the {sample.part}."
    return ""


def _strictest(terms: Terms, seen: Seen) -> float:
    """Nudity counts from the lower of two scores: this policy's, and the package's own."""
    found = (each.threshold(seen.model, seen.label) for each in (terms.policy, terms.own))
    return min(threshold for threshold in found if threshold is not None)


def _agreed(terms: Terms, seen: Seen, all_seen: Sequence[Seen]) -> bool:
    """Whether enough networks saw something of the kind at about that time."""
    vote, count = terms.policy.vote, len(terms.models)
    near = {
        other.model
        for other in all_seen
        if (other.part, other.name) == (seen.part, seen.name) and abs(other.time - seen.time) <= vote.window
    }
    return len(near) >= {"any": 1, "majority": count // 2 + 1, "all": count}[vote.rule]


def _strongest(seen: Sequence[Seen]) -> tuple[Seen, ...]:
    return tuple(sorted(seen, key=lambda each: -each.score))


def _why(block: Block) -> str:
    seen = block.seen[0]
    where = {"actor": "the actor's photo", "target": "the target", "output": "the result"}[seen.part]
    text = f"The content gate saw {seen.label} ({seen.score:.2f}, {seen.model}) in {where}"
    text += f", frame {seen.frame} at {float(seen.time):.2f} s." if seen.frame or seen.time else "."
    if block.hard:
        text += " Nudity, and nobody is known to be grown up: no policy allows that."
    return text


def _what_now(block: Block) -> str:
    seen = block.seen[0]
    cut = "Leave that part out with --trim-start and --trim-end, or use" if seen.time or seen.frame else "Use"
    return f"Nothing was written. {cut} another input. If this is a mistake: 'understudy appeals list' has the record."
