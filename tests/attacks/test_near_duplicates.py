"""Near duplicates: copies are linked, pictures of a fixed camera are not, colours tell apart."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.splitting import split_rows
from tests.raw_data import picture, save
from tests.sources.picture_folder import looked_at, said

SIDE = 96


def scene(number, side=SIDE):
    """A picture like no other, as smooth as a photograph."""
    stream = np.random.default_rng(number)
    field = ndimage.gaussian_filter(stream.normal(size=(side, side, 3)), (4, 4, 0))
    field = (field - field.min()) / np.ptp(field)
    return (255 * field).astype(np.uint8)


def part_of_a_machine(number, *, scratch=False):
    """The same part below the same camera, with its noise; some with a scratch."""
    stream = np.random.default_rng(number)
    image = Image.new("L", (SIDE, SIDE), 120)
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, 84, 84), fill=170)
    draw.rectangle((40, 40, 56, 56), fill=60)
    if scratch:
        x, y = stream.integers(20, 60, 2).tolist()
        draw.line((x, y, x + 14, y + int(stream.integers(-8, 8))), fill=235, width=1)
    noisy = np.asarray(image) + stream.normal(0, 3, (SIDE, SIDE))
    return noisy.clip(0, 255).astype(np.uint8)[:, :, None]


def x_ray(number, *, lesion=False):
    stream = np.random.default_rng(number)
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    body = 60 + 120 * np.exp(-((across - 0.5) ** 2 + (down - 0.5) ** 2) / 0.08)
    body -= 40 * np.exp(-((across - 0.35) ** 2) / 0.005) + 40 * np.exp(
        -((across - 0.65) ** 2) / 0.005
    )
    if lesion:
        x, y = stream.uniform(0.3, 0.7, 2)
        body += 35 * np.exp(-((across - x) ** 2 + (down - y) ** 2) * SIDE**2 / 10)
    return (body + stream.normal(0, 2, body.shape)).clip(0, 255).astype(np.uint8)[:, :, None]


def again_as_jpeg(pixels, quality=75):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def resized(pixels, share=0.7):
    side = round(len(pixels) * share)
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))


def shifted(pixels):
    return np.pad(pixels, ((0, 0), (1, 0), (0, 0)), mode="edge")[:, :-1]


def brighter(pixels):
    return (pixels * 1.02).clip(0, 255).astype(np.uint8)


def all_at_once(pixels):
    return again_as_jpeg(resized(brighter(shifted(pixels)), 0.9))


COPIES = {
    "jpeg": again_as_jpeg,
    "resized": resized,
    "shifted": shifted,
    "brighter": brighter,
    "all": all_at_once,
}


def folder_of(root, make, n=40):
    """Two classes of `n` pictures; `make(number, is_second)` gives the pixels."""
    for number in range(2 * n):
        name = "second" if number >= n else "first"
        save(root / name / f"{number:03d}.png", make(number, number >= n))
    return root


def splits_of(survey):
    return dict(zip(survey.rows["source_path"], split_rows(survey, SourceParams()), strict=True))


def told(survey, words):
    return said([(notice.kind, notice.message) for notice in survey.notices], "warning", words)


FIXED = {
    "a scratch": lambda number, is_second: part_of_a_machine(number, scratch=is_second),
    "a lesion": lambda number, is_second: x_ray(number, lesion=is_second),
    "nothing at all": lambda number, is_second: part_of_a_machine(number),
}


@pytest.mark.parametrize("n", [8, 40])
@pytest.mark.parametrize("difference", FIXED)
def test_pictures_of_a_fixed_camera_can_be_split(tmp_path, difference, n):
    root = folder_of(tmp_path / "raw", FIXED[difference], n)
    _, survey = looked_at(root, minimum_per_class=2)
    splits = list(splits_of(survey).values())
    assert splits.count("train") >= n
    assert splits.count("test") >= 2
    assert told(survey, "too many to be copies, as of a fixed camera; they are not linked")


@pytest.mark.parametrize("make", [part_of_a_machine, x_ray])
def test_one_that_differs_by_a_small_mark_is_no_copy(tmp_path, make):
    root = folder_of(tmp_path / "raw", lambda number, _: scene(number)[:, :, :1], 20)
    mark = {part_of_a_machine: "scratch", x_ray: "lesion"}[make]
    save(root / "first" / "a.png", make(900))
    save(root / "second" / "b.png", make(901, **{mark: True}))
    assert looked_at(root)[1].rows["twin"].is_unique


@pytest.mark.parametrize("copy", COPIES)
def test_copies_of_one_picture_are_linked(tmp_path, copy):
    root = folder_of(tmp_path / "raw", lambda number, _: scene(number), 15)
    for number in range(30):
        name = "second" if number >= 15 else "first"
        save(root / name / f"{number:03d}_copy.png", COPIES[copy](scene(number)))
    _, survey = looked_at(root)
    twin = survey.rows.set_index("source_path")["twin"]
    pairs = [(path, path.replace("_copy", "")) for path in twin.index if "_copy" in path]
    assert all(twin[one] == twin[other] for one, other in pairs)
    assert twin.nunique() == 30
    assert told(survey, "60 pictures have a near duplicate")


def test_a_burst_of_five_stays_in_one_split(tmp_path):
    root = tmp_path / "raw"
    for number in range(24):
        name = "second" if number >= 12 else "first"
        save(root / name / f"{number:03d}_0.png", scene(number))
        for k, change in enumerate(COPIES.values(), start=1):
            save(root / name / f"{number:03d}_{k}.png", change(scene(number)))
    place = splits_of(looked_at(root)[1])
    of_burst = {}
    for path, split in place.items():
        of_burst.setdefault(path.split("_")[0], set()).add(split)
    assert len(of_burst) == 24
    assert all(len(splits) == 1 for splits in of_burst.values())
    assert set().union(*of_burst.values()) == {"train", "test"}


def test_copies_are_found_among_pictures_of_photographs_and_of_a_fixed_camera(tmp_path):
    def mixed(number, is_second):
        return part_of_a_machine(number) if is_second else scene(number)[:, :, :1]

    root = folder_of(tmp_path / "raw", mixed, 30)
    save(root / "first" / "copy.png", brighter(scene(3)[:, :, :1]))
    _, survey = looked_at(root)
    twin = survey.rows.set_index("source_path")["twin"]
    assert twin["first/copy.png"] == twin["first/003.png"]
    assert told(survey, "30 pictures look nearly the same as others")
    assert told(survey, "2 pictures have a near duplicate")


def disc(colour, number):
    stream = np.random.default_rng(number)
    image = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    x, y = stream.integers(0, 30, 2).tolist()
    ImageDraw.Draw(image).ellipse((x, y, x + 60, y + 60), fill=colour)
    return np.asarray(image)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((220, 30, 30), (30, 30, 220)),
        ((200, 60, 60), (60, 119, 60)),
        ((220, 30, 30), (220, 110, 30)),
    ],
    ids=["red and blue", "equally bright", "red and orange"],
)
def test_classes_that_differ_in_colour_only_are_not_confused(tmp_path, one, other):
    root = folder_of(
        tmp_path / "raw",
        lambda number, is_second: disc(other if is_second else one, number % 40),
    )
    survey = looked_at(root)[1]
    assert not told(survey, "one label of each pair is probably wrong")
    paths = survey.rows["source_path"]
    first, second = paths == "first/000.png", paths == "second/040.png"
    twin = survey.rows["twin"]
    assert twin[first].item() != twin[second].item()


def few_copies(root):
    folder_of(root, lambda number, _: scene(number), 15)
    for number in range(5):
        save(root / "first" / f"{number:03d}_copy.png", brighter(scene(number)))
    return root


def test_warn_tells_and_does_not_link(tmp_path):
    _, survey = looked_at(few_copies(tmp_path / "raw"), near_duplicates="warn")
    assert survey.rows["twin"].is_unique
    assert told(survey, "10 pictures have a near duplicate")
    assert told(survey, "they are not linked, as `source.near_duplicates: warn` asks")


def test_off_does_not_look(tmp_path):
    _, survey = looked_at(few_copies(tmp_path / "raw"), near_duplicates="off")
    assert survey.rows["twin"].is_unique
    assert not told(survey, "near duplicate")


def test_link_links_even_the_crowd(tmp_path):
    root = folder_of(tmp_path / "raw", FIXED["nothing at all"], 20)
    _, survey = looked_at(root, near_duplicates="link")
    assert survey.rows["twin"].nunique() == 1
    with pytest.raises(SourceError, match=r"source\.near_duplicates: warn` parts") as caught:
        split_rows(survey, SourceParams())
    assert caught.value.exit_code == 2
    _, survey = looked_at(root, near_duplicates="warn")
    assert set(splits_of(survey).values()) == {"train", "test"}


def test_exact_duplicates_are_one_row_whatever_is_asked(tmp_path):
    root = few_copies(tmp_path / "raw")
    save(root / "first" / "exact.png", scene(3))
    for policy in ("link", "warn", "off", None):
        assert len(looked_at(root, near_duplicates=policy)[1].rows) == 35


def test_pictures_without_any_likeness_stay_apart_and_nothing_is_told(tmp_path):
    root = folder_of(tmp_path / "raw", lambda number, _: picture(number, side=48), 15)
    survey = looked_at(root)[1]
    assert survey.rows["twin"].is_unique
    assert not survey.notices
