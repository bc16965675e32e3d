"""The other programs, each a function that encodes a batch. Run in the peers' own environment (see `make bench-peers`):

    peers.py MODEL_FOLDER PEER BATCH SECONDS [--threads N]

prints one JSON line: images a second, median over repetitions, for whole normalised random images.
"""

import argparse
import json
import statistics
import time


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


def openvino_encoder(precision):
    def make(folder, size, threads):
        import numpy
        import openvino
        import torch

        model = vision_model(folder)
        example = torch.randn(1, 3, size, size)
        converted = openvino.convert_model(model, example_input={"pixel_values": example})
        compiled = openvino.Core().compile_model(
            converted, "CPU",
            {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision})
        return lambda batch: compiled([batch]), lambda count: numpy.random.randn(count, 3, size, size).astype("float32")

    return make


def onnx_encoder(folder, size, threads):
    import os
    import tempfile

    import numpy
    import onnxruntime
    import torch

    path = os.path.join(tempfile.mkdtemp(), "vision.onnx")
    torch.onnx.export(
        vision_model(folder), (torch.randn(1, 3, size, size),), path, input_names=["pixel_values"],
        dynamic_axes={"pixel_values": {0: "batch"}}, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return (
        lambda batch: session.run(None, {"pixel_values": batch}),
        lambda count: numpy.random.randn(count, 3, size, size).astype("float32"))


PEERS = {
    "pytorch": torch_encoder, "openvino-f32": openvino_encoder("f32"), "openvino-bf16": openvino_encoder("bf16"),
    "onnxruntime": onnx_encoder,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("batch", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    size = json.load(open(f"{arguments.folder}/config.json"))["vision_config"].get("image_size", 224)
    encode, make = PEERS[arguments.peer](arguments.folder, size, arguments.threads)
    batch = make(arguments.batch)
    encode(batch)
    rates = []
    end = time.perf_counter() + arguments.seconds
    while time.perf_counter() < end or len(rates) < 3:
        start = time.perf_counter()
        encode(batch)
        rates.append(arguments.batch / (time.perf_counter() - start))
    print(json.dumps({"median": statistics.median(rates), "low": min(rates), "high": max(rates), "runs": len(rates)}))


if __name__ == "__main__":
    main()
