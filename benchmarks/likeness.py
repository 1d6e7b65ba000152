"""Whether it is the actor, says a recogniser that takes no part in the swap.

Every ordered pair of the portraits, and every frame of the clip, swapped by the product's own pipeline with its
default settings and looked at before any encoder. dlib's descriptor says how far the result is from the actor and
from the target (below 0.6 is the same person). It always looks where the target's face was, so that nothing depends
on finding a face again.

    python benchmarks/likeness.py [--pairs 100] [--out FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from people import (
    TONES,
    Person,
    Studio,
    arguments,
    captioned,
    choose_pairs,
    face_crop,
    landmarks_of,
    say_where,
)
from understudy.core.types import FloatArray
from understudy.render.steps import Row
from understudy.vision.embed.dlib import DlibEmbedder

_NEARER_PAIRS, _NEARER_CLIP = 0.99, 1.0
_NEAR_PAIRS, _NEAR_CLIP = 0.42, 0.50
_SIDE = 300


@dataclass(frozen=True)
class Verdict:
    """Distances of one result: to the actor, to the target, and of these two."""

    actor: float
    target: float
    apart: float

    @property
    def margin(self) -> float:
        """How much nearer it is to the actor; below zero it is still the target."""
        return self.target - self.actor


@dataclass(frozen=True, eq=False)
class Pair:
    actor: Person
    target: Person
    verdict: Verdict

    @property
    def text(self) -> str:
        verdict = self.verdict
        return (
            f"{self.actor.name} on {self.target.name}: actor {verdict.actor:.2f}, target {verdict.target:.2f}, "
            f"apart {verdict.apart:.2f}"
        )


class Jury:
    """The recogniser, which remembers whom it has seen."""

    def __init__(self, studio: Studio, people: Sequence[Person]) -> None:
        cache = studio.engine.cache
        self._embedder = DlibEmbedder.open(cache, cache.catalog.role("embedder")[0])
        self._studio = studio
        self._known = {person.name: self._embedder.embed(person.frame, person.row.face) for person in people}

    def pair(self, actor: Person, target: Person) -> Pair:
        result = self._studio.swapped(actor.actor, target.frame, target.row)
        seen = self._embedder.embed(result, target.row.face)
        return Pair(actor, target, _verdict(seen, self._known[actor.name], self._known[target.name]))

    def frame(self, actor: Person, row: Row) -> Verdict:
        frame, (face, *_) = row
        before = self._embedder.embed(frame, face.face)
        after = self._embedder.embed(self._studio.swapped(actor.actor, frame, face), face.face)
        return _verdict(after, self._known[actor.name], before)


def _verdict(result: FloatArray, actor: FloatArray, target: FloatArray) -> Verdict:
    return Verdict(
        *(float(np.linalg.norm(a - b)) for a, b in ((result, actor), (result, target), (actor, target)))
    )


def summary(verdicts: Sequence[Verdict]) -> str:
    actor, target, apart = np.median([(v.actor, v.target, v.apart) for v in verdicts], 0)
    return (
        f"{len(verdicts):5} results: median distance to the actor {actor:.3f}, to the target {target:.3f}, "
        f"actor–target {apart:.3f}; nearer to the actor {nearer(verdicts):.1%}"
    )


def nearer(verdicts: Sequence[Verdict]) -> float:
    return float(np.mean([verdict.margin > 0 for verdict in verdicts]))


def report_tones(pairs: Sequence[Pair], people: Sequence[Person]) -> None:
    print("\nBy skin tone (individual typology angle of the cheeks; number of people in brackets):")
    present = [tone.name for tone in TONES if any(person.tone == tone.name for person in people)]
    counts = {name: sum(person.tone == name for person in people) for name in present}
    for role in ("actor", "target"):
        for name in present:
            verdicts = [pair.verdict for pair in pairs if getattr(pair, role).tone == name]
            if verdicts:
                print(f"  {role:6} {name + f' ({counts[name]})':18}{summary(verdicts)}")
    print("  median distance to the actor, share nearer to the actor (rows: actor, columns: target)")
    print(" " * 18 + "".join(f"{name:>16}" for name in present))
    for row in present:
        cells = []
        for column in present:
            chosen = [p.verdict for p in pairs if (p.actor.tone, p.target.tone) == (row, column)]
            median = f"{np.median([v.actor for v in chosen]):.2f} {nearer(chosen):.0%}" if chosen else "-"
            cells.append(f"{median:>16}")
        print(f"  {row:16}" + "".join(cells))


def sheets(
    studio: Studio, jury: Jury, people: list[Person], worst: list[Pair], film: list[Row], out: Path
) -> None:
    """What the figures look like."""
    out.mkdir(parents=True, exist_ok=True)

    def strip(pair: Pair) -> NDArray[np.uint8]:
        actor, target = pair.actor, pair.target
        result = studio.swapped(actor.actor, target.frame, target.row)
        own, theirs = landmarks_of(actor.row), landmarks_of(target.row)
        faces = ((actor.frame, own), (target.frame, theirs), (result, theirs))
        return captioned([face_crop(frame, where, _SIDE) for frame, where in faces], pair.text)

    _write(out / "worst.jpg", [strip(pair) for pair in worst], 2)
    # Each portrait as the target of three others, always the same ones.
    count = len(people)
    chosen = [
        (people[(index + step) % count], people[index]) for index in range(count) for step in (7, 13, 22)
    ]
    strips = [strip(jury.pair(actor, target)) for actor, target in chosen]
    for page in range(0, len(strips), 33):
        _write(out / f"choice-{page // 33 + 1}.jpg", strips[page : page + 33], 3)
    actor = people[[person.name for person in people].index("roop-source")]
    frames = []
    for frame, (face, *_) in film[:: max(len(film) // 6, 1)]:
        result = studio.swapped(actor.actor, frame, face)
        where = landmarks_of(face)
        frames.append(captioned([face_crop(f, where, 420) for f in (frame, result)], f"pts {frame.pts}"))
    _write(out / "clip.jpg", frames, 2)
    print(f"\nPictures (actor, target, result): {out}")


def _write(path: Path, strips: Sequence[NDArray[np.uint8]], columns: int) -> None:
    padded = [*strips, *([np.zeros_like(strips[0])] * (-len(strips) % columns))]
    rows = [np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)]
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 92])


def judge(pairs: Sequence[Verdict], clip: Sequence[Verdict]) -> bool:
    """Print whether what is promised is kept."""

    def median(verdicts: Sequence[Verdict]) -> float:
        return float(np.median([verdict.actor for verdict in verdicts]))

    rows: list[tuple[str, str, float, float, Callable[[float, float], bool]]] = [
        ("pairs nearer to the actor", "at least", nearer(pairs), _NEARER_PAIRS, float.__ge__),
        ("frames nearer to the actor", "at least", nearer(clip), _NEARER_CLIP, float.__ge__),
        ("median of the pairs", "at most", median(pairs), _NEAR_PAIRS, float.__le__),
        ("median of the clip", "at most", median(clip), _NEAR_CLIP, float.__le__),
    ]
    print()
    for name, word, value, limit, holds in rows:
        print(f"{'kept  ' if holds(value, limit) else 'MISSED'} {name}: {value:.4f} ({word} {limit:.2f})")
    return all(holds(value, limit) for *_, value, limit, holds in rows)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--likeness", type=float, help="other than the product's default")
    parser.add_argument(
        "--out", type=Path, help="write contact sheets of the worst ten, a fixed choice, the clip"
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    media = options.shared / "media"
    studio = Studio(options.likeness)
    say_where()
    print(f"likeness {studio.look.likeness}")
    people = [studio.person(photo) for photo in sorted((media / "portraits").glob("*.jpg"))]
    jury = Jury(studio, people)
    chosen = choose_pairs(len(people), options.pairs)
    pairs = [jury.pair(people[actor], people[target]) for actor, target in chosen]
    film = studio.film(media / "clips" / "car-1080p.mp4")
    source = next(person for person in people if person.name == "roop-source")
    clip = [jury.frame(source, row) for row in film]
    print(f"pairs {summary([pair.verdict for pair in pairs])}")
    print(f"clip  {summary(clip)}")
    report_tones(pairs, people)
    print("\nThe worst ten:")
    worst = sorted(pairs, key=lambda pair: pair.verdict.margin)[:10]
    for pair in worst:
        print(f"  {pair.text}")
    if options.out is not None:
        sheets(studio, jury, people, worst, film, options.out)
    if not judge([pair.verdict for pair in pairs], clip):
        sys.exit(1)


if __name__ == "__main__":
    main()
