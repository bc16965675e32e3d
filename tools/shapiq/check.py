"""Holds the exchange with shapiq against the real program: what `explanation/export` gives is loaded and drawn by
shapiq, and what shapiq saves is taken by `explanation/import`. Skipped where shapiq is not installed (`make
test-shapiq` installs it in .peers/shapiq).

    check.py [--daemon .build/release/fixlipd] [--plot plot.png]
"""

import argparse
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from harness.daemon import StdioDaemon  # noqa: E402

SCENE = ROOT / "models/demo/scenes/scene-03.png"
INPUT = {
    "image": str(SCENE),
    "text": "a postbox next to a cocktail glass",
    "players": {"image": {"grid": {"rows": 2, "columns": 2}}, "text": "words"},
}


def pairs(daemon, handle):
    return daemon.client.result("explanation/values", explanation=handle)["values"]["pairs"]["data"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--daemon", default=str(ROOT / ".build/release/fixlipd"))
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    try:
        import matplotlib

        matplotlib.use("Agg")
        import shapiq
    except ImportError as missing:
        print(f"skipped: {missing.name} is not installed (make test-shapiq)\n0 passed, 0 failed")
        return 0
    checks = []
    with tempfile.TemporaryDirectory() as folder:
        daemon = StdioDaemon(options.daemon)
        handle = daemon.client.result("explanation/open", **INPUT)["explanation"]
        daemon.client.result("explanation/refine", explanation=handle)
        ours = pairs(daemon, handle)
        exported = Path(folder) / "exported.json"
        exported.write_text(daemon.client.result("explanation/export", explanation=handle, format="shapiq")["content"])

        loaded = shapiq.InteractionValues.load(exported)
        read = [loaded[(i, j)] for i in range(loaded.n_players) for j in range(i + 1, loaded.n_players)]
        checks.append(("shapiq reads the values", max(abs(a - b) for a, b in zip(ours, read, strict=True)) < 1e-4))
        axes = loaded.plot_network(show=False)
        figure = axes[0] if isinstance(axes, tuple) else axes.figure
        plot = options.plot or Path(folder) / "plot.png"
        figure.savefig(plot)
        checks.append(("shapiq draws them", plot.stat().st_size > 5000))

        saved = Path(folder) / "saved.json"
        loaded.save(saved)
        imported = daemon.client.result("explanation/import", **INPUT, content=saved.read_text())["explanation"]
        theirs = pairs(daemon, imported)
        checks.append(
            ("what shapiq saves is imported", max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 1e-4)
        )
        daemon.close()
    print(f"shapiq {version('shapiq')}")
    for name, passed in checks:
        print(f"{'ok' if passed else 'FAILED'}: {name}")
    failed = sum(not passed for _, passed in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
