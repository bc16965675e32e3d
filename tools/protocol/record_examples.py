#!/usr/bin/env python3
"""Records the replies of a daemon as the examples of openrpc.json, and as examples of the types of results.

    record_examples.py --daemon .build/release/fixlipd

Run it after a change of the protocol, then generate.py. Methods that the daemon answers with an
error keep the examples they have.
"""

import argparse
import copy
import pathlib
import sys

import environment

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

environment.ensure()

from contract import FOLDER, ROOT, Contract, type_name  # noqa: E402
from example_requests import REQUESTS  # noqa: E402
from harness.daemon import StdioDaemon  # noqa: E402
from layout import write  # noqa: E402
from live_checks import Caller  # noqa: E402
from validation import Validators  # noqa: E402

PATHS = {str(ROOT / "models/demo/scenes") + "/": "/photos/", str(ROOT / "models"): "/usr/share/fixlipd/models"}
DIGITS = 6


def record(program, contract):
    """Example pairings by method."""
    daemon = StdioDaemon(program)
    caller = Caller(daemon, contract, Validators(contract, strict=True))
    names = {ours: theirs for theirs, ours in PATHS.items() if ours == "/photos/"}
    examples = {}
    try:
        for method, title, params, *handle in REQUESTS:
            reply = caller.call(method, replaced(params, names))
            if "error" in reply:
                print(f"{method}: {reply['error']['message']}", file=sys.stderr)
                continue
            for name in handle:
                names[name] = reply["result"]["explanation"]
            if title:
                examples.setdefault(method, []).append(pairing(title, params, plain(reply["result"], names)))
    finally:
        daemon.close()
    examples["shutdown"] = [pairing("The end", {}, None)]
    examples["rpc.discover"] = [pairing("Cut short", {}, cut_short(contract))]
    return examples


def pairing(title, params, result):
    return {
        "name": title,
        "params": [{"name": name, "value": value} for name, value in params.items()],
        "result": {"name": "result", "value": result},
    }


def replaced(value, names):
    """A value with every made-up name in it replaced by the real one."""
    if isinstance(value, dict):
        return {key: replaced(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [replaced(element, names) for element in value]
    if isinstance(value, str):
        for old, new in names.items():
            value = value.replace(old, new)
    return value


def plain(value, names):
    """A reply with made-up names, and numbers of few digits."""
    result = replaced(value, {real: made_up for made_up, real in names.items() if made_up != "/photos/"} | PATHS)
    return rounded(result)


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(member) for key, member in value.items()}
    if isinstance(value, list):
        return [rounded(element) for element in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def cut_short(contract):
    """A description with one method: the whole would be in the example, and the example in the whole."""
    info = {key: contract.document["info"][key] for key in ("title", "version")}
    ping = copy.deepcopy(contract.requests["server/ping"])
    result = {"name": "result", "schema": {"$ref": "#/components/schemas/PingResult"}}
    method = {"name": ping["name"], "summary": ping["summary"], "params": [], "result": result}
    return {"openrpc": contract.document["openrpc"], "info": info, "methods": [method]}


def write_types(contract):
    """The recorded results, as examples of their types."""
    for method in contract.requests.values():
        schema = method["result"]["schema"]
        if "$ref" not in schema or method["name"] == "rpc.discover":
            continue
        for number, example in enumerate(method["examples"], start=1):
            name = "recorded" if number == 1 else f"recorded-{number}"
            write(
                FOLDER / "examples" / type_name(schema["$ref"]) / "valid" / f"{name}.json", example["result"]["value"]
            )
    texts = contract.requests["tokenize"]["examples"][0]["result"]["value"]["texts"]
    write(FOLDER / "examples/TokenizedText/valid/recorded.json", texts[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", metavar="PROGRAM", required=True)
    arguments = parser.parse_args()
    contract = Contract()
    for name, examples in record(arguments.daemon, contract).items():
        contract.requests[name]["examples"] = examples
    write_types(contract)
    write(FOLDER / "openrpc.json", contract.document)


if __name__ == "__main__":
    main()
