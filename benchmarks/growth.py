"""How time and memory grow with patches, text tokens and masks, each with the exponent found."""

import time

from common import CAPTIONS, IMAGE, VOCABULARY, exponent, model, refine, table
from daemon import Daemon


def timed_refine(connection, explanation, masks, **options):
    start = time.perf_counter()
    refine(connection, explanation, masks, **options)
    return time.perf_counter() - start


def patches(options):
    """Towers of one width (384, 12 layers) that see more and more patches."""
    names = {49: "vit-s-32", 196: "vit-s-16", 256: "vit-s-14", 576: "vit-s-14-336"}
    masks = 16 if options.quick else 48
    rows, times = [], {}
    for count, name in names.items():
        if options.quick and count > 196:
            continue
        folder = model(name)
        with Daemon("--precision", "f32") as daemon:
            connection = daemon.connect()
            loaded = connection.call("models/load", model=folder)
            opened = connection.call("explanation/open", model=folder, image=IMAGE, text="a red dog")["explanation"]
            refine(connection, opened, 8)
            held = connection.call("explanation/list")["explanations"][0]["imageMasks"]
            times[count] = timed_refine(connection, opened, held + masks) / masks
            beyond = (daemon.resident() - loaded["bytes"]) / 1e6
        rows.append([count, f"{times[count] * 1000:.1f}", f"{beyond:.0f}"])
    lines = ["### Patches", "", "A vision tower of width 384 and 12 layers, f32.", ""]
    lines += table(["patches", "ms for a masked image", "MB beyond weights"], rows)
    return lines + [f"Time grows as patches^{exponent(list(times), list(times.values())):.2f}.", ""]


def tokens(options):
    folder = model("vit-b-32")
    rows, times = [], {}
    with Daemon("--precision", "f32") as daemon:
        connection = daemon.connect()
        warm = connection.call("explanation/open", model=folder, image=IMAGE, text="a")["explanation"]
        refine(connection, warm, 16)
        for count in [4, 8, 16, 32] + ([] if options.quick else [60]):
            caption = " ".join(VOCABULARY[(7 * i) % len(VOCABULARY)] for i in range(count))
            opened = connection.call("explanation/open", model=folder, image=IMAGE, text=caption)
            players = len(opened["players"]["text"])
            times[players] = timed_refine(connection, opened["explanation"], 16)
            held = connection.call("explanation/list")["explanations"]
            masks = next(e["textMasks"] for e in held if e["explanation"] == opened["explanation"])
            rows.append([players, masks, f"{times[players]:.3f}", f"{1000 * times[players] / masks:.2f}"])
    several = {n: t for n, t in times.items() if n >= 8}
    lines = ["### Text tokens", "",
             "The masks of a caption (all of them up to 8 tokens, else 256) on a warm image, an estimate included; ViT-B/32, f32.", ""]
    lines += table(["tokens", "text masks", "seconds", "ms a mask"], rows)
    return lines + [f"From 8 tokens on, time grows as tokens^{exponent(list(several), list(several.values())):.2f}.", ""]


def masks(options):
    """Up to 2^13 image masks times 2^8 text masks, 2^21 pairs."""
    folder = model("vit-b-32")
    rows, times, held = [], {}, {}
    goals = {}
    with Daemon("--precision", "int8") as daemon:
        connection = daemon.connect()
        loaded = connection.call("models/load", model=folder)
        opened = connection.call("explanation/open", model=folder, image=IMAGE, text=CAPTIONS[0])["explanation"]
        total = 0
        for power in range(6, 10 if options.quick else 14):
            total += timed_refine(connection, opened, 2**power)
            times[2**power] = total
            held[2**power] = (daemon.resident() - loaded["bytes"]) / 1e6
            again = connection.call("explanation/open", model=folder, image=IMAGE, text=CAPTIONS[0], order=2)["explanation"]
            estimate = timed_refine(connection, again, 2**power)
            connection.call("explanation/close", explanation=again)
            if 2**power == 4096:
                goals["estimation"] = {"int8": 100 * estimate / total}
            rows.append([2**power, f"{2**power * 256:,}", f"{total:.1f}", f"{estimate:.3f}", f"{held[2**power]:.0f}"])
        if not options.quick:
            goals["memory"] = {"int8": held[2**13]}
    lines = ["### Masks", "", "ViT-B/32 with 8 tokens (256 text masks), int8. One estimate: both games warm.", ""]
    lines += table(["image masks", "pairs", "seconds in all", "seconds for one estimate", "MB beyond weights"], rows)
    lines += [f"Time grows as masks^{exponent(list(times), list(times.values())):.2f}, memory beyond weights as "
              f"masks^{exponent(list(held), list(held.values())):.2f}.", ""]
    return lines, goals


def run(options):
    lines, goals = masks(options)
    return {"lines": ["## Growth", ""] + patches(options) + tokens(options) + lines, "goals": goals}
