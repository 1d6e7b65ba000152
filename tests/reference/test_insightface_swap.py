"""inswapper's path against InsightFace's own code: the same graph, the same real pictures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import graphs_swap
from graphs_catalog import pool_with
from understudy.core.plan import Look
from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.models.pool import SessionPool
from understudy.vision.align import cut, fit
from understudy.vision.paste import paste
from understudy.vision.swap.families import open_swapper
from understudy.vision.swap.neural import Network

pytest.importorskip("insightface", reason="InsightFace is not installed: scripts/environment.sh reference")
# Its own calls of scikit-image are out of date.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

NAMES = ("man-04", "man-72", "woman-14", "woman-64", "roop-source")
Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("insightface") / "inswapper_128.onnx"
    path.write_bytes(graphs_swap.inswapper_like(full_size=False))
    return path


@pytest.fixture(scope="module")
def pool(graph: Path, tmp_path_factory: pytest.TempPathFactory) -> SessionPool:
    graphs = {"inswapper_128": graph.read_bytes(), "w600k_r50": graphs_swap.embedder()}
    return pool_with(graphs, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def theirs(graph: Path) -> Any:
    import onnxruntime
    from insightface.model_zoo.inswapper import INSwapper

    return INSwapper(str(graph), onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"]))


@pytest.fixture(params=NAMES)
def sitter(request: pytest.FixtureRequest, shared_media: Path) -> tuple[Pixels, Face]:
    return seen(shared_media, request.param)


def seen(shared_media: Path, name: str, extent: float | None = None) -> tuple[Pixels, Face]:
    """A portrait, scaled so that its face is ``extent`` pixels wide, and the face as YuNet finds it."""
    yunet = cv2.FaceDetectorYN.create(
        str(shared_media.parent / "models" / "yunet_n_dynamic.onnx"), "", (320, 320)
    )
    pixels = np.asarray(cv2.imread(str(shared_media / "portraits" / f"{name}.jpg")), np.uint8)
    row = yunet.detect(cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA))[1][0]
    row[:14] *= pixels.shape[0] / 320
    if extent is not None:
        scale = extent / row[2]
        pixels = np.asarray(
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        row[:14] *= scale
    box = np.array([row[0], row[1], row[0] + row[2], row[1] + row[3]], np.float32)
    return pixels, Face(box, float(row[14]), row[4:14].reshape(5, 2).astype(np.float32))


def actor_of(embedding: NDArray[np.float32]) -> SimpleNamespace:
    return SimpleNamespace(normed_embedding=embedding / np.linalg.norm(embedding))


class Spy:
    """A session that keeps what it was fed."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.fed: dict[str, NDArray[np.float32]] = {}

    def run(self, names: list[str], inputs: dict[str, NDArray[np.float32]]) -> Any:
        self.fed = inputs
        return self._session.run(names, inputs)


class Rounding(Spy):
    """A session whose levels are rounded, and not cut off, by the code that turns them into whole numbers."""

    def run(self, names: list[str], inputs: dict[str, NDArray[np.float32]]) -> Any:
        return [super().run(names, inputs)[0] + np.float32(0.5 / 255)]


class White:
    """A session that paints everything white: what comes out over black is the mask."""

    def run(self, _names: list[str], inputs: dict[str, NDArray[np.float32]]) -> Any:
        return [np.ones_like(inputs["target"])]


def test_the_transform_and_the_crop_are_theirs(sitter: tuple[Pixels, Face]) -> None:
    from insightface.utils import face_align

    pixels, face = sitter
    for size, template in ((112, "arcface_112_v2"), (128, "arcface_128"), (256, "arcface_128")):
        crop, matrix = face_align.norm_crop2(pixels, face.keypoints, size)
        alignment = fit(face.keypoints, template, size)
        corners = np.array([[0, 0, 1], [pixels.shape[1], 0, 1], [0, pixels.shape[0], 1]], np.float64)
        assert corners @ alignment.matrix.T == pytest.approx(corners @ matrix.T, abs=2e-3)
        ours = cut(Frame.from_bgr(pixels), alignment, prefilter=False)
        difference = np.abs(ours.astype(int) - crop)
        assert difference.max() <= 1


def test_the_latent_is_theirs(
    sitter: tuple[Pixels, Face], pool: SessionPool, theirs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, face = sitter
    swapper = open_swapper(pool.cache.catalog["inswapper_128"], pool, Look())
    actor = swapper.prepare([(Frame.from_bgr(pixels), face)])
    spy = Spy(theirs.session)
    monkeypatch.setattr(theirs, "session", spy)
    theirs.get(pixels, SimpleNamespace(kps=face.keypoints), actor_of(actor.embedding), paste_back=False)
    cosine = float((spy.fed["source"] * actor.latent).sum(dtype=np.float64))
    assert np.linalg.norm(spy.fed["source"]) == pytest.approx(np.linalg.norm(actor.latent), rel=1e-6)
    assert cosine >= 0.999999


def test_what_is_drawn_and_pasted_is_theirs(
    sitter: tuple[Pixels, Face], pool: SessionPool, theirs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, face = sitter
    spec = pool.cache.catalog["inswapper_128"]
    actor = open_swapper(spec, pool, Look()).prepare([(Frame.from_bgr(pixels), face)])
    target, source = SimpleNamespace(kps=face.keypoints), actor_of(actor.embedding)
    their_crop, _ = theirs.get(pixels, target, source, paste_back=False)

    alignment = fit(face.keypoints, "arcface_128", 128)
    crop = cut(Frame.from_bgr(pixels), alignment, prefilter=False)
    drawn = Network(spec, pool.session(spec)).draw(crop, actor.latent)
    assert their_crop.std() > 20
    assert np.abs(drawn.astype(int) - their_crop).max() <= 1

    their_picture = theirs.get(pixels, target, source)
    monkeypatch.setattr(theirs, "session", White())
    their_mask = theirs.get(np.zeros_like(pixels), target, source)[..., 0]
    frame = Frame.from_bgr(pixels)
    soft = np.zeros((128, 128), np.float32)
    soft[12:-12, 12:-12] = 1
    patch = paste(frame, alignment, np.asarray(their_crop), cv2.GaussianBlur(soft, (0, 0), 3))
    frame.blend(patch.region, patch.bgr, patch.mask)
    compare(pixels, frame.bgr(), over(patch, pixels), their_picture, their_mask)


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_swap_is_theirs(
    name: str, pool: SessionPool, theirs: Any, shared_media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A face of about the crop's size: there the prefilter has nothing to do.
    pixels, face = seen(shared_media, name, extent=90)
    swapper = open_swapper(pool.cache.catalog["inswapper_128"], pool, Look())
    actor = swapper.prepare([(Frame.from_bgr(pixels), face)])
    frame = Frame.from_bgr(pixels)
    patch = swapper.swap(frame, TrackedFace(0, face), actor)
    assert patch is not None
    frame.blend(patch.region, patch.bgr, patch.mask)
    target, source = SimpleNamespace(kps=face.keypoints), actor_of(actor.embedding)
    monkeypatch.setattr(theirs, "session", Rounding(theirs.session))
    their_picture = theirs.get(pixels, target, source)
    monkeypatch.setattr(theirs, "session", White())
    their_mask = theirs.get(np.zeros_like(pixels), target, source)[..., 0]
    # A level more or less in the crop that goes in becomes two where the network is steep.
    compare(pixels, frame.bgr(), over(patch, pixels), their_picture, their_mask, share=0.999)


def over(patch: Any, pixels: Pixels) -> Pixels:
    """A patch's mask over the whole picture."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[patch.region.y : patch.region.bottom, patch.region.x : patch.region.right] = patch.mask
    return mask


def compare(
    pixels: Pixels, ours: Pixels, our_mask: Pixels, theirs: Pixels, their_mask: Pixels, share: float = 1
) -> None:
    both = (our_mask == 255) & (their_mask >= 254)
    assert both.sum() > 0.3 * (our_mask > 0).sum()
    # Their merge cuts fractions off, so that a weight of 0.99999 costs a level: what they had lies between theirs
    # and theirs + 1.
    difference = (ours.astype(int) - theirs)[both]
    assert ((difference >= -1) & (difference <= 2)).mean() >= share
    assert (np.abs(difference) <= 1).mean() > 0.995
    assert (ours != pixels)[both].any()
    assert np.array_equal(ours[our_mask == 0], pixels[our_mask == 0])
