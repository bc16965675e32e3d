"""The other programs, each a function that encodes a batch. Run in the peers' own environment (see `make bench`):

    peers.py MODEL_FOLDER PEER SECONDS BATCH… [--threads N] [--processor-time]

prints one JSON line: for each batch size, images a second of whole normalised random images, the median over repetitions for at
least so many seconds. `library` is the library that a folder of tools/parity/kinds.py is of, on a scene.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def vision_model(folder):
    import torch
    from transformers import AutoConfig, CLIPVisionModelWithProjection, SiglipVisionModel

    kind = AutoConfig.from_pretrained(folder).model_type
    family = CLIPVisionModelWithProjection if kind == "clip" else SiglipVisionModel
    return family.from_pretrained(folder, dtype=torch.float32).eval()


def torch_encoder(folder, size, threads):
    """PyTorch as the reference explainer uses it: f32, eager."""
    import torch

    torch.set_num_threads(threads)
    model = vision_model(folder)

    def encode(batch):
        with torch.inference_mode():
            model(pixel_values=batch)

    return encode, lambda count: torch.randn(count, 3, size, size)


def library_encoder(folder, size, threads):
    """transformers or open_clip, whichever the folder is of: f32, eager."""
    sys.path.insert(0, str(ROOT / "tools/parity"))
    import libraries
    import torch
    from common import IMAGE
    from PIL import Image

    torch.set_num_threads(threads)
    model = libraries.read(Path(folder))
    inputs = model.prepare(Image.open(IMAGE).convert("RGB"))

    def encode(batch):
        with torch.inference_mode():
            model.image(batch)

    class Batch(dict):
        """Inputs by name; of a slice the first so many images."""

        def __getitem__(self, key):
            return Batch({k: v[key] for k, v in self.items()}) if isinstance(key, slice) else super().__getitem__(key)

    return encode, lambda count: Batch({key: value.repeat_interleave(count, 0) for key, value in inputs.items()})


def openvino_encoder(precision):
    def make(folder, size, threads):
        import numpy
        import openvino
        import torch

        model = vision_model(folder)
        example = torch.randn(1, 3, size, size)
        converted = openvino.convert_model(model, example_input={"pixel_values": example})
        compiled = openvino.Core().compile_model(
            converted,
            "CPU",
            {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision},
        )
        return lambda batch: compiled([batch]), lambda count: numpy.random.randn(count, 3, size, size).astype("float32")

    return make


class Embedding:
    """A vision model as a function of pixels alone, for export."""

    def __new__(cls, model):
        import torch

        class Module(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = model

            def forward(self, pixel_values):
                found = self.model(pixel_values=pixel_values)
                return found.image_embeds if hasattr(found, "image_embeds") else found.pooler_output

        return Module().eval()


def onnx_encoder(folder, size, threads):
    import os
    import tempfile

    import numpy
    import onnxruntime
    import torch

    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "vision.onnx")
        with torch.no_grad():
            # Two images, so that the batch is not taken for a constant.
            torch.onnx.export(
                Embedding(vision_model(folder)),
                (torch.randn(2, 3, size, size),),
                path,
                input_names=["pixel_values"],
                dynamic_shapes={"pixel_values": {0: torch.export.Dim("batch")}},
                dynamo=True,
                verbose=False,
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return (
        lambda batch: session.run(None, {"pixel_values": batch}),
        lambda count: numpy.random.randn(count, 3, size, size).astype("float32"),
    )


PEERS = {
    "pytorch": torch_encoder,
    "library": library_encoder,
    "openvino-f32": openvino_encoder("f32"),
    "openvino-bf16": openvino_encoder("bf16"),
    "onnxruntime": onnx_encoder,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("seconds", type=float)
    parser.add_argument("batches", type=int, nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true", help="seconds of this process's, not of the clock")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.processor_time else time.perf_counter
    config = Path(arguments.folder, "config.json")
    size = json.loads(config.read_text())["vision_config"].get("image_size", 224) if config.exists() else 224
    encode, make = PEERS[arguments.peer](arguments.folder, size, arguments.threads)
    found = {}
    for count in arguments.batches:
        batch = make(count)
        encode(batch[:1])
        rates = []
        start = clock()
        while clock() - start < arguments.seconds or len(rates) < 2:
            before = clock()
            encode(batch)
            rates.append(count / (clock() - before))
        found[count] = statistics.median(rates)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
