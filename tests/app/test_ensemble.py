"""From options to who is wanted: references, frames, roles, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import understudy
from casting_scene import Place, group_photo, write_film
from scenes import read_portraits
from steps import outcome
from understudy.app.casting import gather
from understudy.app.engine import Engine
from understudy.app.pictures import picture_at
from understudy.app.rehearsal import rehearse
from understudy.app.request import plan_swap, result_path
from understudy.app.service import resolve
from understudy.core.errors import DependencyMissing, FaceError, InputError, ModelMissing, PlanError
from understudy.core.plan import Plan, ResolvedPlan, Seeing
from understudy.vision.embed.dlib import DlibEmbedder

pytestmark = pytest.mark.thorough

LEFT, RIGHT = Place(230, 260, 130), Place(600, 250, 120)


@pytest.fixture
def people(portraits: list[Path]) -> dict[str, Path]:
    return {path.stem: path for path in portraits}


@pytest.fixture(scope="session")
def pixels(shared_media: Path, portraits: list[Path]) -> np.ndarray[Any, Any]:
    """woman-09 on the left, man-61 on the right."""
    heads = dict(zip([path.stem for path in portraits], read_portraits(shared_media.parent), strict=True))
    return group_photo({LEFT: heads["woman-09"], RIGHT: heads["man-61"]}, (860, 520))


@pytest.fixture
def group(pixels: np.ndarray[Any, Any], tmp_path: Path) -> Path:
    path = tmp_path / "group.png"
    cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture
def film(pixels: np.ndarray[Any, Any], tmp_path: Path) -> Path:
    """The group in frames 0 to 2, nobody in 3, and the group mirrored in 4."""
    nobody = np.full_like(pixels, 120)
    return write_film([pixels] * 3 + [nobody, cv2.flip(pixels, 1)], tmp_path / "scene.mkv")


def found(plan: Plan, engine: Engine) -> dict[str, int]:
    """Which side of the target's first frame is played by whom."""
    rehearsed = outcome(rehearse(plan, engine))
    _, faces = next(rehearsed.analysis([picture_at(plan.source.path, 0)]))
    return {"left" if face.face.bbox[0] < 400 else "right": face.actor for face in faces}


def test_only_the_person_of_the_reference_is_replaced(
    recognising: Engine, group: Path, people: dict[str, Path]
) -> None:
    for name, side in (("woman-09", "left"), ("man-61", "right")):
        plan = plan_swap(people["man-20"], group, reference=people[name])
        assert found(plan, recognising) == {side: 0}
        assert gather(plan, recognising).names == (f"{name}.jpg",)
    plan = plan_swap(people["man-20"], group, reference=people["woman-30"])
    assert found(plan, recognising) == {}


def test_a_low_similarity_replaces_whoever_is_most_alike(
    recognising: Engine, group: Path, people: dict[str, Path]
) -> None:
    plan = plan_swap(people["man-20"], group, reference=people["woman-30"], similarity="-1")
    assert len(found(plan, recognising)) == 1


def test_each_role_gets_its_actor_and_the_actor_one_of_the_others(
    recognising: Engine, group: Path, people: dict[str, Path]
) -> None:
    casts = [f"{people['man-61']}={people['man-20']}", f"{people['woman-09']}={people['woman-64']}"]
    plan = plan_swap(None, group, cast=casts)
    both = gather(plan, recognising)
    assert found(plan, recognising) == {"right": 0, "left": 1}
    assert [actor.name for actor in both.actors] == ["man-20.jpg", "woman-64.jpg"]
    plan = plan_swap(people["man-10"], group, cast=casts[:1])
    assert found(plan, recognising) == {"left": 0, "right": 1}
    assert gather(plan, recognising).names == (None, "man-61.jpg")


def test_a_reference_frame_counts_frames_and_its_faces_from_the_left(
    recognising: Engine, film: Path, group: Path, people: dict[str, Path]
) -> None:
    # Mirrored, it is the man who stands on the left.
    for frame, face, side in ((0, 1, "left"), (0, 2, "right"), (4, 1, "right"), (4, 2, "left")):
        plan = plan_swap(people["man-20"], film, reference_frame=frame, reference_face=face)
        assert found(plan, recognising) == {side: 0}
        assert gather(plan, recognising).names == (f"scene.mkv, frame {frame}",)
    other = plan_swap(people["man-20"], group, reference=film, reference_frame=1)
    assert found(other, recognising) == {"left": 0}


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        ({"reference_frame": 0, "reference_face": 3}, FaceError, "only 2 faces in frame 0, no number 3"),
        ({"reference_frame": 3}, FaceError, "is no face in frame 3"),
        ({"reference_frame": 5}, InputError, "no frame 5: it has 5"),
        ({"reference": "film"}, PlanError, "not said which frame"),
        ({"reference": "photo", "reference_frame": 1}, PlanError, "a photo, which has no frames"),
        ({"reference": "photo", "reference_face": 2}, FaceError, "only one face in the reference"),
        ({"cast": "film=photo"}, PlanError, "A role is given by a photo"),
        ({"gender": "female"}, ModelMissing, "none is installed"),
    ],
)
def test_references_that_are_none(
    recognising: Engine,
    film: Path,
    people: dict[str, Path],
    options: dict[str, Any],
    kind: type[Exception],
    sentence: str,
) -> None:
    files = {"film": str(film), "photo": str(people["man-61"])}
    said = {
        name: "=".join(files.get(part, part) for part in value.split("="))
        if isinstance(value, str)
        else value
        for name, value in options.items()
    }
    with pytest.raises(kind, match=sentence):
        gather(plan_swap(people["man-20"], film, **said), recognising)


def test_the_plan_says_who_by_content_wherever_the_files_lie(
    recognising: Engine, film: Path, people: dict[str, Path], tmp_path: Path
) -> None:
    def resolved(role: Path, actor: Path, reference: Path) -> ResolvedPlan:
        plan = plan_swap(
            people["man-10"],
            film,
            tmp_path / "out.mkv",
            cast=[f"{role}={actor}"],
            reference=reference,
            reference_frame=4,
        )
        return outcome(resolve(plan, recognising, result_path(plan), "libx264")).plan

    first = resolved(people["woman-09"], people["woman-64"], film)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copies = [
        elsewhere / f"{index}{path.suffix}"
        for index, path in enumerate((people["woman-09"], people["woman-64"], film))
    ]
    for path, copy in zip((people["woman-09"], people["woman-64"], film), copies, strict=True):
        copy.write_bytes(path.read_bytes())
    assert resolved(*copies).model_dump_json() == first.model_dump_json()
    text = first.model_dump_json()
    assert str(tmp_path) not in text
    assert "woman" not in text
    by_frame, by_photo = (role.reference for role in first.roles)
    assert by_frame is not None
    assert by_photo is not None
    assert (by_frame.frame, by_photo.frame) == (4, None)
    assert {"dlib-resnet", "dlib-5-points"} <= {model.name for model in first.models}
    assert first.casting.similarity == pytest.approx(recognising.identity.same_person)
    assert ResolvedPlan.model_validate_json(text) == first


def test_nothing_that_tells_people_apart_is_opened_when_nobody_asks(
    engine: Engine, group: Path, people: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(DlibEmbedder, "__init__", refuse)
    gather(plan_swap(people["man-20"], group, face_order="left"), engine)
    assert [model.name for model in engine.models(plan_swap(people["man-20"], group).look)] == [
        "blazeface-short",
        "facemesh-468",
    ]


def test_without_dlib_it_says_how_to_install_it(
    recognising: Engine, group: Path, people: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(DependencyMissing) as caught:
        gather(plan_swap(people["man-20"], group, reference=people["man-61"]), recognising)
    assert "understudy[identity]" in caught.value.next_step


def test_unknown_models_are_named_with_the_choices(home: Path) -> None:
    from understudy.app.settings import find_folders, load_settings

    folders = find_folders(home)
    settings = load_settings(folders, {"offline": True})
    for field in ("detector", "landmarker"):
        with pytest.raises(PlanError, match=f"no {field} 'nobody'.*auto"):
            Engine(settings, folders, Seeing(**{field: "nobody"}))
    with pytest.raises(PlanError, match="no embedder 'nobody'"):
        _ = Engine(settings, folders, Seeing(embedder="nobody")).identity


def test_a_film_with_a_reference_from_python(
    recognising: Engine, home: Path, film: Path, people: dict[str, Path], tmp_path: Path
) -> None:
    del recognising
    result = understudy.swap(
        people["man-20"],
        film,
        tmp_path / "out.mkv",
        home=home,
        offline=True,
        reference_frame=0,
        reference_face=2,
        encoder="ffv1",
    )
    assert (result.frames, result.swapped, result.without_face) == (5, 4, 1)
    [part] = result.parts
    assert (part.actor, part.role, part.frames) == ("man-20.jpg", "scene.mkv, frame 0", 4)
