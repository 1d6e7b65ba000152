"""The rasteriser against SciPy's interpolation and scikit-image's polygons."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay
from scipy.spatial.transform import Rotation
from skimage.draw import polygon

from understudy.vision.canonical import Canonical
from understudy.vision.swap.mesh.raster import rasterise, scaled


@pytest.mark.parametrize("size", [(320, 240), (97, 201)])
@pytest.mark.parametrize("depth", [0.0, 60.0])
def test_values_are_interpolated_as_scipy_does(size: tuple[int, int], depth: float) -> None:
    rng = np.random.default_rng(7)
    points = np.column_stack([rng.uniform(4, 0.95 * np.array(size), (60, 2)), rng.uniform(-depth, depth, 60)])
    points = points.astype(np.float32)
    values = rng.uniform(-5, 5, (60, 3)).astype(np.float32)
    mesh = Delaunay(points[:, :2])
    drawn, covered = rasterise(points, values, mesh.simplices.astype(np.int32), size)
    xs, ys = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    expected = LinearNDInterpolator(mesh, values)(xs, ys)
    inside = np.isfinite(expected[..., 0])
    assert np.mean(inside != covered) < 2e-3  # pixels on the very rim
    both = inside & covered
    assert np.percentile(np.abs(drawn - expected)[both], 99.9) < 0.02
    assert (drawn[~covered] == 0).all()


def test_the_nearest_surface_is_seen_whatever_the_order() -> None:
    corners = np.array([[10, 10], [90, 15], [50, 90]])
    near, far = np.column_stack([corners, [-5] * 3]), np.column_stack([corners[:, ::-1], [5] * 3])
    points = np.vstack([near, far]).astype(np.float32)
    colours = np.repeat(np.array([[1, 0, 0], [0, 1, 0]], np.float32), 3, 0)
    triangles = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    one, covered = rasterise(points, colours, triangles, (100, 100))
    other, _ = rasterise(points, colours, triangles[::-1].copy(), (100, 100))
    assert np.array_equal(one, other)
    rows, columns = polygon(corners[:, 1], corners[:, 0], (100, 100))
    assert (one[rows, columns, 0] > 0.99).mean() > 0.98
    assert one[covered].sum(1) == pytest.approx(1, abs=1e-3)


def test_a_turned_face_hides_what_is_behind_it(canonical: Canonical) -> None:
    turned = Rotation.from_euler("y", 50, degrees=True).apply(canonical.vertices) * 200 + (128, 128, 0)
    points = turned.astype(np.float32)
    depth = np.repeat(points[:, 2:], 3, 1)
    drawn, covered = rasterise(points, depth, canonical.triangles, (256, 256))
    reference = z_buffer(points, canonical.triangles, (256, 256))
    seen = np.isfinite(reference)
    assert np.mean(seen != covered) < 0.01
    both = seen & covered
    assert np.percentile(np.abs(drawn[..., 0] - reference)[both], 99) < 1.0


def z_buffer(
    points: NDArray[np.float32], triangles: NDArray[np.int32], size: tuple[int, int]
) -> NDArray[np.float64]:
    """The least depth over each pixel, triangle by triangle."""
    depth = np.full(size[::-1], np.inf)
    for corners in points[triangles].astype(np.float64):
        rows, columns = polygon(corners[:, 1], corners[:, 0], depth.shape)
        matrix = np.column_stack([corners[:, :2], np.ones(3)])
        if len(rows) == 0 or abs(np.linalg.det(matrix)) < 1e-6:
            continue
        plane = np.linalg.solve(matrix, corners[:, 2])
        values = np.column_stack([columns, rows, np.ones(len(rows))]) @ plane
        depth[rows, columns] = np.minimum(depth[rows, columns], values)
    return depth


def test_a_coarser_grid_shows_the_same_place() -> None:
    # Pixel (0, 0) of a grid twice as coarse covers pixels 0 and 1: its centre is at 0.5.
    points = np.array([[0.5, 0.5, 7], [2.5, 4.5, 7]], np.float32)
    assert np.allclose(scaled(points, 0.5), [[0, 0, 3.5], [1, 2, 3.5]])


def test_what_lies_outside_is_left_out() -> None:
    points = np.array([[-300, -300, 0], [-200, -300, 0], [-250, -200, 0]], np.float32)
    drawn, covered = rasterise(points, np.ones((3, 3), np.float32), np.array([[0, 1, 2]], np.int32), (64, 48))
    assert not covered.any()
    assert not drawn.any()
