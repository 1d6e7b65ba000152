"""Light and grain on made-up skin: what was put in comes out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from scenes import texture
from understudy.media.frame import Frame
from understudy.vision.canonical import Canonical
from understudy.vision.swap.mesh.grain import match_grain
from understudy.vision.swap.mesh.light import FLOOR, fit_shading, harmonics, relight, sample_colours

COEFFICIENTS = np.array(
    [
        [4.6, 18, -14],
        [0.25, 2, -1],
        [-0.2, 1, 1],
        [-0.5, -2, 1],
        *[[0.05, 0.5, -0.5]] * 5,
    ],
    np.float32,
)


@pytest.fixture(scope="module")
def basis(canonical: Canonical) -> NDArray[np.float32]:
    return harmonics(canonical.form(canonical.normals(canonical.vertices)))


def test_harmonics_of_each_order_turn_into_each_other() -> None:
    rng = np.random.default_rng(3)
    normals = rng.normal(size=(400, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    plain = harmonics(normals)
    turned = harmonics(Rotation.from_euler("xyz", [20, 50, -30], degrees=True).apply(normals))
    for part in (plain[:, :4], plain):
        columns = part.shape[1]
        fit, *_ = np.linalg.lstsq(part, turned[:, :columns], rcond=None)
        assert np.allclose(part @ fit, turned[:, :columns], atol=1e-4)
    assert np.linalg.matrix_rank(plain) == 9


def test_light_on_matt_skin_is_found(canonical: Canonical, basis: NDArray[np.float32]) -> None:
    colours = basis @ COEFFICIENTS
    lit = fit_shading(colours, basis, canonical.skin)
    off = np.abs(lit - colours)[canonical.skin > 0]
    # The ridge holds it back a little where few vertices look.
    assert off[:, 0].mean() < 0.025
    assert off[:, 1:].mean() < 0.25


def test_hair_and_scarves_hardly_count(canonical: Canonical, basis: NDArray[np.float32]) -> None:
    colours = basis @ COEFFICIENTS
    covered = colours.copy()
    y = canonical.vertices[:, 1]
    covered[y < np.percentile(y, 15)] = (1.2, 0, 0)
    lit = fit_shading(covered, basis, canonical.skin)
    seen = (canonical.skin > 0) & (y > -0.2)
    assert np.abs(lit - colours)[seen, 0].mean() < 0.08


def test_someone_in_their_own_light_stays_as_they_are(
    canonical: Canonical, basis: NDArray[np.float32]
) -> None:
    rng = np.random.default_rng(8)
    normals = canonical.normals(canonical.vertices)
    colours = (basis @ COEFFICIENTS + rng.normal(0, 0.03, (468, 3))).astype(np.float32)
    lit = fit_shading(colours, basis, canonical.skin)
    spread = float((colours - lit)[canonical.skin > 0, 0].std())
    light = relight(canonical, colours, normals, canonical.form(normals), lit, spread)
    assert light.contrast == pytest.approx(1, abs=0.15)
    assert abs(light.turn - 1) < 0.02
    change = light.field[:, 0] + (light.contrast - 1) * lit[:, 0]
    assert np.abs(change[canonical.skin > 0]).mean() < 0.02
    assert np.abs(light.field[:, 1:]).max() < 1


def test_twice_the_light_is_twice_as_bright(canonical: Canonical, basis: NDArray[np.float32]) -> None:
    normals = canonical.normals(canonical.vertices)
    colours = basis @ COEFFICIENTS
    lit = fit_shading(colours, basis, canonical.skin)
    form = canonical.form(normals)
    plain, bright = (
        relight(canonical, colours + np.array([more, 0, 0], np.float32), normals, form, lit, 0.02)
        for more in (0, np.log(2))
    )
    assert np.allclose((bright.field - plain.field)[:, 0], np.log(2), atol=0.02)


def test_colours_are_those_under_the_vertices(canonical: Canonical) -> None:
    picture = np.full((500, 500, 3), (60, 90, 140), np.uint8)
    picture[:, 250:] = (40, 60, 90)
    landmarks = (canonical.vertices * 300 + (249.5, 260, 0)).astype(np.float32)
    colours = sample_colours(Frame.from_bgr(picture), landmarks, 300)
    x = canonical.vertices[:, 0]
    for side, bgr in ((x < -0.1, (60, 90, 140)), (x > 0.1, (40, 60, 90))):
        y, cr, cb = cv2.cvtColor(np.array([[bgr]], np.uint8), cv2.COLOR_BGR2YCrCb)[0, 0].astype(float)
        assert np.allclose(colours[side], [np.log(y + FLOOR), cr - 128, cb - 128], atol=0.05)


def fine(image: NDArray[np.uint8]) -> float:
    """Energy of what is finer than about two pixels."""
    pixels = image.astype(np.float32)
    return float(np.abs(pixels - cv2.GaussianBlur(pixels, (0, 0), 1.2))[20:-20, 20:-20].mean())


@pytest.mark.parametrize(("blur", "noise"), [(3.0, 0.0), (1.5, 0.0), (3.0, 4.0), (0.0, 0.0)])
def test_a_sharp_photo_becomes_as_sharp_as_the_footage(blur: float, noise: float) -> None:
    rng = np.random.default_rng(6)
    sharp = texture(300, 300, rng)[..., 1]
    target = texture(300, 300, rng)[..., 1].astype(np.float32)
    if blur:
        target = cv2.GaussianBlur(target, (0, 0), blur)
    footage = np.clip(target + rng.normal(0, noise, target.shape), 0, 255).astype(np.uint8)
    result = match_grain(sharp, footage, np.full((300, 300), 255, np.uint8), 280)
    before, after, wanted = fine(sharp), fine(result), fine(footage)
    assert abs(np.log(after / wanted)) <= max(abs(np.log(before / wanted)), 0.05)
    assert after < max(1.25 * wanted, 0.35 * before)
    if noise:
        assert after > 0.7 * wanted
    # Large forms are not its business.
    broad = [cv2.GaussianBlur(image.astype(np.float32), (0, 0), 12) for image in (sharp, result)]
    assert np.abs(broad[0] - broad[1])[40:-40, 40:-40].mean() < 1.5


def test_where_no_skin_is_plain_nothing_is_changed() -> None:
    luma = texture(80, 60, np.random.default_rng(2))[..., 0]
    assert np.array_equal(match_grain(luma, luma[::-1].copy(), np.zeros((60, 80), np.uint8), 70), luma)
