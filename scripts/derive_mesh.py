"""Derive the canonical face from portraits: mean shape, mirror map, UV map and triangulation.

    python scripts/derive_mesh.py SHARED/media/portraits src/understudy/vision/canonical.npz

The landmarks of all frontal portraits and their mirror images are averaged by generalised Procrustes analysis (Gower
1975), which makes the mean symmetric. Its unrolling from a cylinder is the UV map; the Delaunay triangulation of that
is the mesh. Only the mean leaves this script.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Delaunay

from understudy.app.engine import Engine
from understudy.app.faces import find_faces
from understudy.app.settings import find_folders, load_settings

LEFT, RIGHT, TOP, CHIN = 234, 454, 10, 152
FLIP = np.array([-1.0, 1.0, 1.0])
AXIS = 0.62  # depth of the cylinder's axis behind the face, in face widths
ROUNDS = 20

Points = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("portraits", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    found = find_folders()
    engine = Engine(load_settings(found), found)
    faces = []
    for path in sorted(options.portraits.glob("*.jpg")):
        landmarks = max(find_faces(path, engine).faces, key=lambda face: face.size).landmarks
        assert landmarks is not None
        turned = abs(landmarks[RIGHT, 2] - landmarks[LEFT, 2]) / np.ptp(landmarks[:, 0])
        if turned < 0.1:
            faces.append(landmarks.astype(np.float64))
    mean, mirror = symmetric_mean(faces)
    uv, triangles = unroll(mean)
    np.savez_compressed(
        options.output,
        vertices=mean.astype(np.float32),
        triangles=triangles.astype(np.int16),
        mirror=mirror.astype(np.int16),
        uv=uv.astype(np.float32),
    )
    print(f"{options.output}: {len(faces)} faces, {len(triangles)} triangles")


def symmetric_mean(faces: list[Points]) -> tuple[Points, NDArray[np.intp]]:
    """(468, 3) mean, symmetric about x = 0, one face width wide; and the vertex on the other side of each."""
    mean = normalised(faces[0])
    for _ in range(ROUNDS):
        mean = normalised(np.mean([fitted(face, mean) for face in faces], 0))
    distance = np.linalg.norm(mean[:, None] - (mean * FLIP)[None], axis=2)
    mirror = linear_sum_assignment(distance)[1]
    assert (mirror[mirror] == np.arange(len(mirror))).all(), "the mirror map is not an involution"
    everyone = [*faces, *((face * FLIP)[mirror] for face in faces)]
    for _ in range(ROUNDS):
        mean = normalised(np.mean([fitted(face, mean) for face in everyone], 0))
        mean = (mean + fitted((mean * FLIP)[mirror], mean)) / 2
    # The rounds above keep the symmetry plane near x = 0; this puts it there exactly.
    mean = normalised((mean + (mean * FLIP)[mirror]) / 2)
    down = mean[CHIN] - mean[TOP]
    angle = np.arctan2(down[2], down[1])
    cos, sin = np.cos(angle), np.sin(angle)
    return mean @ np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]]).T, mirror


def fitted(points: Points, onto: Points) -> Points:
    """The points moved, turned and scaled onto others (Umeyama 1991)."""
    a, b = points - points.mean(0), onto - onto.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    handed = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    scale = (s * np.diag(handed)).sum() / (a * a).sum()
    return scale * a @ (u @ handed @ vt).T + onto.mean(0)


def normalised(points: Points) -> Points:
    centred = points - points.mean(0)
    return centred / np.linalg.norm(centred[RIGHT] - centred[LEFT])


def unroll(mean: Points) -> tuple[Points, NDArray[np.intp]]:
    """UV in 0..1, and triangles wound alike."""
    angle, height = np.arctan2(mean[:, 0], AXIS - mean[:, 2]), mean[:, 1]
    uv = np.stack(
        [
            0.5 + 0.48 * angle / np.abs(angle).max(),
            0.02 + 0.96 * (height - height.min()) / np.ptp(height),
        ],
        1,
    )
    flat = np.stack([angle * 0.75, height], 1)
    triangles = Delaunay(flat).simplices
    a, b, c = (flat[triangles[:, corner]] for corner in range(3))
    wound = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    triangles[wound < 0] = triangles[wound < 0][:, [0, 2, 1]]
    return uv, triangles


if __name__ == "__main__":
    main()
