"""The other kinds of models that are read, beside the libraries that they come from, in PyTorch."""

import json
import statistics
import subprocess
import sys

from common import PRECISIONS, rounds, spread, table
from daemon import ROOT, harness
from encoders import peer_rates
from processor_time import masked_rate

# Kinds of tools/parity/kinds.py; masks to time, which is also the library's batch; rounds.
PLANS = [
    ("SigLIP2 B/16 NaFlex, 256,000 tokens", 16, 2),
    ("EVA02-CLIP B/16", 16, 2),
    ("PE-Core B/16", 16, 2),
    ("BiomedCLIP B/16", 16, 2),
    ("Chinese-CLIP B/16, pickle", 16, 2),
    ("MetaCLIP 2 B/32, 901,629 tokens", 32, 2),
    ("open_clip XLM-R base ViT-B/32", 32, 2),
    ("MobileCLIP2 L/14, f16", 4, 2),
    ("CLIPA L/14, f16", 4, 2),
    ("AltCLIP L/14, f16", 4, 2),
]


def run(options):
    lines = ["## Encoders: other kinds", ""]
    if not options.peers:
        return {"lines": [*lines, "Left out: the peers' environment makes these models.", ""], "goals": {}}
    sys.path.insert(0, str(ROOT / "tools/parity"))
    from kinds import folder_of

    # A run that was interrupted goes on.
    kept = ROOT / "build/other-kinds.json"
    rows = json.loads(kept.read_text()) if kept.exists() and not options.quick else []
    for name, masks, usual in PLANS[: 2 if options.quick else None]:
        if any(row[0] == name for row in rows):
            continue
        folder = folder_of(name)
        if not any(path.suffix in (".safetensors", ".bin") for path in folder.glob("*")):
            kinds = ROOT / "tools/parity/kinds.py"
            subprocess.run([f"{options.peers}/bin/python", kinds, name], check=True)
        ours, theirs = {precision: [] for precision in PRECISIONS}, []
        for _ in range(rounds(options, usual)):
            for precision, rates in ours.items():
                rates.append(masked_rate(harness.PROGRAM, folder, precision, masks))
            theirs += peer_rates(options.peers, folder, "library", 1, [masks], 1, "--processor-time").values()
        cells = [spread(rates) for rates in ours.values()]
        ratios = [statistics.median(rates) / statistics.median(theirs) for rates in ours.values()] if theirs else []
        shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
        rows.append([name, *cells, spread(theirs) if theirs else "–", shown])
        print(rows[-1], file=sys.stderr, flush=True)
        if not options.quick:
            kept.write_text(json.dumps(rows))
    kept.unlink(missing_ok=True)
    lines += [
        "Masked images a second of processor time with one thread, which a busy machine changes little: median (least–most) over rounds in which "
        "the precisions and the library take turns. Ours: image masks of a cold image in a running refinement, estimates included. The "
        "library (transformers; open_clip with timm): f32, whole images from memory in batches of as many.",
        "",
        *table(["", *PRECISIONS, "PyTorch f32", "× PyTorch, " + " ".join(PRECISIONS)], rows),
    ]
    return {"lines": lines, "goals": {}}
