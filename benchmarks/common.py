"""What the parts of the benchmark share."""

import base64
import os
import re
import statistics
import subprocess
import sys

from daemon import ROOT

SCENES = ROOT / "models/demo/scenes"
IMAGE = str(SCENES / "scene-03.png")
CAPTION = "a postbox next to a cocktail glass"
# Words of the random models' vocabularies, one token each.
VOCABULARY = "a the of and to in on with next above left right dog cat bicycle ball tree house car sky red".split()
# Eight tokens each.
CAPTIONS = [
    "a red dog on the left car above",
    "the red car above a red house on",
    "a dog and the cat next to ball",
    "sky above the house with a bicycle in",
    "the ball in sky next to a tree",
]
THREADS = os.cpu_count()


def flags():
    """The processor's; what $FIXLIPD_INSTRUCTION_SET keeps the daemon from using is among them."""
    return re.search(r"^flags\s*:(.*)$", open("/proc/cpuinfo").read(), re.M).group(1).split()


def cpu_name():
    return re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M).group(1)


# What the daemon was told to compute as: avx2 or baseline; None for all that the processor has.
INSTRUCTION_SET = os.environ.get("FIXLIPD_INSTRUCTION_SET") or None
HAS_BF16 = "avx512_bf16" in flags() or "amx_bf16" in flags()
PRECISIONS = ["f32", "int8"] + (["bf16"] if HAS_BF16 else [])


def model(name):
    """The folder of a full-size random model, made if it is not there."""
    folder = ROOT / "build/models" / name
    if not (folder / "config.json").exists():
        subprocess.run([sys.executable, ROOT / "tools/random-model/random_model.py", name, folder], check=True)
    return str(folder)


def fresh_images(count):
    """Images that the daemon has not seen, 224 × 224 random pixels each: what it has embedded a short while ago it knows."""
    pixels = (base64.b64encode(os.urandom(3 * 224 * 224)).decode() for _ in range(count))
    return [{"pixels": text, "width": 224, "height": 224} for text in pixels]


def refine(connection, explanation, masks, text_masks=None, **options):
    budget = {"imageMasks": masks} | ({"textMasks": text_masks} if text_masks else {})
    return connection.result(
        "explanation/refine", explanation=explanation, budget=budget, values={"pairs": "none"}, **options
    )


def rounds(options, usual):
    """How often something is measured: as `--rounds` says, else `usual`; once in a quick run."""
    return options.rounds or (1 if options.quick else usual)


def spread(values, digits=1):
    """The median, with the least and the most where there are several."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def table(header, rows):
    """Lines of a Markdown table."""
    return (
        ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
        + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
        + [""]
    )


def exponent(sizes, amounts):
    """b of amount = a · size^b, by least squares of the logarithms."""
    import math

    x, y = [math.log(v) for v in sizes], [math.log(max(v, 1e-9)) for v in amounts]
    mx, my = statistics.fmean(x), statistics.fmean(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)
