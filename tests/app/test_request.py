from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from understudy.app.request import plan_swap, result_path
from understudy.core.errors import InputError, OutputError, OutputExists, PlanError
from understudy.core.plan import PhotoOutput, Plan, VideoOutput, VideoSource


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return picture(tmp_path / "scene.png")


@pytest.fixture
def actor(tmp_path: Path) -> Path:
    return picture(tmp_path / "ada.jpg")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    import av

    path = tmp_path / "scene.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(2):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def picture(path: Path) -> Path:
    cv2.imwrite(str(path), np.full((16, 16, 3), 128, np.uint8))
    return path


def test_a_photo_becomes_a_photo_and_a_film_a_film(photo: Path, film: Path, actor: Path) -> None:
    plan = plan_swap(actor, photo, likeness="0.25", actor_face="2", overwrite=True)
    assert isinstance(plan.output, PhotoOutput)
    assert (plan.look.likeness, plan.casting.actor_face, plan.output.overwrite) == (0.25, 2, True)
    plan = plan_swap(str(actor), str(film), "out.mkv", trim_start="0.5", crf="20", skip_audio=True)
    assert isinstance(plan.source, VideoSource)
    assert isinstance(plan.output, VideoOutput)
    assert (plan.source.trim_start, plan.output.crf, plan.output.path) == (0.5, 20.0, Path("out.mkv"))
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_kind_is_told_by_content(actor: Path, film: Path, tmp_path: Path) -> None:
    disguised = film.rename(tmp_path / "film.jpg")
    assert plan_swap(actor, disguised).source.kind == "video"


def test_defaults_yield_to_what_is_said_and_to_the_kind(photo: Path, film: Path, actor: Path) -> None:
    defaults = {"crf": 30.0, "likeness": 0.1, "skip_audio": True}
    assert plan_swap(actor, photo, defaults=defaults).look.likeness == 0.1
    plan = plan_swap(actor, film, defaults=defaults, quality="70", likeness="0.9")
    assert isinstance(plan.output, VideoOutput)
    assert (plan.output.crf, plan.output.quality, plan.look.likeness) == (None, 70, 0.9)
    assert plan.output.skip_audio


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"likeness": "2"}, "likeness cannot be '2'. It must be 0 to 1."),
        ({"faces": "all"}, "faces cannot be 'all'. It must be one, many."),
        ({"actor_face": "right"}, "actor_face cannot be 'right'. It must be largest, left, N."),
        ({"trim_start": "x"}, "trim_start cannot be 'x'. It must be a valid number."),
        ({"fps": "0"}, "fps cannot be '0'. It must be greater than 0."),
        ({"trim_start": "3", "trim_end": "2"}, "trim_end must be later than trim_start."),
        ({"skip_audio": True, "audio": "x.wav"}, "skip_audio leaves the sound out"),
        ({"audio": "none", "audio_volume": "2"}, "audio_volume is of no use"),
        ({"audio_volume": "11"}, "audio_volume cannot be '11'. It must be 0 to 10."),
        ({"crf": "3", "quality": "2"}, "crf and quality say the same thing; give one of them."),
        ({"likenes": "1"}, "There is no option 'likenes'. Did you mean 'likeness'?"),
    ],
)
def test_wrong_options_are_explained(film: Path, actor: Path, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan_swap(actor, film, None, **options)
    assert sentence in str(caught.value)


def test_a_cast_is_an_actor_and_names_the_result(photo: Path, actor: Path, tmp_path: Path) -> None:
    role = picture(tmp_path / "anna.png")
    plan = plan_swap(None, photo, cast=[f"{role}={actor},{photo}"])
    [cast] = plan.casting.cast
    assert (cast.reference, cast.actor) == (role, (actor, photo))
    assert result_path(plan) == tmp_path / "scene-ada.png"
    for path in (role, actor):
        with pytest.raises(OutputExists, match="one of the inputs"):
            result_path(plan_swap(None, photo, path, cast=[f"{role}={actor}"], overwrite=True))


def test_a_folder_is_an_actor(photo: Path, actor: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bea"
    folder.mkdir()
    actor.rename(folder / "1.jpg")
    assert result_path(plan_swap(folder, photo)) == tmp_path / "scene-bea.png"


def test_enhancing_alone_is_named_by_its_model(photo: Path, tmp_path: Path) -> None:
    plan = plan_swap(None, photo, swapper="none", enhancer="gfpgan_1.4")
    assert result_path(plan) == tmp_path / "scene-gfpgan_1.4.png"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "an actor is needed"),
        ({"swapper": "none"}, "nothing to do without an enhancer"),
        ({"cast": ["a.png"]}, "ROLE=ACTOR"),
        ({"reference": "x.png", "cast": ["x.png=x.png"]}, "there is no actor"),
        ({"actor": 1, "reference": "x.png", "face_order": "left"}, "two ways to say who is replaced"),
        ({"actor": 1, "faces": "many", "face_position": "2"}, "every face is replaced"),
    ],
)
def test_castings_that_contradict_themselves(
    photo: Path, actor: Path, options: dict[str, object], sentence: str
) -> None:
    who = actor if options.pop("actor", None) else None
    with pytest.raises(PlanError, match=sentence):
        plan_swap(who, photo, **options)


def test_an_option_of_films_is_refused_for_a_photo(photo: Path, actor: Path) -> None:
    with pytest.raises(PlanError, match="crf is for films only, and the target is a photo"):
        plan_swap(actor, photo, crf="20")


def test_inputs_are_looked_at_first(photo: Path, actor: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="directory"):
        plan_swap(actor, tmp_path)
    with pytest.raises(InputError, match="no such file"):
        plan_swap(actor, tmp_path / "none.mp4")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(InputError, match="empty"):
        plan_swap(tmp_path / "empty.jpg", photo)


def test_the_result_lies_beside_the_target_under_a_free_name(
    photo: Path, actor: Path, tmp_path: Path
) -> None:
    plan = plan_swap(actor, photo)
    assert result_path(plan) == tmp_path / "scene-ada.png"
    (tmp_path / "scene-ada.png").touch()
    assert result_path(plan) == tmp_path / "scene-ada-2.png"
    folder = tmp_path / "out"
    folder.mkdir()
    assert result_path(plan_swap(actor, photo, folder)) == folder / "scene-ada.png"


def test_inputs_are_never_overwritten(photo: Path, actor: Path, tmp_path: Path) -> None:
    for path in (photo, actor):
        with pytest.raises(OutputExists, match="one of the inputs"):
            result_path(plan_swap(actor, photo, path, overwrite=True))
    link = tmp_path / "link.png"
    link.hardlink_to(photo)
    with pytest.raises(OutputExists, match="one of the inputs"):
        result_path(plan_swap(actor, photo, link, overwrite=True))


def test_an_output_in_the_way_is_kept(photo: Path, actor: Path, tmp_path: Path) -> None:
    there = picture(tmp_path / "out.png")
    with pytest.raises(OutputExists, match="--overwrite"):
        result_path(plan_swap(actor, photo, there))
    assert result_path(plan_swap(actor, photo, there, overwrite=True)) == there


def test_a_missing_folder_is_said_before_any_work(photo: Path, actor: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder does not exist"):
        result_path(plan_swap(actor, photo, tmp_path / "none" / "out.png"))
