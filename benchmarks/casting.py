"""Several actors cast onto a group photo, through the installed command, and whether each person got the right one.

The photo is composed of portraits. Faces are found by YuNet, people are told apart by dlib's descriptor, and the engine
paints each face half over with a colour of the actor's own (``tests/casting_scene.py``), so that what was painted where
can be measured. Two of the people are not cast; they must come out bit for bit.

    python benchmarks/casting.py [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from casting_scene import Place, group_photo, tint_at, write_tint_catalog
from scenes import Portrait, read_portraits

SHARED = Path(__file__).parent.parent.parent / "shared"
SIZE = 1920, 1080
# Who stands where, with the name of their portrait, and who plays them.
PEOPLE = {
    "woman-30": (Place(300, 360, 150, -8), "man-10"),
    "man-20": (Place(650, 330, 170, 5), "woman-64"),
    "man-44": (Place(1010, 380, 140, -4), None),
    "woman-09": (Place(1340, 330, 160, 10), "man-72"),
    "man-61": (Place(1660, 380, 150, 0), "woman-21"),
    "woman-73": (Place(480, 800, 190, 6), "man-36"),
    "man-83": (Place(950, 830, 180, -10), "woman-48"),
    "woman-42": (Place(1430, 800, 185, 4), None),
}


def run(*arguments: object, **environment: str) -> list[dict[str, object]]:
    """The installed command, as a process; what it says as JSON."""
    command = Path(sys.executable).parent / "understudy"
    done = subprocess.run(
        [str(command), *map(str, arguments), "--json"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode:
        sys.exit(f"understudy {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
    return events


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with media/portraits and models")
    parser.add_argument("--out", type=Path, help="keep the pictures here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not demonstrate(options.shared.resolve(), folder):
            sys.exit(1)


def demonstrate(shared: Path, folder: Path) -> bool:
    """Cast, measure, print, and say whether everybody is who they should be."""
    photos = shared / "media" / "portraits"
    names = [path.stem for path in sorted(photos.glob("*.jpg"))]
    portraits = dict(zip(names, read_portraits(shared), strict=True))
    group = folder / "group.png"
    before = group_photo({place: portraits[name] for name, (place, _) in PEOPLE.items()}, SIZE)
    cv2.imwrite(str(group), before)
    run("models", "pull", "blazeface-short", "facemesh-468", "dlib-resnet")
    environment = {
        "UNDERSTUDY_CATALOG": str(write_tint_catalog(folder / "catalog")),
        "UNDERSTUDY_MIRROR": str(shared / "models"),
        "UNDERSTUDY_SWAPPER": "tint",
        "UNDERSTUDY_DETECTOR": "yunet_dynamic",
        "UNDERSTUDY_EMBEDDER": "dlib-resnet",
    }
    played = {name: actor for name, (_, actor) in PEOPLE.items() if actor}
    casts = [f"--cast={photos / name}.jpg={photos / actor}.jpg" for name, actor in played.items()]
    result = run("swap", group, "-o", folder / "cast.png", "--overwrite", *casts, **environment)[-1]
    after = np.asarray(cv2.imread(str(folder / "cast.png")), np.uint8)
    own = {actor: own_tint(actor, portraits, photos, folder, environment) for actor in played.values()}
    print("devices:", ", ".join(f"{name} on {device}" for name, device in dict(result["device"]).items()))  # type: ignore[call-overload]
    right = report(before, after, own)
    return report_parts(result, played) and right


def own_tint(
    actor: str, portraits: dict[str, Portrait], photos: Path, folder: Path, environment: dict[str, str]
) -> NDArray[np.float64]:
    """The actor's colour, from a swap onto somebody alone, of which no casting takes part."""
    place = Place(320, 330, 200)
    alone, result = folder / "alone.png", folder / "alone-swapped.png"
    before = group_photo({place: portraits["woman-00"]}, (640, 720))
    cv2.imwrite(str(alone), before)
    run("swap", photos / f"{actor}.jpg", alone, "-o", result, "--overwrite", **environment)
    return tint_at(before, np.asarray(cv2.imread(str(result)), np.uint8), place)


def report(before: NDArray[np.uint8], after: NDArray[np.uint8], own: dict[str, NDArray[np.float64]]) -> bool:
    """Whose colour each person has."""
    apart = min(float(np.abs(own[a] - own[b]).max()) for a in own for b in own if a != b)
    print(f"least difference between two actors' colours: {apart:.0f} levels")
    right = apart > 20
    for name, (place, actor) in PEOPLE.items():
        reach = round(0.6 * place.width)
        there = np.s_[
            round(place.y) - reach : round(place.y) + reach, round(place.x) - reach : round(place.x) + reach
        ]
        if actor is None:
            good = bool((before[there] == after[there]).all())
            print(
                f"{'right' if good else 'WRONG'}  {name} is nobody's role: {'' if good else 'not '}untouched"
            )
        else:
            tint = tint_at(before, after, place)
            distances = {other: float(np.abs(tint - colour).max()) for other, colour in own.items()}
            best = min(distances, key=lambda other: distances[other])
            good = best == actor and distances[best] < 10
            print(
                f"{'right' if good else 'WRONG'}  {name} is played by {best} "
                f"({distances[best]:.1f} levels from the colour of {actor}'s alone)"
            )
        right &= good
    return right


def report_parts(result: dict[str, object], played: dict[str, str]) -> bool:
    """Whether the result says so too."""
    said = {str(part["role"]): str(part["actor"]) for part in result["parts"]}  # type: ignore[attr-defined]
    good = said == {f"{name}.jpg": f"{actor}.jpg" for name, actor in played.items()}
    good &= all(part["frames"] == 1 for part in result["parts"])  # type: ignore[attr-defined]
    print(f"{'right' if good else 'WRONG'}  the result names {len(said)} parts")
    return good


if __name__ == "__main__":
    main()
