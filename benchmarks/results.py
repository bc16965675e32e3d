"""The results of one machine and day: a JSON file that parts of a run add to, and the Markdown page made of it."""

import datetime
import json
import re

from common import INSTRUCTION_SET, THREADS, cpu_name, flags
from daemon import ROOT

# key, title, unit, goal, floor (or floors by precision), whether more is better
GOALS = [
    ("masked-b32-openvino", "masked ViT-B/32 images per second against OpenVINO, same precision", "×", 1.15, 1.0, True),
    ("masked-b16-openvino", "masked ViT-B/16, likewise", "×", 1.15, 1.0, True),
    ("int8-openvino-bf16", "masked ViT-B/32 with int8 against OpenVINO bf16", "×", 2, 1.5, True),
    (
        "masked-pytorch",
        "masked ViT-B/32 against PyTorch as the reference explainer uses it (f32)",
        "×",
        10,
        {"bf16": 4, "": 2.5},
        True,
    ),
    ("reference", "whole explanation, 1,024 × 64 masks, against the reference explainer", "×", 10, 5, True),
    ("caption", "another caption of 8 tokens on a warm ViT-B/32 image, 1,024 image masks", "s", 0.15, 0.5, False),
    ("estimation", "estimation, 4,096 image masks, 57 players, of the encoding time", "%", 5, 20, False),
    ("memory", "resident memory beyond weights, ViT-B/32 at 2^21 pairs", "MB", 200, 500, False),
    ("first", "first estimate of a cold image (64 masks), ViT-B/32", "s", 1, 2, False),
    ("ping", "`server/ping` round trip over the socket, median", "µs", 100, 500, False),
    ("load", "loading ViT-B/32 (f32 file to ready)", "s", 1, 3, False),
    ("faithfulness", "R² at 1,000 image masks less least squares' at 5,000 (p = 0.5)", "", 0, -0.02, True),
    ("int8", "R² that int8 masks cost, worst of the demo model's", "", 0.01, 0.01, False),
    ("clients", "8 clients with one image each against one client with batches", "×", 0.9, 0.9, True),
]


def verdict(value, goal, floor, more):
    def reaches(bar):
        return value >= bar if more else value <= bar

    return "goal met" if reaches(goal) else "floor met" if reaches(floor) else "missed"


def number(value, unit):
    if unit == "×":
        return f"{value:.2f}×"
    digits = 3 if abs(value) < 1 and unit in ("", "s") else 2 if abs(value) < 10 else 0
    return f"{value:.{digits}f}" + (f" {unit}" if unit else "")


class Results:
    def __init__(self, name=None, quick=False):
        date = datetime.date.today().isoformat()
        cpu = re.sub(r"[^a-z0-9]+", "-", cpu_name().lower()).strip("-")
        limited = f"-{INSTRUCTION_SET}" if INSTRUCTION_SET else ""
        self.path = ROOT / "benchmarks/results" / f"{name or f'{date}-{cpu}{limited}'}.json"
        self.path.parent.mkdir(exist_ok=True)
        if self.path.exists():
            self.data = json.loads(self.path.read_text())
            if self.data.get("instruction_set") != INSTRUCTION_SET:
                raise SystemExit(f"{self.path} has results of another FIXLIPD_INSTRUCTION_SET; give another --name")
        else:
            self.data = {"date": date, "cpu": cpu_name(), "cores": THREADS, "parts": {}}
        self.data["quick"] = quick
        self.data["instructions"] = [
            f for f in ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"] if f in flags()
        ]
        self.data["instruction_set"] = INSTRUCTION_SET

    def add(self, name, part, order):
        """Takes in a part's lines and goals, and writes both files."""
        self.data["parts"][name] = part
        self.path.write_text(json.dumps(self.data, indent=1, ensure_ascii=False) + "\n")
        self.page_path.write_text(self.page(order))

    @property
    def page_path(self):
        return self.path.with_suffix(".md")

    def page(self, order):
        parts = self.data["parts"]
        measured = {}
        for part in parts.values():
            measured |= part["goals"]
        limited = self.data.get("instruction_set")
        lines = [
            f"# {self.data['date']}, {self.data['cpu']}, {self.data['cores']} cores",
            "",
            "Instruction sets: " + ", ".join(self.data["instructions"]) + ". "
            "How to repeat it: `make bench` ([benchmarks/README.md](../README.md)).",
            "",
            *(
                [
                    f"**Ours ran with `FIXLIPD_INSTRUCTION_SET={limited}`, as on a processor that has no more; the others did "
                    "not.**",
                    "",
                ]
                if limited
                else []
            ),
            *(["**A quick run: smaller budgets than the goals are about.**", ""] if self.data.get("quick") else []),
            "| | goal | floor | measured |",
            "|---|---|---|---|",
        ]
        for key, title, unit, goal, floor, more in GOALS:
            if key not in measured:
                continue
            cells = []
            for label, value in measured[key].items():
                if isinstance(value, str):
                    cells.append(f"{label}: {value}")
                else:
                    bar = floor.get(label, floor[""]) if isinstance(floor, dict) else floor
                    cells.append(
                        (f"{label}: " if label else "") + f"{number(value, unit)} ({verdict(value, goal, bar, more)})"
                    )
            floors = floor.items() if isinstance(floor, dict) else [("", floor)]
            bars = ", ".join(number(bar, unit) + (f" ({label})" if label else "") for label, bar in floors)
            lines.append(f"| {title} | {number(goal, unit)} | {bars} | {'; '.join(cells)} |")
        lines.append("")
        for name in order:
            if name in parts:
                lines += parts[name]["lines"]
        return "\n".join(lines).rstrip() + "\n"
