"""How time and memory grow with patches, text tokens and masks, each with the exponent found."""

import statistics
import time

from common import CAPTIONS, IMAGE, VOCABULARY, exponent, model, refine, rounds, spread, table
from daemon import Daemon


def timed_refine(connection, explanation, masks, **options):
    start = time.perf_counter()
    refine(connection, explanation, masks, **options)
    return time.perf_counter() - start


def held_masks(connection, explanation):
    """Image and text masks of an explanation."""
    held = connection.result("explanation/list")["explanations"]
    return next((each["imageMasks"], each["textMasks"]) for each in held if each["explanation"] == explanation)


def medians(measured):
    return {size: statistics.median(values) for size, values in measured.items()}


def growth_line(begin, unit, times, memory):
    """The exponents of time and memory, of the medians over rounds; `begin` is the sentence's beginning."""
    found = [exponent(list(values), list(medians(values).values())) for values in (times, memory)]
    return f"{begin} as {unit}^{found[0]:.2f}, memory beyond weights as {unit}^{found[1]:.2f}."


def patches(options):
    """Towers of one width (384, 12 layers) that see more and more patches."""
    names = {49: "vit-s-32", 196: "vit-s-16", 256: "vit-s-14", 576: "vit-s-14-336"}
    masks = 16 if options.quick else 48
    times, memory = {}, {}
    for _ in range(rounds(options, 3)):
        for count, name in names.items():
            if options.quick and count > 196:
                continue
            folder = model(name)
            with Daemon("--precision", "f32") as daemon:
                connection = daemon.connect()
                loaded = connection.result("models/load", model=folder)
                opened = connection.result("explanation/open", model=folder, image=IMAGE, text="a red dog")[
                    "explanation"
                ]
                refine(connection, opened, 8)
                held, _ = held_masks(connection, opened)
                times.setdefault(count, []).append(timed_refine(connection, opened, held + masks) / masks)
                memory.setdefault(count, []).append((daemon.resident() - loaded["bytes"]) / 1e6)
    rows = [[count, spread([1000 * t for t in times[count]]), spread(memory[count], 0)] for count in times]
    lines = ["### Patches", "", "A vision tower of width 384 and 12 layers, f32.", ""]
    lines += table(["patches", "ms for a masked image", "MB beyond weights"], rows)
    return lines + [growth_line("Time grows", "patches", times, memory), ""]


def tokens(options):
    folder = model("vit-b-32")
    times, memory, masks = {}, {}, {}
    for _ in range(rounds(options, 3)):
        for count in [4, 8, 16, 32] + ([] if options.quick else [60]):
            caption = " ".join(VOCABULARY[(7 * i) % len(VOCABULARY)] for i in range(count))
            # A daemon for each caption, so that its memory is its own.
            with Daemon("--precision", "f32") as daemon:
                connection = daemon.connect()
                loaded = connection.result("models/load", model=folder)
                warm = connection.result("explanation/open", model=folder, image=IMAGE, text="a")["explanation"]
                refine(connection, warm, 16)
                opened = connection.result(
                    "explanation/open", model=folder, image=IMAGE, text=caption, players={"text": "tokens"}
                )
                players = len(opened["players"]["text"])
                times.setdefault(players, []).append(timed_refine(connection, opened["explanation"], 16))
                memory.setdefault(players, []).append((daemon.resident() - loaded["bytes"]) / 1e6)
                _, masks[players] = held_masks(connection, opened["explanation"])
    rows = [
        [
            players,
            masks[players],
            spread(times[players], 3),
            f"{1000 * statistics.median(times[players]) / masks[players]:.2f}",
            spread(memory[players], 0),
        ]
        for players in times
    ]
    lines = [
        "### Text tokens",
        "",
        "The masks of a caption (all of them up to 8 tokens, else 256) on a warm image, an estimate included; ViT-B/32, f32.",
        "",
    ]
    lines += table(["tokens", "text masks", "seconds", "ms a mask", "MB beyond weights"], rows)
    several = [{n: values for n, values in each.items() if n >= 8} for each in (times, memory)]
    return lines + [growth_line("From 8 tokens on, time grows", "tokens", *several), ""]


def grown(name, powers):
    """One explanation whose image masks double, from nothing: by budget, seconds in all, of encoding and of estimation so far, and
    megabytes beyond weights."""
    folder = model(name)
    found = {}
    with Daemon("--precision", "int8", told=True) as daemon:
        connection = daemon.connect()
        loaded = connection.result("models/load", model=folder)
        opened = connection.result("explanation/open", model=folder, image=IMAGE, text=CAPTIONS[0])["explanation"]
        total = encoding = estimation = 0
        for power in powers:
            total += timed_refine(connection, opened, 2**power)
            stages = daemon.stages("explanation/refine")
            encoding += stages["encode"]
            estimation += stages["estimate"]
            found[2**power] = total, encoding, estimation, (daemon.resident() - loaded["bytes"]) / 1e6
    return found


def estimation_percent(steps):
    """Estimation in percent of encoding, of each round's sums."""
    return [100 * estimation / encoding for _, encoding, estimation, _ in steps]


def masks(options):
    """Up to 2^13 image masks times 2^8 text masks, 2^21 pairs; then a small tower of 196 patches, whose encoding takes less time
    for an estimate of more unknowns."""
    goals = {}
    lines = [
        "### Masks",
        "",
        "One explanation whose image masks double, from nothing, with 8 tokens (256 text masks), int8. *Seconds in all*: what "
        "the client waited for all requests up to a row. *Encoding* and *estimation*: where that time went, by the daemon's own "
        "account (`--slow-request-log`). Encoding is the time in which the compute threads, all of them side by side, encoded "
        "image and text masks; estimation is the time in which one thread picked masks, tuned the ridge, fitted each row's "
        "estimate and combined the two sides. Here an estimate begins when all masks of a request are encoded, so neither "
        "hides behind the other. (A client that asks for progress is sent more estimates, solved beside the next masks.)",
        "",
    ]
    plans = [
        ("vit-b-32", "ViT-B/32: 49 patches, 57 players", range(6, 10 if options.quick else 14)),
        ("vit-s-16", "ViT-S/16: 196 patches, 204 players", range(6, 8 if options.quick else 11)),
    ]
    for name, title, powers in plans:
        found = [grown(name, powers) for _ in range(options.rounds or 1)]
        by_budget = {budget: [each[budget] for each in found] for budget in found[0]}
        rows = [
            [
                budget,
                f"{budget * 256:,}",
                *(spread([step[k] for step in steps], 1 if k < 2 else 2) for k in range(3)),
                spread(estimation_percent(steps), 2),
                spread([step[3] for step in steps], 0),
            ]
            for budget, steps in by_budget.items()
        ]
        lines += [f"{title}.", ""] + table(
            [
                "image masks",
                "pairs",
                "seconds in all",
                "encoding, s",
                "estimation, s",
                "estimation, % of encoding",
                "MB beyond weights",
            ],
            rows,
        )
        times, memory = ({budget: [step[k] for step in steps] for budget, steps in by_budget.items()} for k in (0, 3))
        lines += [growth_line("Time grows", "masks", times, memory), ""]
        if name == "vit-b-32" and not options.quick:
            goals["estimation"] = {"int8": statistics.median(estimation_percent(by_budget[4096]))}
            goals["memory"] = {"int8": statistics.median(step[3] for step in by_budget[8192])}
    return lines, goals


def run(options):
    lines, goals = masks(options)
    return {
        "lines": ["## Growth", "", "Median (least–most) where there was more than one round.", ""]
        + patches(options)
        + tokens(options)
        + lines,
        "goals": goals,
    }
