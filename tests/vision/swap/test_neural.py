"""Neural engines: each row is fed with what peers feed its model, and what it draws lands where it should."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

import graphs_swap
from graphs_catalog import pool_with
from graphs_swap import GAMMA, Interface, projection
from scenes import texture
from understudy.core.errors import ModelError, PlanError
from understudy.core.plan import Look
from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog
from understudy.vision.align import TEMPLATES
from understudy.vision.embed.families import open_embedder
from understudy.vision.paste import Pasted
from understudy.vision.roles import Swapper
from understudy.vision.swap.families import open_swapper
from understudy.vision.swap.identity import Mix, towards

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
SIGNED = {"mean": 0.5, "std": 0.5}


@dataclass(frozen=True)
class Truth:
    """What peers say of a model; our rows are held against it."""

    interface: Interface
    template: str
    source: Literal["emap", "unit", "raw", "arcface_112_v2", "ffhq_512"]
    converter: str | None = None
    embedder: str = "w600k_r50"


TRUTHS = {
    "inswapper_128": Truth(Interface(128, emap=True), "arcface_128", "emap"),
    "inswapper_128_fp16": Truth(Interface(128, emap=True), "arcface_128", "emap"),
    "instyleswapper_256_b": Truth(Interface(256, emap=True), "arcface_128", "emap"),
    "hyperswap_1a_256": Truth(Interface(256, **SIGNED), "arcface_128", "unit"),
    "simswap_256": Truth(
        Interface(256, **IMAGENET, denormalise=False), "arcface_112_v1", "unit", "crossface_simswap"
    ),
    "simswap_unofficial_512": Truth(Interface(512), "arcface_112_v1", "unit", "crossface_simswap"),
    "ghost_1_256": Truth(Interface(256, **SIGNED), "arcface_112_v1", "raw", "crossface_ghost"),
    "ghost_unet_2_block": Truth(Interface(256, **SIGNED), "arcface_112_v1", "raw", embedder="ghost_arcface"),
    "hififace_unofficial_256": Truth(Interface(256, **SIGNED), "mtcnn_512", "unit", "crossface_hififace"),
    "blendswap_256": Truth(Interface(256, source=(1, 3, 112, 112)), "ffhq_512", "arcface_112_v2"),
    "uniface_256": Truth(Interface(256, **SIGNED, source=(1, 3, 256, 256)), "ffhq_512", "ffhq_512"),
}
AT = np.array([40, 60])


@dataclass(frozen=True)
class Scene:
    """A picture in which the crop of a template is the square of ``side`` pixels at AT, pixel for pixel."""

    pixels: NDArray[np.uint8]
    template: str
    side: int

    @property
    def frame(self) -> Frame:
        return Frame.from_bgr(self.pixels)

    @property
    def face(self) -> TrackedFace:
        points = (TEMPLATES[self.template] * self.side + AT).astype(np.float32)
        return TrackedFace(0, Face(np.array([*AT, *(AT + self.side)], np.float32), 0.9, points))

    @property
    def square(self) -> NDArray[np.float64]:
        """RGB, 0 to 1."""
        (x, y), side = AT, self.side
        return self.pixels[y : y + side, x : x + side, ::-1] / 255


def scene(template: str, side: int, seed: int = 1) -> Scene:
    rng = np.random.default_rng(seed)
    pixels = texture(AT[0] + side + 30, AT[1] + side + 30, rng)
    x, y = AT + side // 2
    pixels[y : y + 8, x : x + 8], pixels[y : y + 8, x - 8 : x] = 255, 0
    return Scene(pixels, template, side)


def pool_for(name: str, folder: Path) -> SessionPool:
    truth = TRUTHS[name]
    graphs = {name: graphs_swap.swapper(truth.interface), truth.embedder: graphs_swap.embedder()}
    if truth.converter:
        graphs[truth.converter] = graphs_swap.converter()
    return pool_with(graphs, folder)


def opened(name: str, pool: SessionPool, look: Look = Look(), mix: Mix = "quality") -> Swapper:  # noqa: B008
    return open_swapper(pool.cache.catalog[name], pool, look, mix)


def latent(truth: Truth, embedding: NDArray[np.float32]) -> NDArray[np.float64]:
    vector = embedding.astype(np.float64)
    if truth.source == "emap":
        vector = vector / np.linalg.norm(vector) @ graphs_swap.emap()
    if truth.converter:
        weights = np.random.default_rng(9).normal(size=(512, 512)).astype(np.float32) * 0.02
        vector = np.tanh(vector @ weights)
    return vector if truth.source == "raw" else vector / np.linalg.norm(vector)


def shifted(square: NDArray[np.float64], shift: NDArray[np.float64], step: int = 1) -> NDArray[np.float64]:
    """What :func:`graphs_swap.swapper` draws, BGR 0 to 255."""
    return (np.clip(np.roll(square**GAMMA, step, axis=1) + shift, 0, 1) * 255)[..., ::-1]


def inner(patch: Pasted | None, side: int) -> NDArray[np.float64]:
    """The middle of the square, where the mask is full."""
    assert patch is not None
    margin = side // 4
    x, y = AT + margin - (patch.region.x, patch.region.y)
    window = np.s_[y : y + side - 2 * margin, x : x + side - 2 * margin]
    assert patch.mask[window].min() == 255
    return patch.bgr[window].astype(np.float64)


def middle(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    margin = drawn.shape[0] // 4
    return drawn[margin:-margin, margin:-margin]


@pytest.mark.parametrize("name", TRUTHS)
def test_each_model_is_fed_as_its_peers_feed_it(name: str, tmp_path: Path) -> None:
    truth, pool = TRUTHS[name], pool_for(name, tmp_path)
    target = scene(truth.template, truth.interface.side)
    shown = truth.source if len(truth.interface.source) == 4 else "arcface_112_v2"
    actor = scene(shown, truth.interface.source[-1] if shown == truth.source else 112, seed=2)
    swapper = opened(name, pool)
    prepared = swapper.prepare([(actor.frame, actor.face.face)])
    if len(truth.interface.source) == 4:
        shift = actor.square.mean((0, 1)) / 2
    else:
        embedding = open_embedder(pool.cache.catalog[truth.embedder], pool).embed(
            actor.frame, actor.face.face
        )
        shift = latent(truth, embedding) @ projection()
    patch = swapper.swap(target.frame, target.face, prepared)
    expected = shifted(target.square, shift)
    assert np.isin(
        middle(expected), (0, 255)
    ).any()  # what is too bright or dark is cut off, not wrapped round
    assert np.abs(inner(patch, truth.interface.side) - middle(expected)).max() <= 1
    assert set(swapper.devices) >= {name} | ({truth.converter} if truth.converter else set())


@pytest.mark.parametrize(("name", "boost"), [("inswapper_128", 512), ("hyperswap_1a_256", 768)])
def test_pixel_boost_draws_interleaved_phases(name: str, boost: int, tmp_path: Path) -> None:
    truth, pool = TRUTHS[name], pool_for(name, tmp_path)
    target, actor = scene(truth.template, boost), scene("arcface_112_v2", 112, seed=2)
    swapper = opened(name, pool, Look(pixel_boost=boost))
    prepared = swapper.prepare([(actor.frame, actor.face.face)])
    patch = swapper.swap(target.frame, target.face, prepared)
    shift = (prepared.latent @ projection())[0]
    # One pixel of a phase to the right is as many of the boosted crop as there are phases in a row.
    expected = shifted(target.square, shift, step=boost // truth.interface.side)
    assert np.abs(inner(patch, boost) - middle(expected)).max() <= 1


def test_a_size_that_is_no_multiple_is_refused(tmp_path: Path) -> None:
    pool = pool_for("simswap_unofficial_512", tmp_path)
    with pytest.raises(PlanError, match=r"draws 512 pixels, of which 768 .*: 512, 1024"):
        opened("simswap_unofficial_512", pool, Look(pixel_boost=768))


@pytest.mark.parametrize("name", ["inswapper_128", "ghost_1_256"])
def test_likeness_goes_from_the_targets_face_to_the_actors(name: str, tmp_path: Path) -> None:
    truth, pool = TRUTHS[name], pool_for(name, tmp_path)
    target, actor = scene(truth.template, truth.interface.side), scene("arcface_112_v2", 112, seed=2)
    embedder = open_embedder(pool.cache.catalog[truth.embedder], pool)
    own = embedder.embed(target.frame, target.face.face)
    wanted = embedder.embed(actor.frame, actor.face.face)
    for likeness in (0.0, 0.3, 1.0):
        swapper = opened(name, pool, Look(likeness=likeness))
        patch = swapper.swap(target.frame, target.face, swapper.prepare([(actor.frame, actor.face.face)]))
        direction = (1 - likeness) * own / np.linalg.norm(own) + likeness * wanted / np.linalg.norm(wanted)
        mixed = direction / np.linalg.norm(direction) * np.linalg.norm(wanted)
        expected = shifted(target.square, latent(truth, mixed) @ projection())
        assert np.abs(inner(patch, truth.interface.side) - middle(expected)).max() <= 1


def test_a_picture_of_the_actor_cannot_be_weakened(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="likeness"):
        opened("uniface_256", pool_for("uniface_256", tmp_path), Look(likeness=0.5))


def test_towards_keeps_the_actors_length() -> None:
    own, actor = np.array([2, 0], np.float32), np.array([0, 10], np.float32)
    assert towards(own, actor, 0.5) == pytest.approx(np.array([1, 1]) * 10 / np.sqrt(2), rel=1e-5)


class Lookup:
    """An embedder that knows its vectors by the pictures' widths."""

    digest = "0" * 64

    def __init__(self, vectors: dict[int, tuple[float, ...]]) -> None:
        self._vectors = vectors

    def embed(self, picture: Frame, _face: Face) -> NDArray[np.float32]:
        return np.array(self._vectors[picture.width], np.float32)


@pytest.mark.parametrize(
    ("mix", "direction"),
    [("mean", (2, 1, 0)), ("median", (1, 0, 0)), ("quality", (2 * 0.9, 0.45, 0))],
)
def test_photos_are_mixed_by_direction(mix: Mix, direction: tuple[float, ...]) -> None:
    from understudy.vision.swap.identity import pool_embeddings

    # Two agree and the third, of half their quality, does not but is ten times as long.
    embedder = Lookup({200: (1, 0, 0), 202: (1, 0, 0), 204: (0, 10, 0)})
    box, points = np.array([0, 0, 150, 150], np.float32), np.zeros((5, 2), np.float32)
    photos = [
        (Frame.from_bgr(np.zeros((200, width, 3), np.uint8)), Face(box, 0.9, points, confidence=sure))
        for width, sure in ((200, 0.9), (202, 0.9), (204, 0.45))
    ]
    mixed = pool_embeddings(photos, embedder, mix)
    assert mixed / np.linalg.norm(mixed) == pytest.approx(np.array(direction) / np.linalg.norm(direction))
    assert np.linalg.norm(mixed) == pytest.approx(4)


def test_of_several_photos_the_best_is_shown(tmp_path: Path) -> None:
    pool = pool_for("blendswap_256", tmp_path)
    small, large = scene("arcface_112_v2", 56, seed=2), scene("arcface_112_v2", 112, seed=3)
    swapper = opened("blendswap_256", pool)
    both = [(photo.frame, photo.face.face) for photo in (small, large)]
    assert np.array_equal(swapper.prepare(both), swapper.prepare(both[1:]))
    assert not np.array_equal(swapper.prepare(both), swapper.prepare(both[:1]))


def test_what_cannot_be_seen_is_not_drawn(tmp_path: Path) -> None:
    pool = pool_for("hyperswap_1a_256", tmp_path)
    actor = scene("arcface_112_v2", 112)
    swapper = opened("hyperswap_1a_256", pool)
    prepared = swapper.prepare([(actor.frame, actor.face.face)])
    points = actor.face.face.keypoints - 1000
    outside = TrackedFace(0, Face(actor.face.face.bbox - 1000, 0.9, points))
    assert swapper.swap(actor.frame, outside, prepared) is None


def test_numbers_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    pool = pool_for("hyperswap_1a_256", tmp_path)
    target = scene("arcface_128", 256)
    swapper = opened("hyperswap_1a_256", pool)
    prepared = swapper.prepare([(target.frame, target.face.face)])
    prepared.latent[:] = np.nan
    with pytest.raises(ModelError, match="not finite"):
        swapper.swap(target.frame, target.face, prepared)


def test_without_a_box_the_whole_crop_counts(tmp_path: Path) -> None:
    pool = pool_for("hyperswap_1a_256", tmp_path)
    target = scene("arcface_128", 256)

    def weight(look: Look) -> float:
        swapper = opened("hyperswap_1a_256", pool, look)
        patch = swapper.swap(target.frame, target.face, swapper.prepare([(target.frame, target.face.face)]))
        assert patch is not None
        return float(patch.mask.mean() / 255)

    assert weight(Look(mask=("occlusion",))) > 0.95
    assert weight(Look()) < 0.9
    assert weight(Look(mask_padding=(0, 50, 0, 0))) < 0.5


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"denormalize": True}, "'denormalize'"), ({"unit_source": "often"}, "'unit_source'")],
)
def test_a_wrong_row_says_what_is_wrong(settings: dict[str, object], says: str, tmp_path: Path) -> None:
    pool = pool_for("ghost_1_256", tmp_path)
    spec = pool.cache.catalog["ghost_1_256"].model_copy(update={"settings": settings})
    with pytest.raises(ModelError, match=f"{says}.*") as error:
        open_swapper(spec, pool, Look())
    assert "denormalise, unit_source" in error.value.next_step


def test_every_swapper_of_the_catalogue_has_its_truth_or_a_brother_with_one() -> None:
    from understudy.models.spec import load_catalog

    catalog: Catalog = load_catalog()

    def interface(name: str) -> tuple[object, ...]:
        spec = catalog[name]
        return (
            spec.family,
            spec.input_size,
            spec.mean,
            spec.std,
            spec.template,
            tuple(spec.settings.items()),
            spec.needs,
        )

    known = {interface(name) for name in TRUTHS}
    unknown = {spec.name for spec in catalog.role("swapper") if interface(spec.name) not in known}
    assert unknown <= {"simswap_512_unoff"}


def test_colours_are_matched_to_the_targets_face(tmp_path: Path) -> None:
    pool = pool_for("hyperswap_1a_256", tmp_path)
    target, actor = scene("arcface_128", 256), scene("arcface_112_v2", 112, seed=2)

    def away(amount: float) -> float:
        swapper = opened("hyperswap_1a_256", pool, Look(color_match=amount))
        patch = swapper.swap(target.frame, target.face, swapper.prepare([(actor.frame, actor.face.face)]))
        drawn, under = inner(patch, 256), middle(target.square[..., ::-1] * 255)
        return float(np.abs(drawn.mean((0, 1)) - under.mean((0, 1))).max())

    assert away(0) > 10
    assert away(1) < 3
    assert away(0) / 3 < away(0.5) < away(0) * 2 / 3
