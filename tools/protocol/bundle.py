#!/usr/bin/env python3
"""Writes the document that `rpc.discover` answers into Swift.

bundle.py           write Sources/FIxLIPProtocol/Generated/OpenRPCDocument.swift
bundle.py --check   fail if that file is not what the protocol's files say
bundle.py --print   the document itself, as JSON
"""

import json
import sys

from contract import ROOT, Contract
from layout import layout

TARGET = ROOT / "Sources/FIxLIPProtocol/Generated/OpenRPCDocument.swift"

HEADER = '''\
// Written by tools/protocol/bundle.py from protocol/openrpc.json and protocol/schemas; edit those.

/// What `rpc.discover` answers: the protocol in OpenRPC 1.3, as JSON, with every type under `components.schemas`.
package enum OpenRPCDocument {
    package static let json = ##"""
'''

FOOTER = '''\
        """##
}
'''


def lines(document):
    """The document, one method, error or type per line, so that differences can be read."""

    def text(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    head = {key: value for key, value in document.items() if key not in ("methods", "components")}
    yield text(head)[:-1] + ',"methods":['
    yield from joined(map(text, document["methods"]))
    yield '],"components":{"errors":{'
    yield from joined(f"{text(k)}:{text(v)}" for k, v in document["components"]["errors"].items())
    yield '},"schemas":{'
    yield from joined(f"{text(k)}:{text(v)}" for k, v in document["components"]["schemas"].items())
    yield "}}}"


def joined(parts):
    parts = list(parts)
    for part in parts[:-1]:
        yield part + ","
    yield parts[-1]


def source(contract):
    document = contract.bundled()
    body = list(lines(document))
    assert json.loads("".join(body)) == document
    assert not any('"""##' in line or "\\##" in line for line in body)
    return HEADER + "".join(f"        {line}\n" for line in body) + FOOTER


def drift(contract):
    """What is wrong with the written file; None if nothing is."""
    if not TARGET.exists():
        return f"{TARGET.relative_to(ROOT)} is missing; run tools/protocol/bundle.py"
    if TARGET.read_text(encoding="utf-8") != source(contract):
        return f"{TARGET.relative_to(ROOT)} is not what protocol/ says; run tools/protocol/bundle.py"
    return None


def main(arguments):
    contract = Contract()
    if arguments == ["--check"]:
        problem = drift(contract)
        if problem:
            sys.exit(problem)
    elif arguments == ["--print"]:
        print(layout(contract.bundled()))
    elif not arguments:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(source(contract), encoding="utf-8")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
