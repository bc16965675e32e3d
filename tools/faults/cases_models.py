"""Model folders made to do harm: sizes that nothing has room for, hollow and special files, damaged weights, pickles that call."""

import collections
import io
import json
import os
import pathlib
import pickle
import shutil
import struct
import time
import zipfile

from cases import case
from harness.daemon import FIXTURES, SCENES, check, copy_model

GIGABYTE = 1 << 30


def write_sparse_weights(model, change):
    """The model's weights with the shapes that `change` gives for a name and a shape, all zero, in a sparse file."""
    path = model / "model.safetensors"
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    end = 0
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        entry["shape"] = change(name, entry["shape"])
        size = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8}[entry["dtype"]]
        for columns in entry["shape"]:
            size *= columns
        entry["data_offsets"] = [end, end + size]
        end += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        os.truncate(path, 8 + len(text) + end)


def edit(path, change):
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def replaced(old, new):
    return lambda name, shape: [new if columns == old else columns for columns in shape]


@case
def absurd_sizes(setting):
    """Sizes of millions in a configuration, with sparse weights of those shapes: refused with what they would take."""
    huge = 1 << 24

    def patches(model):
        edit(model / "config.json", lambda c: c["vision_config"].update(image_size=16384, patch_size=8))
        edit(
            model / "preprocessor_config.json",
            lambda c: c.update(size={"shortest_edge": 16384}, crop_size={"height": 16384, "width": 16384}),
        )
        grid = 2048 * 2048 + 1

        def change(name, shape):
            if name.endswith("vision_model.embeddings.position_embedding.weight"):
                return [grid, shape[1]]
            return [shape[0], 3, 8, 8] if "patch_embedding" in name else shape

        write_sparse_weights(model, change)

    def towers(key, value, old):
        def apply(model):
            edit(model / "config.json", lambda c: [c[tower].update({key: value}) for tower in ("vision_config",)])
            write_sparse_weights(
                model, lambda name, shape: replaced(old, value)(name, shape) if name.startswith("vision") else shape
            )

        return apply

    def projection(model):
        edit(model / "config.json", lambda c: c.update(projection_dim=huge))
        write_sparse_weights(model, lambda name, shape: [huge, shape[1]] if "projection" in name else shape)

    def positions(model):
        edit(model / "config.json", lambda c: c["text_config"].update(max_position_embeddings=huge))
        write_sparse_weights(model, replaced(18, huge))

    kinds = {
        "projection_dim 2^24": projection,
        "intermediate_size 2^24": towers("intermediate_size", huge, 288),
        "hidden_size 262,146": towers("hidden_size", 262_146, 96),
        "2^24 positions": positions,
        "4 million patches": patches,
    }
    with setting.daemon() as daemon:
        client = daemon.connect(timeout=120)
        for number, (kind, apply) in enumerate(kinds.items()):
            model = copy_model(setting.folder, f"absurd-{number}")
            apply(model)
            before = daemon.resident()
            start = time.monotonic()
            reply = client.call("models/load", {"model": str(model)})
            message = reply.get("error", {}).get("message", "")
            check("error" in reply and " GB" in message, f"{kind}: {str(reply)[:300]}")
            check(time.monotonic() - start < 30, f"{kind} took {time.monotonic() - start:.0f} s to refuse")
            check(daemon.peak() - before < 500e6, f"{kind} took {(daemon.peak() - before) / 1e6:.0f} MB")
            check("result" in client.call("embed/text", {"texts": ["a dog"]}), f"{kind}: another model fails")
            shutil.rmtree(model)
    return f"{len(kinds)} kinds refused, each with what it would take"


@case
def hollow_and_special_files(setting):
    """Sparse files of gigabytes, FIFOs, folders, loops and devices in place of every file of a model."""
    names = ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]
    names += ["preprocessor_config.json", "processor_config.json", "model.safetensors", "model.safetensors.index.json"]
    tried = 0
    with setting.daemon() as daemon:
        client = daemon.connect(timeout=120)
        start_memory = daemon.resident()
        for name in names:
            for kind in ("sparse", "fifo", "folder", "loop", "device"):
                model = copy_model(setting.folder, "odd")
                path = model / name
                if name.endswith("index.json"):
                    (model / "model.safetensors").unlink()
                path.unlink(missing_ok=True)
                if kind == "sparse":
                    path.touch()
                    os.truncate(path, 6 * GIGABYTE)
                elif kind == "fifo":
                    os.mkfifo(path)
                elif kind == "folder":
                    path.mkdir()
                elif kind == "loop":
                    path.symlink_to(path.name)
                else:
                    path.symlink_to("/dev/zero")
                start = time.monotonic()
                code = client.error_code("models/load", {"model": str(model)})
                # A link to itself is a file that is not there; some files may be absent.
                optional = name in ("tokenizer_config.json", "special_tokens_map.json", "processor_config.json")
                allowed = (1001, 1002, 1003, None) if kind == "loop" and optional else (1001, 1002, 1003)
                check(code in allowed, f"{name} as {kind}: error {code}")
                check(time.monotonic() - start < 20, f"{name} as {kind} took {time.monotonic() - start:.0f} s")
                client.call("models/unload", {"model": str(model)})
                shutil.rmtree(model)
                tried += 1
        grown = daemon.peak() - start_memory
        check(grown < 500e6, f"the daemon grew by {grown / 1e6:.0f} MB")
        check("result" in client.call("embed/image", {"images": [str(SCENES[0])]}), "a good image fails afterwards")
    return f"{tried} files, each refused; {grown / 1e6:.0f} MB more at most"


@case
def weights_that_are_no_numbers(setting):
    """One NaN or infinity in each tensor of a model in turn: error 1003 with the tensor's name."""
    model = copy_model(setting.folder)
    path = model / "model.safetensors"
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    generator = setting.random("numbers")
    found = late = 0
    with setting.daemon() as daemon, open(path, "r+b", buffering=0) as file:
        client = daemon.connect()
        for name, entry in header.items():
            if entry["dtype"] != "F32":
                continue
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            place = start + 4 * generator.randrange((end - start) // 4)
            kept = os.pread(file.fileno(), 4, place)
            os.pwrite(file.fileno(), struct.pack("<f", generator.choice([float("nan"), float("inf")])), place)
            reply = client.call("models/load", {"model": str(model)})
            if "token_embedding" in name:
                # The table stays in the file; its rows are checked as they are read.
                check("result" in reply, f"{name}: {reply}")
                client.result("models/unload", {"model": str(model)})
                late += 1
            else:
                error = reply.get("error", {})
                check(error.get("code") == 1003 and f'"{name}"' in error["message"], f"{name}: {str(reply)[:300]}")
                found += 1
            os.pwrite(file.fileno(), kept, place)
        check("result" in client.call("models/load", {"model": str(model)}), "the mended model does not load")
    return f"{found} tensors named at load, {late} table read row by row"


@case
def nested_safetensors_header(setting):
    """A safetensors header of 95 MB of nested lists is refused in bounded memory."""
    model = copy_model(setting.folder)
    text = b'{"w":[' + b"[[],[]]," * 11_900_000 + b"1]}"
    (model / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    with setting.daemon() as daemon:
        client = daemon.connect(timeout=120)
        before = daemon.resident()
        check(client.error_code("models/load", {"model": str(model)}) == 1003, "the header is not refused")
        grown = daemon.peak() - before
        check(grown < 300e6, f"refusing it took {grown / 1e6:.0f} MB")
    return f"{len(text) / 1e6:.0f} MB refused in {grown / 1e6:.0f} MB"


class FakeTorch:
    """Stands in for names of torch, which is not installed here: pickled as what `torch.save` writes."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Storage:
    def __init__(self, kind, key, count):
        self.id = ("storage", FakeTorch("torch", kind), key, "cpu", count)


class Tensor:
    def __init__(self, storage, shape):
        steps = [1]
        for columns in reversed(shape[1:]):
            steps.insert(0, steps[0] * columns)
        self.parts = (storage, 0, tuple(shape), tuple(steps[: len(shape)]), False, collections.OrderedDict())


class StateDictionaryPickler(pickle._Pickler):
    """Python's own pickler, with classes that are written by name and storages by their persistent ids."""

    def persistent_id(self, value):
        return value.id if isinstance(value, Storage) else None

    def save_name(self, value):
        self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())

    def save_tensor(self, value):
        self.save_name(FakeTorch("torch._utils", "_rebuild_tensor_v2"))
        self.save(value.parts)
        self.write(pickle.REDUCE)

    dispatch = pickle._Pickler.dispatch | {FakeTorch: save_name, Tensor: save_tensor}


def pickle_weights(model):
    """Writes `pytorch_model.bin` in place of the model's safetensors file."""
    path = model / "model.safetensors"
    whole = path.read_bytes()
    length = struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8 : 8 + length])
    header.pop("__metadata__", None)
    kinds = {
        "F32": ("FloatStorage", 4),
        "F16": ("HalfStorage", 2),
        "BF16": ("BFloat16Storage", 2),
        "I64": ("LongStorage", 8),
    }
    tensors = collections.OrderedDict()
    with zipfile.ZipFile(model / "pytorch_model.bin", "w") as archive:
        for number, (name, entry) in enumerate(header.items()):
            begin, end = entry["data_offsets"]
            kind, size = kinds[entry["dtype"]]
            tensors[name] = Tensor(Storage(kind, str(number), (end - begin) // size), entry["shape"])
            archive.writestr(f"model/data/{number}", whole[8 + length + begin : 8 + length + end])
        text = io.BytesIO()
        StateDictionaryPickler(text, protocol=2).dump(tensors)
        archive.writestr("model/data.pkl", text.getvalue())
        archive.writestr("model/version", "3\n")
    path.unlink()


@case
def pickles(setting):
    """Pickles that call functions, that are damaged, or in an old format: refused; a model's own gives its embeddings."""
    refused = 0
    with setting.daemon() as daemon:
        client = daemon.connect()
        for path in sorted((FIXTURES / "pickles").iterdir()):
            model = copy_model(setting.folder, "pickled")
            (model / "model.safetensors").unlink()
            whole = path.read_bytes()
            variants = [whole, whole[: len(whole) // 2], b""]
            generator = setting.random(path.name)
            for _ in range(setting.amount(5, 100)):
                place = generator.randrange(len(whole))
                variants.append(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
            for data in variants:
                (model / "pytorch_model.bin").write_bytes(data)
                code = client.error_code("models/load", {"model": str(model)})
                check(code == 1003, f"{path.name}: error {code}")
                refused += 1
            shutil.rmtree(model)
        embeddings = []
        for name in ("safetensors", "pickle"):
            model = copy_model(setting.folder, name)
            if name == "pickle":
                pickle_weights(model)
            embeddings.append(client.result("embed/text", {"model": str(model), "texts": ["a dog"]})["embeddings"])
        check(embeddings[0] == embeddings[1], "the pickled model has other embeddings")
    return f"{refused} pickles refused; a whole one has the embeddings of its safetensors file"


@case
def references_of_gigabytes(setting):
    """A hub cache with a sparse refs/main and config.json of gigabytes: the list and the other models answer."""
    cache = pathlib.Path(setting.folder) / "hub"
    for name in ("models--a--one", "models--b--two"):
        snapshot = cache / name / "snapshots" / "0123abcd"
        snapshot.parent.mkdir(parents=True)
        shutil.copytree(FIXTURES / "clip-small", snapshot)
        (cache / name / "refs").mkdir()
    main = cache / "models--a--one/refs/main"
    main.touch()
    os.truncate(main, 4 * GIGABYTE)
    (cache / "models--b--two/refs/main").write_text("0123abcd")
    config = cache / "models--b--two/snapshots/0123abcd/config.json"
    os.truncate(config, 6 * GIGABYTE)
    with setting.daemon(variables={"HF_HUB_CACHE": str(cache)}) as daemon:
        client = daemon.connect()
        start = time.monotonic()
        available = {entry["id"]: entry for entry in client.result("models/list")["available"]}
        check(any("a/one" in name for name in available), f"a/one is not listed: {list(available)}")
        check(available["b/two"]["loadable"] is False, "a configuration of gigabytes is called loadable")
        check("result" in client.call("models/load", {"model": "a/one"}), "the only snapshot is not found")
        check(client.error_code("models/load", {"model": "b/two"}) == 1003, "b/two is not refused")
        check("result" in client.call("server/status"), "the status does not answer")
        took = time.monotonic() - start
        check(took < 20, f"it took {took:.0f} s")
    return f"listed, loaded and refused in {took:.1f} s"
