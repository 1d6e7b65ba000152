"""The canonical mesh: what everything that is drawn relies on."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from understudy.vision.canonical import Canonical, load_canonical


@pytest.fixture(scope="module")
def canonical() -> Canonical:
    return load_canonical()


def signed_areas(points: NDArray[np.floating], triangles: NDArray[np.integer]) -> NDArray[np.floating]:
    a, b, c = (points[triangles[:, corner], :2] for corner in range(3))
    (px, py), (qx, qy) = (b - a).T, (c - a).T
    return px * qy - py * qx


def test_it_is_symmetric(canonical: Canonical) -> None:
    mirror = canonical.mirror
    assert np.array_equal(mirror[mirror], np.arange(468))
    assert np.allclose(canonical.vertices[mirror] * (-1, 1, 1), canonical.vertices, atol=1e-6)
    assert np.allclose(canonical.uv[mirror] * (-1, 1) + (1, 0), canonical.uv, atol=1e-6)
    triangles = {frozenset(corners) for corners in canonical.triangles.tolist()}
    assert {frozenset(mirror[list(corners)].tolist()) for corners in triangles} == triangles


def test_triangles_are_wound_alike_and_make_one_sheet(canonical: Canonical) -> None:
    sides = [(corners[i], corners[(i + 1) % 3]) for corners in canonical.triangles.tolist() for i in range(3)]
    assert max(Counter(sides).values()) == 1  # two that were wound unlike would share a side in one direction
    rim = dict(side for side in sides if side[::-1] not in set(sides))
    around, vertex = [], next(iter(rim))
    while vertex not in around:
        around.append(vertex)
        vertex = rim[vertex]
    assert len(around) == len(rim)
    assert set(around) == set(canonical.oval.tolist())
    assert len(set(canonical.triangles.ravel().tolist())) == 468


def test_the_texture_has_no_folds_and_its_texels_are_used(canonical: Canonical) -> None:
    areas = signed_areas(canonical.uv, canonical.triangles)
    assert (areas > 0).all()
    assert canonical.uv.min() > 0
    assert canonical.uv.max() < 1
    assert areas.sum() / 2 > 0.6


def test_contours_lie_where_they_are_said_to(canonical: Canonical) -> None:
    x, y, _ = canonical.vertices.T
    left, right = canonical.eyes
    assert x[left].max() < 0 < x[right].min()
    assert np.array_equal(np.sort(canonical.mirror[left]), np.sort(right))
    for contour, brow in zip(canonical.eyes, canonical.brows, strict=True):
        assert x[contour[0]] ** 2 == pytest.approx((x[contour] ** 2).max())  # it begins at the outer corner
        assert y[contour[1:8]].mean() < y[contour[9:]].mean()  # and goes over the upper lid
        assert y[brow].max() < y[contour].min()
    above, below = canonical.lids_and_lips
    assert (y[above] < y[below]).all()
    assert np.abs(x[above] - x[below]).max() < 0.02


def test_normals_are_those_of_a_sphere_on_a_sphere(canonical: Canonical) -> None:
    outward = canonical.vertices - (0, 0, 0.6)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    normals = canonical.normals((outward * 200 + 300).astype(np.float32))
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    inside = np.setdiff1d(np.arange(468), canonical.oval)
    cosines = (normals * outward).sum(1)
    assert np.median(cosines[inside]) > 0.999
    assert np.percentile(cosines[inside], 2) > 0.97


def test_the_face_looks_at_the_viewer_and_normals_turn_with_it(canonical: Canonical) -> None:
    normals = canonical.normals(canonical.vertices)
    assert np.mean(normals[:, 2] < 0) > 0.98
    assert (canonical.form(normals)[:, 2] < 0).all()
    turn = Rotation.from_euler("yxz", [35, -15, 20], degrees=True)
    turned = canonical.normals((turn.apply(canonical.vertices) * 250).astype(np.float32))
    assert np.allclose(turned, turn.apply(normals), atol=1e-4)


def test_the_side_that_is_turned_away_is_not_drawn(canonical: Canonical) -> None:
    def front(yaw: float) -> NDArray[np.int32]:
        turned = Rotation.from_euler("y", yaw, degrees=True).apply(canonical.vertices).astype(np.float32)
        return canonical.front(canonical.form(canonical.normals(turned)))

    assert len(front(0)) == len(canonical.triangles)
    for yaw in (60, -60):
        drawn = front(yaw)
        gone = {tuple(t) for t in canonical.triangles.tolist()} - {tuple(t) for t in drawn.tolist()}
        side = np.array([canonical.vertices[list(corners), 0].mean() for corners in gone])
        assert 0.05 < len(gone) / len(canonical.triangles) < 0.4
        assert len(np.unique(np.sign(side))) == 1


def test_lips_and_lids_say_nothing_of_the_light(canonical: Canonical) -> None:
    for contour in (*canonical.eyes, *canonical.brows, canonical.inner_lips, canonical.outer_lips):
        assert (canonical.skin[contour] == 0).all()
    cheeks, forehead = [50, 280, 205, 425], [151, 9, 67, 297]
    assert (canonical.skin[[*cheeks, *forehead]] == 1).all()


def test_means_over_surroundings_keep_constants(canonical: Canonical) -> None:
    for kernel in (canonical.nearby, canonical.bone_kernel):
        assert np.allclose(kernel @ np.ones(468), 1, atol=1e-5)
