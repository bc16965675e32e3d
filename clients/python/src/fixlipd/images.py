"""Images as callers have them, in the form the protocol wants."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    import PIL.Image
    from numpy import uint8
    from numpy.typing import NDArray

    Image = Union[
        str, "os.PathLike[str]", bytes, bytearray, memoryview, "PIL.Image.Image", NDArray[uint8], Mapping[str, Any]
    ]
else:
    Image = Any

WireImage = dict[str, Any]


def wire_image(image: Image, *, keep_for_display: bool = False) -> WireImage:
    """The protocol's form of an image.

    Args:
        image: a path (made absolute, since the daemon runs in another folder), a ``data:`` or ``file:`` URI, the bytes
            of a PNG, JPEG or WebP file, a PIL image, a uint8 array of shape ``(height, width, 3)`` or
            ``(height, width)``, or a mapping: one of the protocol's own forms, or ``{"bytes", "path"}`` as in
            Hugging Face datasets. Orientation tags are applied, of files and of PIL images alike. A file whose name is
            not UTF-8 is read here, since the protocol's paths are text.
        keep_for_display: send pixels as a PNG, which the daemon can embed in drawings, instead of as they are.

    Raises:
        TypeError: not an image.
        ValueError: an array of another shape or type, a network address, an empty path, or a file that cannot be read
            and whose name is not UTF-8.
    """
    if isinstance(image, (str, os.PathLike)):
        return _path(os.fspath(image))
    if isinstance(image, (bytes, bytearray)) or (isinstance(image, memoryview) and image.ndim == 1):
        if not len(image):
            raise ValueError("the image has no bytes")
        return {"data": base64.b64encode(image).decode("ascii")}
    if isinstance(image, Mapping):
        return _mapping(image)
    pixels, width, height = _pixels(image)
    if keep_for_display:
        return {"data": base64.b64encode(png(pixels, width, height)).decode("ascii")}
    return {"pixels": base64.b64encode(pixels).decode("ascii"), "width": width, "height": height}


def image_list(images: Any) -> list[Any]:
    """Images given as a sequence, an iterable, a batch array ``(count, height, width, 3)``, or a single image."""
    if isinstance(images, (str, bytes, bytearray, memoryview, os.PathLike, Mapping)) or hasattr(images, "convert"):
        return [images]
    if getattr(images, "ndim", None) in (2, 3) and str(getattr(images, "dtype", "")) != "object":
        return [images]
    return list(images)


def _path(path: Any) -> WireImage:
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not path:
        raise ValueError("the image path is empty")
    if path.startswith(("data:", "file:")):
        return {"uri": path}
    if path.startswith(("http://", "https://")):
        raise ValueError(f"the daemon opens no network addresses; download {path} and give its path or bytes")
    whole = os.path.abspath(os.path.expanduser(path))
    try:
        whole.encode("utf-8")
    except UnicodeEncodeError:
        return _read(whole)
    return {"path": whole}


def _read(path: str) -> WireImage:
    """A file by its content: its name has bytes that are not UTF-8, which JSON cannot carry."""
    try:
        with open(path, "rb") as file:
            return wire_image(file.read())
    except OSError as error:
        raise ValueError(f"the image {path!r} cannot be read: {error.strerror or error}") from None


def _mapping(image: Mapping[str, Any]) -> WireImage:
    if image.get("bytes"):
        return wire_image(image["bytes"])
    if image.get("path"):
        return {**_path(image["path"]), **{key: image[key] for key in ("background",) if key in image}}
    if any(key in image for key in ("data", "uri", "pixels")):
        return dict(image)
    raise TypeError(
        "an image mapping has one of path, bytes, data, uri, pixels; this one has " + (", ".join(image) or "none")
    )


def _pixels(image: Any) -> tuple[bytes, int, int]:
    """RGB bytes, width and height of a PIL image or an array."""
    if hasattr(image, "convert") and hasattr(image, "tobytes") and hasattr(image, "size"):
        converted = _upright(image).convert("RGB")
        width, height = converted.size
        return converted.tobytes(), width, height
    try:
        view = memoryview(image)
    except TypeError:
        array = getattr(image, "__array__", None)
        if array is None:
            raise TypeError(
                f"an image is a path, bytes, a PIL image or a uint8 array, not {type(image).__name__}"
            ) from None
        view = memoryview(array())
    shape = view.shape or ()
    if view.format != "B":
        raise ValueError(
            "an image array has values from 0 to 255 as uint8; convert it first, for instance with "
            "(255 * array).astype('uint8')"
        )
    grey = len(shape) == 2 or (len(shape) == 3 and shape[2] == 1)
    if not grey and not (len(shape) == 3 and shape[2] == 3):
        hint = "; move the channels last first" if len(shape) == 3 and shape[0] in (1, 3) else ""
        raise ValueError(
            f"an image array has the shape (height, width, 3) or (height, width), not {tuple(shape)}{hint}"
        )
    height, width = shape[0], shape[1]
    if not height or not width:
        raise ValueError(f"an image array of shape {tuple(shape)} has no pixels")
    pixels = view.tobytes()
    if grey:
        pixels = _repeat3(pixels)
    return pixels, width, height


def _upright(image: Any) -> Any:
    """A PIL image turned as its EXIF orientation says, as the daemon turns files."""
    if not hasattr(image, "getexif"):
        return image
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _repeat3(grey: bytes) -> bytes:
    rgb = bytearray(3 * len(grey))
    rgb[0::3] = rgb[1::3] = rgb[2::3] = grey
    return bytes(rgb)


def png(pixels: bytes, width: int, height: int) -> bytes:
    """A PNG file (ISO/IEC 15948) of RGB pixels: 8 bits per channel, no row filter, fast compression."""
    stride = 3 * width
    rows = b"".join(b"\0" + pixels[row * stride : (row + 1) * stride] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks: Sequence[tuple[bytes, bytes]] = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
