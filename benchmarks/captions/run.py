"""What the rules of `fixlipd lint` find in the test bed, and what they say wrongly, beside three simpler judges.

Two sets of documents are made. Thresholds of the simpler judges are chosen on the first so that they have as many false alarms as
the rule they stand beside; all figures are of the second.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import bed

ROOT = pathlib.Path(__file__).resolve().parents[2]


def wilson(count, of):
    """A share per hundred with its 95% interval (Wilson)."""
    if of == 0:
        return "–"
    share, z = count / of, 1.96
    centre = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * share:.1f} ({max(0, 100 * (centre - half)):.1f} to {min(100, 100 * (centre + half)):.1f})"


def lint(program, folder, budget, model):
    """Has the program judge a set, unless it has."""
    if not (folder / "findings.jsonl").exists() or not (folder / "findings.jsonl").stat().st_size:
        command = [program, "lint", ".", "--budget", str(budget), "--rule", "low-match=hint", "--rule"]
        command += ["word-against-image=hint", "--format", "jsonl"]
        command += ["--evidence", "evidence.jsonl", "-o", "findings.jsonl"] + (["--model", model] if model else [])
        subprocess.run(command, cwd=folder, check=False)


def without_each_word(program, folder, rows, model):
    """For each caption the logit without each of its words: the judge that leaves one word out."""
    kept = folder / "without.json"
    if kept.exists():
        return json.loads(kept.read_text())
    result = []
    for row in rows:
        scalars = row["caption"]
        texts = [scalars[: w["start"]] + scalars[w["end"] :].lstrip() for w in row["words"]]
        texts = [" ".join(text.split()) or "." for text in texts]
        request = {"images": [row["image"]], "texts": texts} | ({"model": model} if model else {})
        done = subprocess.run(
            [program, "call", "similarity", "-"], input=json.dumps(request), capture_output=True, text=True, check=True
        )
        result.append(json.loads(done.stdout)["logits"][0])
    kept.write_text(json.dumps(result))
    return result


def plain_logits(program, folder, truth, model):
    """For each caption its logits with all images of its document."""
    kept = folder / "plain.json"
    if kept.exists():
        return json.loads(kept.read_text())
    result = []
    for document in sorted({item["document"] for item in truth}):
        items = [item for item in truth if item["document"] == document]
        request = {
            "images": [str(folder / item["image"]) for item in items],
            "texts": [item["caption"] for item in items],
        } | ({"model": model} if model else {})
        done = subprocess.run(
            [program, "call", "similarity", "-"], input=json.dumps(request), capture_output=True, text=True, check=True
        )
        table = json.loads(done.stdout)["logits"]
        result += [[row[column] for row in table] for column in range(len(items))]
    kept.write_text(json.dumps(result))
    return result


class Set:
    """One set of documents: the truth, what the model says, and what the program found, caption by caption."""

    def __init__(self, program, folder, budget, model):
        lint(program, folder, budget, model)
        self.truth = json.loads((folder / "truth.json").read_text())
        rows = [json.loads(line) for line in (folder / "evidence.jsonl").read_text().splitlines()]
        place = {(pathlib.Path(row["path"]).name, row["line"]): row for row in rows}
        self.rows = [place[item["document"], item["line"]] for item in self.truth]
        self.without = without_each_word(program, folder, self.rows, model)
        for row, plain in zip(self.rows, plain_logits(program, folder, self.truth, model), strict=True):
            row["plain"] = plain
        self.found = {}
        for line in (folder / "findings.jsonl").read_text().splitlines():
            finding = json.loads(line)
            key = pathlib.Path(finding["path"]).name, finding["range"]["start"]["line"]
            self.found.setdefault(key, []).append(finding)

    def findings(self, item, rule):
        return [f for f in self.found.get((item["document"], item["line"]), []) if f["rule"] == rule]

    def each(self):
        return zip(self.truth, self.rows, self.without, strict=True)


# Judges: a caption's score, low where it is suspect.


def by_cosine(item, row, without):
    return row["cosine"]


def by_standing(item, row, without):
    return row["standing"]


def by_rank(item, row, without):
    """Minus how many of the document's images the caption matches better than its own, by plain logits."""
    return -sum(other > row["logit"] for other in row["plain"])


def by_margin(item, row, without):
    own = row["matches"][row["column"]]
    return own - max((m for i, m in enumerate(row["matches"]) if i != row["column"]), default=own)


def share_of_word(row, word):
    raised = sum(max(0, w["value"]) for w in row["words"])
    if -word["value"] <= 2 * word["standardError"]:
        return 0.0
    return -word["value"] / max(raised, row["fullValue"] - row["emptyValue"], 1)


def by_word(item, row, without):
    """Words with the share of the rise that they take away."""
    return [(w["start"], w["end"], share_of_word(row, w)) for w in row["words"]]


def by_leaving_out(item, row, without):
    """Words with what the score gains without them, in logits."""
    return [(w["start"], w["end"], logit - row["logit"]) for w, logit in zip(row["words"], without, strict=True)]


def overlaps(item, start, end):
    return "start" in item and start < item["end"] and end > item["start"]


def caption_counts(data, judge, threshold, positive, negative):
    hits = sum(judge(*x) < threshold for x in data.each() if x[0]["kind"] in positive)
    alarms = sum(judge(*x) < threshold for x in data.each() if x[0]["kind"] in negative)
    return hits, alarms


def word_counts(data, judge, threshold):
    """Foils whose replaced noun is named; fine captions with any word named."""
    hits = alarms = 0
    for x in data.each():
        named = [(s, e) for s, e, value in judge(*x) if value > threshold]
        if x[0]["kind"] == "foil":
            hits += any(overlaps(x[0], s, e) for s, e in named)
        elif x[0]["kind"] == "fine":
            alarms += bool(named)
    return hits, alarms


def threshold_for(values, share, low):
    """The threshold at which a share of the values would be an alarm."""
    ordered = sorted(values, reverse=not low)
    index = min(len(ordered) - 1, int(share * len(ordered)))
    return ordered[index]


def table(first, second, target):
    """Rows: rule, judge, threshold, true and false alarms per hundred."""
    count = {kind: sum(item["kind"] == kind for item in second.truth) for kind in set(bed.KINDS)}
    right = ("fine", "truncated")
    lines = []

    def add(rule, judge, hits, of, alarms, wrong):
        lines.append(f"| `{rule}` | {judge} | {wilson(hits, of)} | {wilson(alarms, wrong)} |")

    def rule_counts(rule, positive, negative):
        hits = sum(bool(second.findings(i, rule)) for i in second.truth if i["kind"] in positive)
        alarms = sum(bool(second.findings(i, rule)) for i in second.truth if i["kind"] in negative)
        return hits, alarms

    swapped, fine = count["swapped"], count["fine"]
    wrong = sum(count[kind] for kind in right)

    def captions(rule):
        hits, alarms = rule_counts(rule, ("swapped",), right)
        add(rule, "the rule", hits, swapped, alarms, wrong)
        for name, judge in (("cosine below a threshold", by_cosine), ("rank within the document", by_rank)):
            if judge is by_rank:
                threshold = -0.5
            else:
                values = [judge(*x) for x in first.each() if x[0]["kind"] in right]
                threshold = threshold_for(values, target, low=True)
            add(
                rule,
                name,
                *caption_counts(second, judge, threshold, ("swapped",), right)[:1],
                swapped,
                caption_counts(second, judge, threshold, ("swapped",), right)[1],
                wrong,
            )

    captions("low-match")
    captions("fits-another-image-better")
    hits = alarms = 0
    for item in second.truth:
        named = second.findings(item, "word-against-image")
        # Positions count from the line's start; the caption begins after "![".
        spots = [(f["range"]["start"]["character"] - 2, f["range"]["end"]["character"] - 2) for f in named]
        if item["kind"] == "foil":
            hits += any(overlaps(item, s, e) for s, e in spots)
        elif item["kind"] == "fine":
            alarms += bool(spots)
    add("word-against-image", "the rule", hits, count["foil"], alarms, fine)
    worst = [max((v for _, _, v in by_leaving_out(*x)), default=0) for x in first.each() if x[0]["kind"] == "fine"]
    threshold = threshold_for(worst, target, low=False)
    add(
        "word-against-image",
        "leaving one word out",
        *word_counts(second, by_leaving_out, threshold)[:1],
        count["foil"],
        word_counts(second, by_leaving_out, threshold)[1],
        fine,
    )
    hits, alarms = rule_counts("caption-truncated", ("truncated",), ("fine", "foil", "swapped"))
    add("caption-truncated", "the rule", hits, count["truncated"], alarms, len(second.truth) - count["truncated"])
    head = [
        "| rule | judge | true alarms per 100 wrong captions | false alarms per 100 right captions |",
        "|---|---|---|---|",
    ]
    return "\n".join(head + lines)


def choose(first):
    """For each rule, thresholds with what they would have on the first set."""
    print("thresholds on the first set: true and false alarms")
    n = {kind: sum(i["kind"] == kind for i in first.truth) for kind in set(bed.KINDS)}
    right = ("fine", "truncated")
    for threshold in (0.5, 1, 1.5, 2, 2.5, 3, 4):
        hits, alarms = caption_counts(first, by_standing, threshold, ("swapped",), right)
        print(f"low-match {threshold}: {hits}/{n['swapped']} {alarms}/{n['fine'] + n['truncated']}")
    for threshold in (0, 0.5, 1, 2, 3, 4, 6):
        hits, alarms = caption_counts(first, by_margin, -threshold, ("swapped",), right)
        print(f"fits-another {threshold}: {hits}/{n['swapped']} {alarms}/{n['fine'] + n['truncated']}")
    for threshold in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        hits, alarms = word_counts(first, by_word, threshold)
        print(f"word {threshold}: {hits}/{n['foil']} {alarms}/{n['fine']}")
    for threshold in (0, 0.25, 0.5, 1, 1.5, 2, 3):
        hits, alarms = word_counts(first, by_leaving_out, threshold)
        print(f"leave one out {threshold}: {hits}/{n['foil']} {alarms}/{n['fine']}")
    for kind in sorted(n):
        values = [row["standing"] for item, row, _ in first.each() if item["kind"] == kind]
        print(f"standing of {kind}: {statistics.mean(values):.2f} ± {statistics.pstdev(values):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20, help="of each set, eight captions each")
    parser.add_argument("--budget", type=int, default=128, help="masked images an explanation takes")
    parser.add_argument("--model", help="the demo model unless named")
    parser.add_argument("--folder", help="where the sets are made and kept")
    parser.add_argument("--choose", action="store_true", help="show thresholds on the first set as well")
    options = parser.parse_args()
    program = os.environ.get("FIXLIPD", str(ROOT / ".build/release/fixlipd"))
    folder = pathlib.Path(options.folder or tempfile.mkdtemp())
    sets = []
    for seed in (1, 2):
        place = folder / f"bed{seed}"
        if not (place / "truth.json").exists():
            bed.make(place, options.documents, seed)
        sets.append(Set(program, place, options.budget, options.model))
    if options.choose:
        choose(sets[0])
    print(f"{len(sets[1].truth)} captions in {options.documents} documents, {options.budget} image masks")
    print(table(*sets, target=0.05))


if __name__ == "__main__":
    sys.exit(main())
