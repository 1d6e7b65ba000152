"""Whether it is still the target's performance: landmarks found again on the result, against the target's own.

Portrait pairs at random and every frame of the clip, swapped by the product's own pipeline and looked at before any
encoder. Both pictures are searched for faces from scratch, each by itself. Where the landmarks are counts with
likeness 0 (the actor's proportions would move them on purpose); how far eyes and mouth are open counts always.

An opening is the distance between the middles of the upper and the lower lid (the mean of both eyes) or lip. Its
change is given in hundredths of the face's width and, where it is more than 2 % of that wide, of the opening itself.

    python benchmarks/performance.py [--pairs 120]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from people import Person, Studio, arguments, choose_pairs, landmarks_of, say_where
from understudy.core.types import FloatArray, TrackedFace
from understudy.media.frame import Frame
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.shape import face_width

_MOVED, _OPENED = 0.02, 0.03
_OPEN: Final = 0.02

# Vertices in the middle of the upper and the lower edge.
_EYES: Final = ((159, 145), (386, 374))
_MOUTH: Final = ((13, 14),)


@dataclass(frozen=True, eq=False)
class Scene:
    """A target: its row from analysis, and (468, 3) where its landmarks are when it is looked at by itself."""

    name: str
    frame: Frame
    row: TrackedFace
    own: FloatArray


@dataclass(frozen=True, eq=False)
class Change:
    """What became of one performance.

    Attributes:
        name: Who on whom.
        moved: (468,) distances between the landmarks, in face widths.
        eyes, mouth: Openings in the target and in the result, in face widths.
    """

    name: str
    moved: FloatArray
    eyes: tuple[float, float]
    mouth: tuple[float, float]


def compare(studio: Studio, actor: Person, scene: Scene, likeness: float) -> Change | None:
    """None when there is no face on the result where the target's was."""
    rows = studio.rows(studio.swapped(actor.actor, scene.frame, scene.row, likeness))
    width = face_width(scene.own)
    if not rows or np.linalg.norm((landmarks_of(rows[0]) - scene.own).mean(0)[:2]) > width / 4:
        return None
    again = landmarks_of(rows[0])
    moved = np.linalg.norm((again - scene.own)[:, :2], axis=1) / width
    return Change(
        f"{actor.name} on {scene.name}",
        moved.astype(np.float32),
        (_opening(scene.own, _EYES) / width, _opening(again, _EYES) / width),
        (_opening(scene.own, _MOUTH) / width, _opening(again, _MOUTH) / width),
    )


def _opening(landmarks: FloatArray, edges: Sequence[tuple[int, int]]) -> float:
    flat = landmarks[:, :2]
    return float(np.mean([np.linalg.norm(flat[above] - flat[below]) for above, below in edges]))


def groups(canonical: Canonical) -> dict[str, np.ndarray]:
    """Vertices by part of the face."""
    named = {
        "oval": canonical.oval,
        "brows": np.concatenate(canonical.brows),
        "eyes": np.concatenate(canonical.eyes),
        "nose": np.array([6, 168, 197, 195, 5, 4, 1, 19, 2, 98, 327, 48, 278, 64, 294]),
        "lips": np.concatenate([canonical.inner_lips, canonical.outer_lips]),
    }
    rest = np.setdiff1d(np.arange(468), np.concatenate(list(named.values())))
    return {**named, "other skin": rest}


def report(
    name: str, changes: Sequence[Change], lost: int, canonical: Canonical
) -> tuple[float, float, float]:
    """Print the figures; returns the medians of landmarks, eyes and mouth in face widths."""
    print(f"\n{name}: {len(changes)} results" + (f", and {lost} without a face" if lost else ""))
    moved = [float(change.moved.mean()) for change in changes]
    print(f"  landmarks moved by {_spread(moved)} of the face's width; median by part: ", end="")
    parts = groups(canonical).items()
    print(
        ", ".join(
            f"{part} {np.median([c.moved[where].mean() for c in changes]):.1%}" for part, where in parts
        )
    )
    medians = [float(np.median(moved))]
    openings: list[tuple[str, Callable[[Change], tuple[float, float]]]] = [
        ("eyes", lambda change: change.eyes),
        ("mouth", lambda change: change.mouth),
    ]
    for part, of in openings:
        pairs = [of(change) for change in changes]
        apart = [abs(after - before) for before, after in pairs]
        shares = [(after - before) / before for before, after in pairs if before > _OPEN]
        print(f"  {part}: {_spread(apart)} of the face's width", end="")
        if shares:
            print(
                f"; of the opening ({len(shares)} are open) {_spread([abs(share) for share in shares])}, "
                f"signed median {np.median(shares):+.1%}",
                end="",
            )
        print()
        medians.append(float(np.median(apart)))
        worst = sorted(changes, key=lambda change: -abs(of(change)[1] - of(change)[0]))[:4]
        print("    worst:", "; ".join(f"{c.name} {of(c)[0]:.3f} to {of(c)[1]:.3f}" for c in worst))
    worst = sorted(changes, key=lambda change: -change.moved.mean())[:6]
    print("  moved most:", "; ".join(f"{change.name} {change.moved.mean():.1%}" for change in worst))
    return medians[0], medians[1], medians[2]


def _spread(values: Sequence[float]) -> str:
    middle, high = np.percentile(values, [50, 90])
    return f"{middle:.1%} (nine in ten {high:.1%})"


def judge(name: str, value: float, limit: float) -> bool:
    print(f"{'kept  ' if value <= limit else 'MISSED'} {name}: {value:.1%} (at most {limit:.0%})")
    return value <= limit


def main() -> None:
    parser = arguments(__doc__)
    parser.set_defaults(pairs=120)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    media, canonical = options.shared / "media", load_canonical()
    studio = Studio()
    say_where()
    people = [studio.person(photo) for photo in sorted((media / "portraits").glob("*.jpg"))]
    photos = {p.name: Scene(p.name, p.frame, p.row, landmarks_of(p.row)) for p in people}
    chosen = choose_pairs(len(people), options.pairs)
    source = next(person for person in people if person.name == "roop-source")
    film = [
        Scene(f"frame {number}", frame, row, landmarks_of(studio.rows(frame)[0]))
        for number, (frame, (row, *_)) in enumerate(studio.film(media / "clips" / "car-1080p.mp4"))
    ]
    works = {
        "pairs": [(people[actor], photos[people[target].name]) for actor, target in chosen],
        "clip": [(source, scene) for scene in film],
    }
    verdicts = []
    for likeness in sorted({0.0, studio.look.likeness}):
        for kind, work in works.items():
            found = [compare(studio, actor, scene, likeness) for actor, scene in work]
            changes = [change for change in found if change is not None]
            name = f"{kind}, likeness {likeness:g}"
            moved, eyes, mouth = report(name, changes, len(found) - len(changes), canonical)
            verdicts += [(f"{name}: landmarks", moved, _MOVED)] if likeness == 0 else []
            verdicts += [(f"{name}: eyes", eyes, _OPENED), (f"{name}: mouth", mouth, _OPENED)]
    print()
    kept = [judge(*verdict) for verdict in verdicts]
    if not all(kept):
        sys.exit(1)


if __name__ == "__main__":
    main()
