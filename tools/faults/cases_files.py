"""Files the daemon reads: models and images that are damaged, odd, replaced or not to be read."""

import base64
import os
import struct
import threading
import time

from cases import case
from harness.daemon import FIXTURES, SCENES, SMALL_MODEL, check, copy_model, wait_for


@case
def safetensors_header_flips(setting):
    """Every byte of a model's safetensors header inverted in turn: refused or loaded, never the end."""
    model = copy_model(setting.folder)
    path = model / "model.safetensors"
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = b"".join([struct.pack("<Q", length), file.read(length)])
    generator = setting.random("safetensors")
    places = list(range(len(header)))
    if not setting.full:
        places = places[:300] + sorted(generator.sample(places[300:], 500))
    outcomes = {}
    with setting.daemon() as daemon, open(path, "r+b", buffering=0) as file:
        client = daemon.connect()
        for place in places:
            os.pwrite(
                file.fileno(), bytes([header[place] ^ (0xFF if place % 2 else 1 << generator.randrange(8))]), place
            )
            code = client.error_code("models/load", {"model": str(model)})
            check(code in (None, 1001, 1002, 1003), f"byte {place}: error {code}")
            outcomes[code] = outcomes.get(code, 0) + 1
            if code is None:
                client.result("models/unload", {"model": str(model)})
            os.pwrite(file.fileno(), header[place : place + 1], place)
        check("result" in client.call("models/load", {"model": str(model)}), "the mended file does not load")
    refused = sum(count for code, count in outcomes.items() if code)
    return f"{len(places)} of {len(header)} bytes: {refused} refused, {outcomes.get(None, 0)} loaded all the same"


@case
def sentencepiece_models_damaged(setting):
    """A spiece.model with a damaged character map, flipped bytes, a piece of 1 MiB: refused or loaded, never the end."""
    model = copy_model(setting.folder, fixture="siglip-small")
    path = model / "spiece.model"
    whole = path.read_bytes()
    generator = setting.random("sentencepiece")
    piece = b"\x0a\x80\x80\x40" + b"a" * (1 << 20)
    damages = [whole + b"\x0a\x84\x80\x40" + piece, b"", b"\xff" * 1000, whole[: len(whole) // 2]]
    for _ in range(setting.amount(60, 600)):
        place = generator.randrange(len(whole))
        length = generator.choice([1, 1, 4, 64, 4096])
        change = generator.choice([b"\xff" * length, generator.randbytes(length), bytes([whole[place] ^ 1])])
        damages.append(whole[:place] + change + whole[place + len(change) :])
    outcomes = {}
    with setting.daemon() as daemon:
        client = daemon.connect()
        for damage in damages:
            path.write_bytes(damage)
            code = client.error_code("tokenize", {"model": str(model), "texts": ["a ﬁne café, ㎏ ﷺ 日本", ""]})
            check(code in (None, 1001, 1002, 1003, 1006), f"error {code}")
            outcomes[code] = outcomes.get(code, 0) + 1
            client.call("models/unload", {"model": str(model)})
        path.write_bytes(whole)
        check("result" in client.call("models/load", {"model": str(model)}), "the mended file does not load")
    loaded = outcomes.pop(None, 0)
    return f"{len(damages)} files: {sum(outcomes.values())} refused, {loaded} loaded all the same"


@case
def model_texts_damaged(setting):
    """config.json, tokenizer.json and preprocessor_config.json damaged at random places, cut, emptied."""
    model = copy_model(setting.folder)
    generator = setting.random("texts")
    tried = refused = 0
    with setting.daemon() as daemon:
        client = daemon.connect()
        for name in ("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"):
            whole = (model / name).read_bytes()
            damages = [b"", b"{", b"[]", b"null", b"\xff" * 100, b"[" * 100_000, whole[: len(whole) // 2]]
            for _ in range(setting.amount(25, 400)):
                place = generator.randrange(len(whole))
                change = generator.choice([b"-1", b"0", b"99999999999", b"1e300", b"null", b'"', b"\x00", b"\xc3"])
                damages.append(whole[:place] + change + whole[place + generator.randint(1, 3) :])
            for damage in damages:
                (model / name).write_bytes(damage)
                code = client.error_code("models/load", {"model": str(model)})
                check(code in (None, 1001, 1002, 1003), f"{name} as {damage[:60]!r}…: error {code}")
                tried += 1
                refused += code is not None
                if code is None:
                    client.call("embed/text", {"model": str(model), "texts": ["a dog"]})
                    client.call("embed/image", {"model": str(model), "images": [str(SCENES[0])]})
                    client.call("models/unload", {"model": str(model)})
            (model / name).write_bytes(whole)
        check("result" in client.call("models/load", {"model": str(model)}), "the mended model does not load")
    return f"{tried} damaged files, {refused} refused"


@case
def image_byte_flips(setting):
    """Every byte of small PNG, JPEG and WebP files inverted, and the files cut after every byte."""
    names = [
        "1x1.png",
        "palette-8.png",
        "grey-1-interlaced.png",
        "17x1.jpg",
        "progressive.jpg",
        "lossless.webp",
        "lossy.webp",
    ]
    tried = failed = 0
    with setting.daemon("--max-image-pixels", 4_000_000) as daemon:
        client = daemon.connect()
        for name in names:
            whole = (FIXTURES / "images" / name).read_bytes()
            step = 1 if setting.full or len(whole) < 700 else -(-len(whole) // 350)
            variants = [whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :] for i in range(0, len(whole), step)]
            variants += [whole[:i] for i in range(0, len(whole), step)]
            for start in range(0, len(variants), 200):
                part = variants[start : start + 200]
                images = [{"data": base64.b64encode(data).decode()} for data in part]
                result = client.result(
                    "embed/image", {"model": SMALL_MODEL, "images": images, "onError": "item", "encoding": "base64"}
                )
                check(len(result["embeddings"]) == len(part), f"{name}: not as many embeddings as images")
                codes = {error["code"] for error in result.get("errors", [])}
                check(codes <= {1004, 1005}, f"{name}: errors {codes}")
                nulls = sum(row is None for row in result["embeddings"])
                check(nulls == len(result.get("errors", [])), f"{name}: items without embedding and without error")
                tried += len(part)
                failed += nulls
        check("result" in client.call("embed/image", {"images": [str(SCENES[0])]}), "a good image fails afterwards")
    return f"{tried} damaged files of {len(names)} kinds: {failed} refused, {tried - failed} decoded all the same"


@case
def images_of_odd_shape(setting):
    """1×1 and 1×60,000 pixels through embedding and explanation; files that lie about their size."""
    lie = bytearray((FIXTURES / "images" / "1x1.png").read_bytes())
    lie[16:24] = struct.pack(">II", 60_000, 60_000)
    with setting.daemon() as daemon:
        client = daemon.connect()
        for name in ("1x1.png", "1x60000.png", "2000x3.png", "17x1.jpg"):
            path = str(FIXTURES / "images" / name)
            check("result" in client.call("embed/image", {"images": [path]}), f"{name} is not embedded")
            explained = client.call(
                "explain", {"image": path, "text": "a kite", "budget": {"imageMasks": 16}, "render": {"format": "svg"}}
            )
            check("result" in explained, f"{name} is not explained: {explained.get('error')}")
        code = client.error_code("embed/image", {"images": [{"data": base64.b64encode(bytes(lie)).decode()}]})
        check(code in (1004, 1005), f"a header of 60,000×60,000: {code}")
        for pixels in (
            {"pixels": "", "width": 0, "height": 0},
            {"pixels": "AAAA", "width": 1 << 40, "height": 1 << 40},
            {"pixels": "AAAA", "width": -1, "height": 1},
            {"pixels": "AAAA", "width": 2**63 - 1, "height": 3},
        ):
            check("error" in client.call("embed/image", {"images": [pixels]}), f"{pixels} was accepted")
        resident = daemon.resident()
    return f"4 shapes embedded, explained and drawn; 5 lies refused; resident memory after them {resident >> 20} MiB"


@case
def files_that_are_no_files(setting):
    """FIFOs, devices, folders and files without end as image or model: an error at once, no thread lost."""
    folder = setting.folder / "odd"
    folder.mkdir()
    for index in range(4):
        os.mkfifo(folder / f"fifo-{index}.png")
    (folder / "empty.png").touch()
    os.symlink("loop.png", folder / "loop.png")
    model = copy_model(setting.folder)
    (model / "tokenizer.json").unlink()
    os.mkfifo(model / "tokenizer.json")
    images = [str(folder / name) for name in sorted(os.listdir(folder))]
    images += ["/dev/zero", "/dev/null", str(folder), "/proc/self/mem", "/proc/kmsg", "a\0b", "/" + "x" * 5000, ""]
    with setting.daemon() as daemon:
        client = daemon.connect(timeout=15)
        for image in images:
            try:
                code = client.error_code("embed/image", {"images": [image]})
            except TimeoutError:
                check(False, f"no reply for the image {image[:60]!r} within 15 s")
            check(code in (1004, 1005, 1006, -32602, -32700), f"{image[:60]!r}: {code}")
        try:
            code = client.error_code("models/load", {"model": str(model)})
        except TimeoutError:
            check(False, "no reply for a model whose tokenizer.json is a FIFO within 15 s")
        check(code in (1001, 1003), f"a model whose tokenizer.json is a FIFO: {code}")
        check("result" in client.call("embed/image", {"images": [str(SCENES[0])]}), "a good image fails afterwards")
    return f"{len(images)} images, 1 model"


@case
def model_files_changed_under_a_loaded_model(setting):
    """The weights deleted or replaced while the model is loaded: it answers as before, and loads anew when told to."""
    model = copy_model(setting.folder)
    weights = model / "model.safetensors"
    whole = weights.read_bytes()
    name = str(model)
    query = [
        ("embed/text", {"model": name, "texts": ["a dog", "zebra crossing by night"]}),
        ("embed/image", {"model": name, "images": [str(path) for path in SCENES[:3]]}),
    ]
    with setting.daemon("--keep-alive=-1") as daemon:
        client = daemon.connect()

        def answers():
            return [client.result(method, params)["embeddings"] for method, params in query]

        before = answers()
        weights.unlink()
        check(answers() == before, "other embeddings after the file was deleted")
        (model / "other").write_bytes(whole[:-4] + b"\0\0\0\0")
        os.rename(model / "other", weights)
        check(answers() == before, "other embeddings after the file was replaced")
        check("result" in client.call("models/unload", {"model": name}), "the model is not unloaded")
        weights.write_bytes(whole)
        check(answers() == before, "other embeddings after loading again")
    return "deleted, replaced: the same embeddings"


@case
def model_files_cut_short_in_place(setting):
    """Weights truncated, overwritten and grown before, while and after they are loaded: an error that says so, or the same answer."""
    model = copy_model(setting.folder)
    weights = model / "model.safetensors"
    whole = weights.read_bytes()
    name = str(model)
    texts = ("embed/text", {"model": name, "texts": ["a dog", "zebra crossing by night"]})
    images = ("embed/image", {"model": name, "images": [str(path) for path in SCENES[:3]]})
    changes = {
        "empty": lambda: os.truncate(weights, 0),
        "1,000 bytes": lambda: os.truncate(weights, 1000),
        "half": lambda: os.truncate(weights, len(whole) // 2),
        "one byte less": lambda: os.truncate(weights, len(whole) - 1),
        "longer": lambda: os.truncate(weights, len(whole) + 4096),
        "zeros": lambda: weights.write_bytes(bytes(len(whole))),
    }
    with setting.daemon("--keep-alive=-1") as daemon:
        client = daemon.connect()

        def answers(query):
            return client.result(*query)["embeddings"]

        before = [answers(texts), answers(images)]
        for what, change in changes.items():
            change()
            check(answers(images) == before[1], f"{what}, after loading: other image embeddings")
            # Of texts that were embedded the embeddings are known.
            error = client.call("embed/text", {"model": name, "texts": [f"a zebra, {what}"]}).get("error", {})
            check(
                error.get("code") == 1003
                and "changed in place" in error["message"]
                and str(weights) in error["message"],
                f"{what}, after loading: {error or 'texts are embedded'}",
            )
            check(
                client.error_code("explanation/open", {"model": name, "image": str(SCENES[0]), "text": "a dog"})
                == 1003,
                f"{what}, after loading: an explanation is opened",
            )
            check("result" in client.call("models/unload", {"model": name}), "the model is not unloaded")
            check(
                what == "longer" or client.error_code("models/load", {"model": name}) == 1003,
                f"{what}, before loading: loaded",
            )
            weights.write_bytes(whole)
            check(
                [answers(texts), answers(images)] == before,
                f"{what}: other embeddings after loading the whole file again",
            )
        client.result("models/unload", {"model": name})

        loads, errors = setting.amount(60, 1000), 0
        generator = setting.random("during")
        for _ in range(loads):
            number = client.post("models/load", {"model": name})
            time.sleep(generator.random() * 0.02)
            os.truncate(weights, generator.randrange(len(whole)))
            error = client.reply(number).get("error")
            if error:
                check(error["code"] == 1003, f"cut short while loading: {error}")
                errors += 1
            else:
                check(client.error_code(*texts) == 1003, "cut short at the end of loading: texts are embedded")
                client.result("models/unload", {"model": name})
            weights.write_bytes(whole)
        check([answers(texts), answers(images)] == before, "other embeddings in the end")
    return f"{len(changes)} changes before and after loading; {loads} cut short meanwhile, {errors} of them refused"


@case
def image_roots(setting):
    """--image-root: what lies outside is refused, also by links, dots and URIs."""
    root = setting.folder / "root"
    outside = setting.folder / "outside"
    for folder in (root / "sub", outside, setting.folder / "root-not"):
        folder.mkdir(parents=True)
    picture = SCENES[0].read_bytes()
    for path in (root / "a.png", root / "sub" / "b.png", outside / "c.png", setting.folder / "root-not" / "d.png"):
        path.write_bytes(picture)
    os.symlink(outside / "c.png", root / "link.png")
    os.symlink(outside, root / "folder")
    os.symlink(root / "a.png", outside / "into.png")
    inside = [root / "a.png", root / "sub" / "b.png", root / "sub" / ".." / "a.png", outside / "into.png"]
    refused = [
        outside / "c.png",
        root / "link.png",
        root / "folder" / "c.png",
        f"{root}/../outside/c.png",
        setting.folder / "root-not" / "d.png",
        "/etc/passwd",
        f"{root}/sub/../../outside/c.png",
    ]
    with setting.daemon("--image-root", root) as daemon:
        client = daemon.connect()
        for path in inside:
            for image in (str(path), {"path": str(path)}, {"uri": f"file://{path}"}):
                check(
                    "result" in client.call("embed/image", {"images": [image]}), f"{image} inside the root is refused"
                )
        for path in refused:
            for image in (str(path), {"path": str(path)}, {"uri": f"file://{path}"}):
                code = client.error_code("embed/image", {"images": [image]})
                check(code == 1006, f"{image} outside the root: {code}")
        data = {"data": base64.b64encode(picture).decode()}
        check("result" in client.call("embed/image", {"images": [data]}), "data is refused")
        # A link that is turned while it is read must never show what lies outside: the outside file is no image.
        (outside / "secret.png").write_text("no image")
        stop = threading.Event()

        def turn():
            number = 0
            while not stop.is_set():
                target = (root / "a.png", outside / "secret.png")[number % 2]
                os.symlink(target, root / f"next-{number}")
                os.rename(root / f"next-{number}", root / "turning.png")
                number += 1

        turner = threading.Thread(target=turn)
        turner.start()
        codes = {}
        try:
            wait_for("the link", lambda: os.path.lexists(root / "turning.png"))
            for _ in range(setting.amount(300, 5000)):
                code = client.error_code("embed/image", {"images": [str(root / "turning.png")]})
                codes[code] = codes.get(code, 0) + 1
        finally:
            stop.set()
            turner.join()
        check(1004 not in codes, f"{codes[1004] if 1004 in codes else 0} reads through a turning link left the root")
    return f"{len(inside)} inside, {len(refused)} outside, each in 3 spellings; {sum(codes.values())} reads of a turning link, none outside"
