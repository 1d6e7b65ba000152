"""Pose and proportions, against SciPy and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from skimage.transform import estimate_transform

from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.shape import canonical_pose, face_width, proportions

POSES = [(0, 0, 0), (30, 0, 0), (-35, 15, 10), (10, -20, -50)]


@pytest.fixture(scope="module")
def canonical() -> Canonical:
    return load_canonical()


def posed(
    shape: NDArray[np.floating], pose: tuple[float, float, float], scale: float = 230
) -> NDArray[np.float32]:
    turn = Rotation.from_euler("yxz", pose, degrees=True)
    return (turn.apply(shape) * scale + (420, 310, 12)).astype(np.float32)


def somebody(canonical: Canonical) -> NDArray[np.floating]:
    """Wider jaw, longer nose, on both sides alike."""
    shape = canonical.vertices.astype(np.float64)
    x, y, _ = canonical.vertices.T
    shape[:, 0] *= 1 + 0.08 * np.clip(y, 0, 1)
    shape[:, 2] -= 0.05 * np.exp(-(x**2 + (y - 0.02) ** 2) / 0.005)
    return shape


@pytest.mark.parametrize("pose", POSES)
def test_the_rotation_is_scipys(canonical: Canonical, pose: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(3)
    landmarks = posed(somebody(canonical), pose) + rng.normal(0, 1.5, (468, 3)).astype(np.float32)
    weights = canonical.rigid
    total = weights.sum()
    mean = (landmarks * weights[:, None]).sum(0) / total
    origin = (canonical.vertices * weights[:, None]).sum(0) / total
    expected, _ = Rotation.align_vectors(canonical.vertices - origin, landmarks - mean, weights)
    _, back = canonical_pose(canonical, landmarks)
    size = np.cbrt(np.linalg.det(back))
    assert np.allclose(back.T / size, expected.inv().as_matrix(), atol=1e-4)


def test_the_similarity_is_scikit_images(canonical: Canonical) -> None:
    rng = np.random.default_rng(4)
    landmarks = posed(canonical.vertices, (25, 10, -30)) + rng.normal(0, 3, (468, 3)).astype(np.float32)
    # scikit-image knows no weights: each upper vertex is there 20 times, each lower one 3 times.
    repeats = np.round(canonical.rigid * 20).astype(int)
    reference = estimate_transform(
        "similarity", np.repeat(landmarks, repeats, 0), np.repeat(canonical.vertices, repeats, 0)
    )
    shape, _ = canonical_pose(canonical, landmarks)
    assert np.allclose(shape, reference(landmarks.astype(np.float64)), atol=2e-4)


@pytest.mark.parametrize("pose", POSES)
def test_there_and_back(canonical: Canonical, pose: tuple[float, float, float]) -> None:
    landmarks = posed(somebody(canonical), pose)
    shape, back = canonical_pose(canonical, landmarks)
    direction = np.array([0.03, -0.02, 0.05], np.float32)
    moved, _ = canonical_pose(canonical, landmarks + direction @ back)
    assert np.allclose(moved, shape, atol=1e-4)  # moved as a whole, it is the same pose
    assert np.allclose((shape - shape.mean(0)) @ back, landmarks - landmarks.mean(0), atol=0.02)


def test_a_reflection_is_no_pose(canonical: Canonical) -> None:
    _, back = canonical_pose(canonical, posed(canonical.vertices * (-1, 1, 1), (0, 0, 0)))
    assert np.linalg.det(back) > 0


def test_the_width_is_the_same_from_every_side(canonical: Canonical) -> None:
    widths = [face_width(posed(canonical.vertices, pose)) for pose in POSES]
    assert np.allclose(widths, 230 * face_width(canonical.vertices), rtol=1e-4)


def test_the_mean_face_has_hardly_any_proportions_of_its_own(canonical: Canonical) -> None:
    for pose in POSES:
        found = proportions(canonical, posed(canonical.vertices, pose))
        # Its mouth is a little open, and mouths are shut first.
        assert np.abs(found[canonical.vertices[:, 1] < 0.12]).max() < 2e-3
        assert np.abs(found).max() < 0.02


def test_an_open_mouth_is_no_proportion(canonical: Canonical) -> None:
    x, y, _ = canonical.vertices.T
    opened = canonical.vertices.copy()
    # The jaw turns about the ears: chin and lower lip come down, the cheeks a little.
    falls = np.clip((y - canonical.vertices[14, 1] + 0.02) / 0.1, 0, 1) * np.clip(1 - (x / 0.45) ** 2, 0, 1)
    falls[canonical.inner_lips[11:]] = 1
    falls[canonical.inner_lips[:11]] = 0
    opened[:, 1] += 0.1 * falls
    change = proportions(canonical, posed(opened, (15, 0, 0))) - proportions(
        canonical, posed(canonical.vertices, (15, 0, 0))
    )
    moved = np.linalg.norm(opened - canonical.vertices, axis=1) > 0.05
    assert np.linalg.norm(change[moved], axis=1).mean() < 0.5 * 0.1


def test_proportions_do_not_depend_on_the_pose(canonical: Canonical) -> None:
    frontal, *others = (proportions(canonical, posed(somebody(canonical), pose)) for pose in POSES)
    assert np.linalg.norm(frontal, axis=1).max() > 0.015
    for other in others:
        assert np.allclose(other, frontal, atol=1e-4)


def test_proportions_are_symmetric(canonical: Canonical) -> None:
    rng = np.random.default_rng(5)
    landmarks = posed(canonical.vertices, (20, 0, 0)) + rng.normal(0, 4, (468, 3)).astype(np.float32)
    found = proportions(canonical, landmarks)
    assert np.allclose(found[canonical.mirror] * (-1, 1, 1), found, atol=1e-5)


def test_a_jaw_counts_in_full_and_a_raised_brow_less(canonical: Canonical) -> None:
    raised = canonical.vertices.copy()
    brows = np.concatenate(canonical.brows)
    raised[brows, 1] -= 0.05
    wide = posed(somebody(canonical), (0, 0, 0))
    jaw = canonical.oval[12:25]
    mean = proportions(canonical, canonical.vertices)
    passing = (proportions(canonical, posed(raised, (0, 0, 0))) - mean)[brows]
    lasting = (proportions(canonical, wide) - mean)[jaw]
    own = (canonical_pose(canonical, wide)[0] - canonical.vertices)[jaw]
    assert np.linalg.norm(passing, axis=1).mean() < 0.75 * 0.05
    assert np.linalg.norm(lasting - own, axis=1).mean() < 0.2 * np.linalg.norm(own, axis=1).mean()
