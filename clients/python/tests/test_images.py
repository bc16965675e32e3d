"""Images in any form become one of the protocol's."""

import array
import base64
import os
import pathlib
import struct
import zlib

import pytest
from fixlipd.images import image_list, png, wire_image

PNG = png(bytes(range(12)), 2, 2)


def test_a_path_becomes_absolute_because_the_daemon_runs_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert wire_image("a.png") == {"path": str(tmp_path / "a.png")}
    assert wire_image(pathlib.Path("a.png")) == {"path": str(tmp_path / "a.png")}
    assert wire_image("~/a.png") == {"path": os.path.expanduser("~/a.png")}


def test_uris_pass_and_network_addresses_do_not():
    assert wire_image("data:image/png;base64,AAAA") == {"uri": "data:image/png;base64,AAAA"}
    assert wire_image("file:///a.png") == {"uri": "file:///a.png"}
    with pytest.raises(ValueError, match="no network addresses"):
        wire_image("https://example.org/a.png")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_encoded_bytes(kind):
    assert base64.b64decode(wire_image(kind(PNG))["data"]) == PNG


def test_mappings_of_data_sets_and_of_the_protocol():
    assert base64.b64decode(wire_image({"bytes": PNG, "path": None})["data"]) == PNG
    assert wire_image({"bytes": None, "path": "/a.png"}) == {"path": "/a.png"}
    assert wire_image({"path": "/a.png", "background": "#ffffff"}) == {"path": "/a.png", "background": "#ffffff"}
    assert wire_image({"pixels": "AAAA", "width": 1, "height": 1})["width"] == 1
    with pytest.raises(TypeError, match="has one of"):
        wire_image({"picture": 1})


def test_pixels_of_arrays():
    numpy = pytest.importorskip("numpy")
    colour = numpy.arange(24, dtype=numpy.uint8).reshape(2, 4, 3)
    assert wire_image(colour) == {"pixels": base64.b64encode(bytes(range(24))).decode(), "width": 4, "height": 2}
    grey = numpy.array([[1, 2], [3, 4]], dtype=numpy.uint8)
    assert base64.b64decode(wire_image(grey)["pixels"]) == bytes([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
    assert base64.b64decode(wire_image(colour[:, ::-1])["pixels"]) == colour[:, ::-1].tobytes()


def test_arrays_need_no_numpy():
    pixels = memoryview(array.array("B", range(12))).cast("B", (2, 2, 3))
    assert base64.b64decode(wire_image(pixels)["pixels"]) == bytes(range(12))


@pytest.mark.parametrize(
    "shape, message",
    [
        ((3, 4, 4), "channels last"),
        ((2, 2, 4), r"not \(2, 2, 4\)"),
        ((4,), "shape"),
        ((0, 4, 3), "no pixels"),
    ],
)
def test_arrays_of_other_shapes_are_refused(shape, message):
    numpy = pytest.importorskip("numpy")
    with pytest.raises(ValueError, match=message):
        wire_image(numpy.zeros(shape, dtype=numpy.uint8))


def test_floats_and_other_things_are_refused():
    numpy = pytest.importorskip("numpy")
    with pytest.raises(ValueError, match="uint8"):
        wire_image(numpy.zeros((2, 2, 3), dtype=numpy.float32))
    with pytest.raises(TypeError, match="not int"):
        wire_image(3)
    with pytest.raises(ValueError, match="empty"):
        wire_image("")
    with pytest.raises(ValueError, match="no bytes"):
        wire_image(b"")


def test_pil_images_lose_their_alpha_as_convert_does():
    image_module = pytest.importorskip("PIL.Image")
    image = image_module.new("RGBA", (3, 2), (10, 20, 30, 0))
    wire = wire_image(image)
    assert (wire["width"], wire["height"]) == (3, 2)
    assert base64.b64decode(wire["pixels"]) == bytes([10, 20, 30]) * 6


def test_pixels_for_display_are_a_png():
    numpy = pytest.importorskip("numpy")
    pixels = numpy.arange(5 * 7 * 3, dtype=numpy.uint8).reshape(5, 7, 3)
    file = base64.b64decode(wire_image(pixels, keep_for_display=True)["data"])
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", file[16:24]) == (7, 5)
    start = file.index(b"IDAT") + 4
    rows = zlib.decompress(file[start : start + struct.unpack(">I", file[start - 8 : start - 4])[0]])
    assert b"".join(rows[row * 22 + 1 : (row + 1) * 22] for row in range(5)) == pixels.tobytes()


def test_one_image_is_a_list_of_one_and_a_stack_of_arrays_a_list_of_them():
    numpy = pytest.importorskip("numpy")
    assert image_list("a.png") == ["a.png"]
    assert len(image_list(numpy.zeros((4, 4, 3), dtype=numpy.uint8))) == 1
    assert len(image_list(numpy.zeros((5, 4, 4, 3), dtype=numpy.uint8))) == 5
    assert image_list(path for path in ("a", "b")) == ["a", "b"]


def test_a_file_whose_name_is_not_utf8_is_read_here(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    with open(path, "wb") as file:
        file.write(PNG)
    for form in (path, pathlib.Path(path), {"path": path}):
        assert base64.b64decode(wire_image(form)["data"]) == PNG
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        wire_image(path + ".gone")


def test_a_picture_is_turned_as_its_file_says(tmp_path):
    image = pytest.importorskip("PIL.Image")
    turned = image.new("RGB", (3, 2))
    turned.putpixel((0, 0), (255, 0, 0))
    tags = image.Exif()
    tags[0x0112] = 6  # A quarter to the right.
    turned.save(tmp_path / "turned.png", exif=tags)
    with image.open(tmp_path / "turned.png") as opened:
        wire = wire_image(opened)
    pixels = base64.b64decode(wire["pixels"])
    assert (wire["width"], wire["height"]) == (2, 3) and pixels[3:6] == b"\xff\0\0"
