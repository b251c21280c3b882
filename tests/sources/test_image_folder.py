"""Every bad input of an image folder, one test each, by the sentence that a user reads."""

import os
import socket
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import SourceError
from pipeline.params import SourceParams
from pipeline.sources.open import open_source
from pipeline.sources.splitting import split_rows
from pipeline.storage import from_arrow
from tests.raw_data import image_folder, picture, save, split_folder


def looked_at(root, **settings):
    params = SourceParams.model_validate({"kind": "image_folder", "path": str(root)} | settings)
    source = open_source(params, root=root.parent, scratch=root.parent / "scratch")
    return source, source.survey()


@pytest.fixture
def root(tmp_path):
    return image_folder(tmp_path / "raw")


@pytest.fixture
def refusal(root):
    def told(**settings):
        with pytest.raises(SourceError) as caught:
            looked_at(root, **settings)
        return str(caught.value)

    return told


@pytest.fixture
def notices(root):
    def told(**settings):
        return [(notice.kind, notice.message) for notice in looked_at(root, **settings)[1].notices]

    return told


def said(notices, kind, words):
    return any(found == kind and words in message for found, message in notices)


def test_a_plain_folder_has_nothing_to_tell(notices):
    assert notices() == []


def test_an_empty_root_is_refused(tmp_path):
    (tmp_path / "raw").mkdir()
    with pytest.raises(SourceError, match="is empty; one folder a class"):
        looked_at(tmp_path / "raw")


def test_a_root_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SourceError, match="There is nothing at"):
        looked_at(tmp_path / "raw")


def test_pictures_directly_in_the_root_are_refused(root, refusal):
    save(root / "loose.png", picture(1))
    assert "holds 1 picture directly (such as loose.png)" in refusal()


def test_one_class_only_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"one class only \('cat'\); at least two"):
        looked_at(image_folder(tmp_path / "raw", {"cat": 8}))


def test_an_empty_class_folder_is_refused(root, refusal):
    (root / "emu").mkdir()
    assert "The class folder emu is empty; add pictures" in refusal()


def test_a_class_below_the_minimum_is_refused(tmp_path):
    _, survey = looked_at(image_folder(tmp_path / "raw", {"cat": 30, "dog": 5}))
    with pytest.raises(SourceError, match="The class 'dog' has 3 training rows"):
        split_rows(survey, SourceParams())


def test_a_file_of_no_bytes_is_refused(root, refusal):
    (root / "cat" / "a.png").write_bytes(b"")
    assert "cat/a.png is empty (0 bytes)" in refusal()


def test_a_truncated_jpeg_is_refused(root, refusal):
    save(root / "cat" / "a.jpg", picture(900, side=64))
    content = (root / "cat" / "a.jpg").read_bytes()
    (root / "cat" / "a.jpg").write_bytes(content[: len(content) // 2])
    assert "cat/a.jpg is damaged or truncated" in refusal()


@pytest.mark.parametrize("cut", [10, 40, 100])
def test_a_truncated_png_is_refused_wherever_it_is_cut(root, refusal, cut):
    content = (root / "cat" / "0000.png").read_bytes()
    (root / "cat" / "0000.png").write_bytes(content[:cut])
    assert "cat/0000.png is" in refusal()


def test_a_web_page_named_jpg_is_refused(root, refusal):
    (root / "cat" / "a.jpg").write_text("<!DOCTYPE html><title>404</title>")
    assert "cat/a.jpg is a web page or XML, not a picture" in refusal()


def test_text_named_jpg_is_refused(root, refusal):
    (root / "cat" / "a.jpg").write_text("no picture here")
    assert "cat/a.jpg is text, not a picture" in refusal()


def test_a_png_named_jpg_is_read_by_content(root, notices):
    (root / "cat" / "0000.png").rename(root / "cat" / "0000.jpg")
    assert said(notices(), "warning", "1 picture named as another format than the content")


def test_several_frames_are_refused(root, refusal):
    frames = [Image.fromarray(picture(n)[:, :, 0]) for n in (1, 2, 3)]
    frames[0].save(root / "cat" / "a.tiff", save_all=True, append_images=frames[1:])
    assert "cat/a.tiff holds 3 frames" in refusal()


def test_cmyk_is_converted_and_told(root, notices):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 4), np.uint8)
    Image.fromarray(pixels, "CMYK").save(root / "cat" / "a.jpg")
    assert said(notices(), "converted", "1 picture in CMYK")


def test_transparency_is_laid_on_white_and_told(root, notices):
    pixels = np.zeros((12, 12, 4), np.uint8)
    pixels[:6] = (255, 0, 0, 255)
    Image.fromarray(pixels, "RGBA").save(root / "cat" / "a.png")
    assert said(notices(), "converted", "1 picture with transparent parts: laid on white")
    source, survey = looked_at(root)
    row = survey.rows.index[survey.rows["source_path"] == "cat/a.png"].to_numpy()
    samples = from_arrow(next(iter(source.read(row))), survey.schema)
    assert (samples.values[0, 0, 0] == (255, 0, 0)).all()
    assert (samples.values[0, 11, 11] == (255, 255, 255)).all()


def deep(root):
    pixels = np.arange(144, dtype=np.uint16).reshape(12, 12) * 400
    Image.fromarray(pixels).save(root / "cat" / "deep.png")


def test_sixteen_bit_grey_is_refused(root, refusal):
    deep(root)
    message = refusal()
    assert "cat/deep.png has 16 bits a pixel" in message
    assert "`source.sixteen_bit: scale`" in message


def test_sixteen_bit_grey_is_scaled_where_that_is_declared(root, notices):
    deep(root)
    assert said(notices(sixteen_bit="scale"), "converted", "1 picture of 16 bits a pixel: scaled")
    source, survey = looked_at(root, sixteen_bit="scale")
    row = survey.rows.index[survey.rows["source_path"] == "cat/deep.png"].to_numpy()
    values = from_arrow(next(iter(source.read(row))), survey.schema).values
    expected = np.rint(np.arange(144).reshape(12, 12) * 400 / 257)
    assert (values[0, :, :, 0] == expected).all()


def test_sixteen_bit_colour_is_refused_though_pillow_reads_it_as_eight(root, refusal):
    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", 12, 12, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(range(72)) for _ in range(12))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    content += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (root / "cat" / "deep.png").write_bytes(content)
    assert "cat/deep.png has 16 bits a pixel" in refusal()


def test_floating_point_pixels_are_refused(root, refusal):
    Image.fromarray(np.full((12, 12), np.nan, np.float32)).save(root / "cat" / "a.tiff")
    assert "cat/a.tiff has floating-point pixels" in refusal()


def test_mixed_sizes_are_told_with_the_policy(root, notices):
    save(root / "cat" / "a.png", picture(900, side=20))
    told = notices(resize={"height_px": 12, "width_px": 12, "policy": "cover"})
    assert said(told, "warning", "2 sizes, 12 to 20 px high")
    assert said(told, "warning", "`source.resize.policy: cover`")


def test_grey_among_colour_is_told_and_all_become_colour(root, notices):
    save(root / "cat" / "a.png", picture(900, colour=True))
    assert said(notices(), "warning", "50 pictures are grey and 1 in colour")
    assert looked_at(root)[1].schema.image_shape == (12, 12, 3)


def test_grey_saved_as_rgb_stays_grey(tmp_path):
    root = tmp_path / "raw"
    for number in range(20):
        pixels = np.repeat(picture(number), 3, axis=2)
        save(root / ("cat" if number % 2 else "dog") / f"{number}.png", pixels)
    assert looked_at(root)[1].schema.image_shape == (12, 12, 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (8, 400)])
def test_a_sliver_is_refused(root, refusal, shape):
    save(root / "cat" / "a.png", np.zeros((*shape, 1), np.uint8))
    assert f"cat/a.png is {shape[1]}×{shape[0]} px; each side must have" in refusal()


def test_a_declared_size_over_the_limit_is_refused_before_it_is_decoded(root, refusal):
    save(root / "cat" / "bomb.png", np.zeros((9_000, 9_000, 1), np.uint8), compress_level=9)
    assert (root / "cat" / "bomb.png").stat().st_size < 200_000
    assert "cat/bomb.png declares 9000×9000 pixels, over the limit of 25,000,000" in refusal()


def test_another_format_is_refused(root, refusal):
    Image.fromarray(picture(1)[:, :, 0]).save(root / "cat" / "a.gif")
    assert "cat/a.gif is a picture of another format; PNG, JPEG, BMP, TIFF or WebP" in refusal()


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tiff", "webp"])
def test_every_allowed_format_is_read(tmp_path, suffix):
    for number in range(20):
        name = "cat" if number % 2 else "dog"
        save(tmp_path / "raw" / name / f"{number}.{suffix}", picture(number))
    assert len(looked_at(tmp_path / "raw")[1].rows) == 20


def test_files_of_the_desktop_are_ignored_and_counted(root, notices):
    for name in (".DS_Store", "Thumbs.db"):
        (root / "cat" / name).write_bytes(b"x")
    told = notices()
    assert said(told, "warning", "2 files were ignored: .DS_Store (1), Thumbs.db (1).")


def test_a_link_out_of_the_root_is_refused(root, refusal, tmp_path):
    save(tmp_path / "outside.png", picture(900))
    (root / "cat" / "a.png").symlink_to(tmp_path / "outside.png")
    assert "cat/a.png is a symbolic link out of the folder" in refusal()


def test_a_link_in_a_loop_is_refused(root, refusal):
    (root / "cat" / "loop").symlink_to(root)
    (root / "cat" / "self").symlink_to(root / "cat" / "self")
    message = refusal()
    assert "cat/loop is a symbolic link to a folder that holds it, which is a loop" in message
    assert "cat/self is a symbolic link that leads nowhere or in a circle" in message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a\nb", "holds a line break or control character"),
        ("-rf", "begins with `-`"),
        ("x\\..\\x", "would leave its folder as a path"),
        (" cat", "begins or ends with a space"),
    ],
)
def test_a_hostile_class_name_is_refused(root, refusal, name, words):
    save(root / name / "a.png", picture(900))
    assert words in refusal()


def test_a_class_name_that_is_no_utf8_is_refused(root, refusal):
    (root / os.fsdecode(b"\xff\xfe")).mkdir()
    assert "is not valid UTF-8; rename it" in refusal()


def test_the_same_picture_in_two_classes_is_refused(root, refusal):
    save(root / "dog" / "again.png", picture(0))
    message = refusal()
    assert "cat/0000.png and dog/again.png are the same picture in two classes" in message


def test_the_same_picture_in_another_format_counts_as_the_same(root, refusal):
    save(root / "dog" / "again.bmp", picture(0))
    assert "are the same picture in two classes" in refusal()


def test_duplicates_inside_a_class_are_told_and_one_is_kept(root, notices):
    save(root / "cat" / "again.png", picture(0))
    assert said(notices(), "warning", "1 exact duplicate inside a class")
    assert len(looked_at(root)[1].rows) == 50


def test_a_test_picture_that_is_also_in_train_is_refused(tmp_path):
    root = split_folder(tmp_path / "raw")
    save(root / "test" / "cat" / "again.png", picture(0))
    with pytest.raises(SourceError, match="are the same picture in two splits"):
        looked_at(root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_rights_is_refused(root, refusal):
    (root / "cat" / "0000.png").chmod(0)
    assert "cat/0000.png cannot be read (Permission denied)" in refusal()


def test_a_pipe_is_refused_and_does_not_hang(root, refusal):
    os.mkfifo(root / "cat" / "a.png")
    assert "cat/a.png is a pipe, socket or device" in refusal()


def test_a_socket_is_refused(root, refusal, monkeypatch):
    monkeypatch.chdir(root / "cat")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("a.png")
        assert "cat/a.png is a pipe, socket or device" in refusal()


def test_a_class_of_constant_pictures_is_told(root, notices):
    for number in range(6):
        save(root / "emu" / f"{number}.png", np.full((12, 12, 1), 20 * number, np.uint8))
    assert said(notices(), "warning", "All pictures of the class 'emu' are of one constant value")


def test_a_folder_inside_a_class_is_refused(root, refusal):
    save(root / "cat" / "more" / "a.png", picture(900))
    assert "cat/more is a folder inside the class folder 'cat'" in refusal()


def test_splits_beside_classes_are_refused(root, refusal):
    save(root / "train" / "cat" / "a.png", picture(900))
    assert "holds train beside cat, dog" in refusal()


def test_train_without_test_is_refused(tmp_path):
    image_folder(tmp_path / "raw" / "train")
    with pytest.raises(SourceError, match="holds train but no test folder"):
        looked_at(tmp_path / "raw")


def test_a_class_that_training_lacks_is_refused(tmp_path):
    root = split_folder(tmp_path / "raw")
    save(root / "test" / "emu" / "a.png", picture(900))
    with pytest.raises(
        SourceError, match="The class 'emu' has pictures in test/ but none in train"
    ):
        looked_at(root)


def test_splits_are_used_as_given(tmp_path):
    _, survey = looked_at(split_folder(tmp_path / "raw"))
    splits = split_rows(survey, SourceParams())
    folders = survey.rows["source_path"].str.split("/").str[0]
    assert (folders == splits).all()


def test_class_names_that_differ_in_case_only_are_told(root, notices):
    for number in range(6):
        save(root / "Cat" / f"{number}.png", picture(700 + number))
    assert said(notices(), "warning", "'Cat' and 'cat' differ only in case")


def test_all_problems_are_told_in_one_pass(root, refusal):
    for number in range(30):
        (root / "cat" / f"bad{number:02d}.png").write_bytes(b"")
    message = refusal()
    assert message.count("is empty (0 bytes)") == 20
    assert "… and 10 more." in message


def test_a_photograph_is_turned_upright_as_its_camera_says(tmp_path):
    root = tmp_path / "raw"
    upright = picture(5, side=16)
    image_folder(root)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(upright[:, :, 0]).transpose(Image.Transpose.ROTATE_90)
    turned.save(root / "cat" / "turned.png", exif=exif)
    source, survey = looked_at(root, resize={"height_px": 16, "width_px": 16})
    row = survey.rows.index[survey.rows["source_path"] == "cat/turned.png"].to_numpy()
    samples = from_arrow(next(iter(source.read(row))), survey.schema)
    assert (samples.values[0] == upright).all()
    assert any("1 picture turned upright" in notice.message for notice in survey.notices)


@pytest.mark.parametrize(
    ("policy", "corner", "middle"),
    [("contain", 0, 200), ("cover", 200, 200), ("stretch", 200, 200)],
)
def test_a_wide_picture_is_resized_by_the_declared_policy(tmp_path, policy, corner, middle):
    root = tmp_path / "raw"
    for number in range(12):
        pixels = np.full((10, 20, 1), 200, np.uint8)
        pixels[5, 10] = 10 * number
        save(root / ("cat" if number % 2 else "dog") / f"{number}.png", pixels)
    size = {"height_px": 16, "width_px": 16, "policy": policy}
    source, survey = looked_at(root, resize=size, minimum_per_class=1)
    values = from_arrow(next(iter(source.read(np.array([0])))), survey.schema).values
    assert values.shape == (1, 16, 16, 1)
    assert (values[0, 0, 0, 0], values[0, 8, 1, 0]) == (corner, middle)


def test_a_near_duplicate_stays_in_the_split_of_its_original(tmp_path):
    root = tmp_path / "raw"
    image_folder(root, {"cat": 60, "dog": 60})
    for number in range(0, 120, 2):
        name = "cat" if number < 60 else "dog"
        brighter = (picture(number).astype(int) * 9 // 10 + 12).astype(np.uint8)
        save(root / name / f"{number:04d}_brighter.png", brighter)
    _, survey = looked_at(root)
    splits = split_rows(survey, SourceParams())
    place = dict(zip(survey.rows["source_path"], splits, strict=True))
    pairs = [(path, path.replace("_brighter", "")) for path in place if "_brighter" in path]
    assert len(pairs) == 60
    assert all(place[copy] == place[original] for copy, original in pairs)


def test_different_pictures_are_no_near_duplicates(root):
    survey = looked_at(root)[1]
    assert survey.rows["twin"].is_unique


def test_a_pattern_in_the_file_name_keeps_a_patient_together(tmp_path):
    root = tmp_path / "raw"
    for number in range(90):
        name = f"patient{number % 30:02d}_{number}.png"
        save(root / ("cat" if number % 2 else "dog") / name, picture(number))
    settings = {"split": {"group_pattern": r"(patient\d+)_"}}
    _, survey = looked_at(root, **settings)
    params = SourceParams.model_validate(settings)
    rows = survey.rows.assign(place=split_rows(survey, params))
    assert rows["group"].nunique() == 30
    assert (rows.groupby("group")["place"].nunique() == 1).all()


def test_a_group_that_crosses_given_splits_is_refused(tmp_path):
    root = split_folder(tmp_path / "raw")
    _, survey = looked_at(root, split={"group_pattern": r"/(\d)\d*"})
    with pytest.raises(SourceError, match="The group '0' has rows in test and train") as caught:
        split_rows(survey, SourceParams())
    assert caught.value.exit_code == 2
