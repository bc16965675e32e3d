#!/usr/bin/env python3
"""Writes docs/protocol.md from protocol/.

generate_docs.py           write it
generate_docs.py --check   fail if it is not what protocol/ says
"""

import re
import sys

from contract import ROOT, Contract, type_name
from layout import layout
from schema_text import cell, members_table, object_text, type_text

TARGET = ROOT / "docs/protocol.md"
LONGEST_ARRAY = 12
LONGEST_STRING = 160

INTRODUCTION = """\
# The protocol

<!-- Written by tools/protocol/generate_docs.py from protocol/; edit the files there. -->

fixlipd answers JSON-RPC 2.0 over standard input and output (`fixlipd serve --stdio`) or a Unix socket
(`fixlipd serve --socket PATH`). This is the reference of its methods, version {version}; framing, lifecycle, ordering
and compatibility are in [protocol/README.md](../protocol/README.md), which also tells of the machine-readable files.
A running daemon answers `rpc.discover` with the same as one OpenRPC document.

Parameters are given by name, as an object. A `?` marks members that may be left out. An unknown parameter is an
error, but of `initialize`; clients must ignore members of results that they do not know. Values, logits and standard
errors are in logits. Players are numbered from 0, image players first. In the examples, long arrays and strings are
cut at "…".
"""


def generate(contract):
    lines = [INTRODUCTION.format(version=contract.document["info"]["version"])]
    sections = {}
    for method in contract.document["methods"]:
        sections.setdefault(method["tags"][0]["name"], []).append(method)
    lines += overview(sections)
    for section, methods in sections.items():
        lines += ["", f"## {section}"]
        for method in methods:
            lines += method_text(contract, method)
    lines += types_text(contract)
    lines += errors_text(contract)
    text = "\n".join(lines) + "\n"
    check_anchors(text)
    return text


def anchor(heading):
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def overview(sections):
    for section, methods in sections.items():
        yield f"**[{section}](#{anchor(section)})**"
        yield ""
        for method in methods:
            arrow = " (from the daemon)" if method["x-direction"] == "serverToClient" else ""
            yield f"* [`{method['name']}`](#{anchor(method['name'])}){arrow}: {method['summary']}"
        yield ""
    yield "[Types](#types), [Errors](#errors)"


def method_text(contract, method):
    yield ""
    yield f"### {method['name']}"
    yield ""
    kind = "Notification" if method.get("x-notification") else "Request"
    side = "from the daemon" if method["x-direction"] == "serverToClient" else "from the client"
    remarks = [f"{kind} {side}", f"since {method['x-since']}"]
    if method.get("x-cancellable") is False:
        remarks.append("cannot be cancelled")
    if "x-progress" in method:
        remarks.append(f"reports [progress](#{anchor('$/progress')})")
    yield f"{method['summary']} *{', '.join(remarks)}.*"
    if "description" in method:
        yield ""
        yield method["description"]
    yield ""
    parameters = contract.schemas[type_name(method["x-params"]["$ref"])]
    table = list(members_table(parameters, contract.schemas))
    yield from (["Parameters:", "", *table] if table else ["No parameters."])
    if method.get("x-notification"):
        if table:
            yield from notification_text(method)
        return
    yield ""
    yield from result_text(contract, method["result"]["schema"])
    codes = [entry["$ref"].rpartition("/")[2] for entry in method["errors"]]
    if codes:
        yield ""
        yield (
            "Errors, beside those of every request: "
            + ", ".join(f"{contract.document['components']['errors'][kind]['code']} `{kind}`" for kind in codes)
            + "."
        )
    for example in method["examples"]:
        yield ""
        yield example["name"] + ":"
        yield ""
        yield from example_text(method["name"], example)


def notification_text(method):
    """Its examples, as whole messages."""
    yield ""
    yield "```json"
    for example in method["examples"]:
        yield layout({"jsonrpc": "2.0", "method": method["name"], "params": shortened(parameters_of(example))})
    yield "```"


def result_text(contract, schema):
    if "$ref" not in schema:
        yield "Result: null."
        return
    name = type_name(schema["$ref"])
    table = list(members_table(contract.schemas[name], contract.schemas))
    if is_own_result(name):
        text = re.sub(r"^Result of `[^`]+`[.:] ?", "", contract.schemas[name]["description"])
        yield "Result:" + (f" {text[0].lower()}{text[1:]}" if text else "")
        yield ""
        yield from table
    else:
        yield f"Result: {type_text(schema)}. {contract.schemas[name]['description']}"


def is_own_result(name):
    return name.endswith("Result")


def example_text(method, example):
    parameters = parameters_of(example)
    request = {"jsonrpc": "2.0", "id": 1, "method": method}
    if parameters:
        request["params"] = shortened(parameters)
    yield "```json"
    yield layout(request)
    yield layout({"jsonrpc": "2.0", "id": 1, "result": shortened(example["result"]["value"])})
    yield "```"


def parameters_of(example):
    return {entry["name"]: entry["value"] for entry in example["params"]}


def shortened(value):
    if isinstance(value, dict):
        return {key: shortened(member) for key, member in value.items()}
    if isinstance(value, list):
        elements = [shortened(element) for element in value[:LONGEST_ARRAY]]
        return [*elements, "…"] if len(value) > LONGEST_ARRAY else elements
    if isinstance(value, str) and len(value) > LONGEST_STRING:
        return value[:LONGEST_STRING] + "…"
    return value


def types_text(contract):
    yield ""
    yield "## Types"
    for name, schema in contract.schemas.items():
        if is_own_result(name) or name.endswith("Params"):
            continue
        yield ""
        yield f"### {name}"
        yield ""
        yield schema["description"]
        table = list(members_table(schema, contract.schemas))
        if table:
            yield ""
            yield from table
            continue
        yield ""
        if "oneOf" in schema:
            yield "One of:"
            yield ""
            for form in schema["oneOf"]:
                yield from form_text(form, contract)
        elif schema.get("type") == "object":
            yield "Form: " + object_text(schema) + "."
        else:
            yield "Form: " + unescaped(type_text(schema)) + "."


def form_text(form, contract):
    text = form.get("description", "")
    yield f"* {unescaped(type_text(form))}" + (f": {text}" if text else "")
    for name, member in form.get("properties", {}).items():
        if "description" in member:
            yield f"  * `{name}`: {unescaped(type_text(member))}. {member['description']}"


def unescaped(text):
    """Text for outside of tables."""
    return text.replace("\\|", "or")


def errors_text(contract):
    yield ""
    yield "## Errors"
    yield ""
    yield "Programs look at `code` or `data.kind`, never at the message. *Retry* marks those where the same request may"
    yield (
        "succeed a moment later. Any request may be answered with "
        + ", ".join(str(code) for code in sorted(contract.common_errors))
        + "."
    )
    yield ""
    yield "| code | kind | retry | meaning | what to do |"
    yield "|---|---|---|---|---|"
    for error in contract.errors:
        retry = "yes" if error["retryable"] else ""
        advice = cell(error["whatToDo"])
        yield f"| {error['code']} | `{error['kind']}` | {retry} | {cell(error['meaning'])} | {advice} |"


def check_anchors(text):
    """Fails on links that lead nowhere."""
    headings = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    anchors = [anchor(heading) for heading in headings]
    twice = {name for name in anchors if anchors.count(name) > 1}
    if twice:
        raise SystemExit(f"two headings of the reference have one anchor: {sorted(twice)}")
    wanted = {part.partition(")")[0] for part in text.split("](#")[1:]}
    if wanted - set(anchors):
        raise SystemExit(f"links of the reference lead nowhere: {sorted(wanted - set(anchors))}")


def drift(contract):
    """What is wrong with the written file; None if nothing is."""
    if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != generate(contract):
        return f"{TARGET.relative_to(ROOT)} is not what protocol/ says; run tools/protocol/generate_docs.py"
    return None


def main(arguments):
    contract = Contract()
    if arguments == ["--check"]:
        problem = drift(contract)
        if problem:
            sys.exit(problem)
    elif not arguments:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(generate(contract), encoding="utf-8")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
