"""The other kinds of models that are read, beside the libraries that they come from, in PyTorch."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from common import CAPTIONS, IMAGE, PRECISIONS, refine, rounds, spread, table
from daemon import ROOT, Daemon
from encoders import peer_rates

sys.path.insert(0, str(ROOT / "tools/parity"))
from kinds import folder_of  # noqa: E402

# Kinds of tools/parity/kinds.py; masks to time, which is also the others' batch.
PLANS = [
    ("SigLIP2 B/16 NaFlex, 256,000 tokens", 32),
    ("EVA02-CLIP B/16", 32),
    ("PE-Core B/16", 32),
    ("BiomedCLIP B/16", 32),
    ("Chinese-CLIP B/16, pickle", 32),
    ("MetaCLIP 2 B/32, 901,629 tokens", 64),
    ("open_clip XLM-R base ViT-B/32", 64),
    ("MobileCLIP2 L/14, f16", 8),
    ("CLIPA L/14, f16", 8),
    ("AltCLIP L/14, f16", 8),
]
TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """What a process has taken, of user and system time (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def masked_rate(folder, precision, masks):
    """Masked images of a cold image a second of the daemon's processor time, with all that belongs to a refinement."""
    with Daemon("--precision", precision, "--threads", "1") as daemon:
        connection = daemon.connect()
        connection.result("models/load", model=str(folder))
        opened = connection.result("explanation/open", model=str(folder), image=IMAGE, text=CAPTIONS[0])
        refine(connection, opened["explanation"], 8)
        held = connection.result("explanation/list")["explanations"][0]["imageMasks"]
        before = processor_seconds(daemon.pid)
        refine(connection, opened["explanation"], held + masks)
        return masks / (processor_seconds(daemon.pid) - before)


def run(options):
    lines = ["## Encoders: other kinds", ""]
    if not options.peers:
        return {"lines": [*lines, "Left out: the peers' environment makes these models.", ""], "goals": {}}
    rows = []
    for name, masks in PLANS[: 2 if options.quick else None]:
        folder = folder_of(name)
        if not any(folder.glob("*config.json")):
            kinds = ROOT / "tools/parity/kinds.py"
            subprocess.run([f"{options.peers}/bin/python", kinds, name], check=True)
        ours, theirs = {precision: [] for precision in PRECISIONS}, []
        for _ in range(rounds(options, 3)):
            for precision, rates in ours.items():
                rates.append(masked_rate(folder, precision, masks))
            theirs += peer_rates(options.peers, folder, "library", 1, [masks], 1, "--processor-time").values()
        cells = [spread(rates) for rates in ours.values()]
        ratios = [statistics.median(rates) / statistics.median(theirs) for rates in ours.values()] if theirs else []
        shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
        rows.append([name, *cells, spread(theirs) if theirs else "–", shown])
        print(rows[-1], file=sys.stderr, flush=True)
    lines += [
        "Masked images a second of processor time with one thread, which a busy machine changes little: median (least–most) over rounds in which "
        "the precisions and the library take turns. Ours: image masks of a cold image in a running refinement, estimates included. The "
        "library (transformers; open_clip with timm): f32, whole images from memory in batches of as many.",
        "",
        *table(["", *PRECISIONS, "PyTorch f32", "× PyTorch, " + " ".join(PRECISIONS)], rows),
    ]
    return {"lines": lines, "goals": {}}
