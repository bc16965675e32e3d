"""Checks of the protocol's files alone."""

import unittest

import bundle
import derive
import generate_docs
import generate_python
import generate_swift
import jsonschema
import test_matching
from contract import FOLDER, read, references, type_name
from transcripts import Transcript
from validation import Validators, unresolved

ROOT_TYPES = {"ClientMessage", "ServerMessage"}
OPEN_METHODS = {"initialize"}
"""Requests that ignore parameters they do not know: what clients of LSP send there is theirs."""
FOREIGN_KEYWORDS = {"prefixItems", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$anchor", "if"}


def check_files(report, contract):
    validators = Validators(contract)
    with report.section("references and schemas"):
        check_references(report, contract)
    with report.section("methods"):
        check_methods(report, contract)
    with report.section("errors"):
        check_errors(report, contract)
    with report.section("examples of types"):
        check_examples(report, contract, validators)
    with report.section("examples of methods"):
        check_method_examples(report, contract, validators)
    with report.section("transcripts as files"):
        check_transcripts(report, contract, validators)
    with report.section("generated files"):
        report.check("docs/protocol.md", generate_docs.drift(contract))
        report.check("OpenRPCDocument.swift", bundle.drift(contract))
        report.check("members and parameters that follow from other files", derive.drift(contract))
        report.check("message types in Swift", generate_swift.drift(contract))
        report.check("words, options and results in Python", generate_python.drift(contract))
    with report.section("the matcher of transcripts"):
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromModule(test_matching).run(result)
        report.passed += result.testsRun - len(result.failures) - len(result.errors)
        for test, trace in result.failures + result.errors:
            report.fail(str(test), trace)


def check_references(report, contract):
    used = set()
    for name, schema in contract.schemas.items():
        problem = None
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            problem = error.message
        report.check(f"{name} is a JSON Schema", problem)
        report.check(f"{name}: title", None if schema.get("title") == name else f"is {schema.get('title')!r}")
        report.check(f"{name}: description", None if schema.get("description") else "is missing")
        foreign = FOREIGN_KEYWORDS & set(keywords(schema))
        report.check(f"{name}: keywords", f"{sorted(foreign)} mean something else in older drafts" if foreign else None)
        types = {type_name(reference) for reference in references(schema)} | set(parts(schema))
        used |= types
        report.check(f"{name}: references", missing(types, contract))
    types = {type_name(r) for r in references(contract.document) if not r.startswith("#/")}
    used |= types
    report.check("openrpc.json: references", missing(types, contract))
    report.check("openrpc.json, bundled: references", unresolved(contract.bundled()))
    unused = set(contract.schemas) - used - ROOT_TYPES
    report.check("every type is used", f"unused: {sorted(unused)}" if unused else None)


def parts(schema):
    """The types whose members this one has beside its own."""
    for entry in schema.get("x-composition", []):
        if isinstance(entry, dict):
            yield from entry.values()


def missing(types, contract):
    gone = {str(name) for name in types - set(contract.schemas)}
    return f"no such types: {sorted(gone)}" if gone else None


def keywords(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            yield from keywords(value)
    elif isinstance(schema, list):
        for element in schema:
            yield from keywords(element)


def check_methods(report, contract):
    names = [method["name"] for method in contract.document["methods"]]
    report.check(
        "names", f"twice: {sorted({n for n in names if names.count(n) > 1})}" if len(set(names)) < len(names) else None
    )
    for method in contract.document["methods"]:
        name = method["name"]
        schema = contract.schemas[type_name(method["x-params"]["$ref"])]
        listed = {entry["name"]: entry["required"] for entry in method["params"]}
        said = {key: key in schema.get("required", []) for key in schema["properties"]}
        report.check(f"{name}: parameters", None if listed == said else f"{listed}, but the type says {said}")
        keys = {"paramStructure", "x-direction", "x-since", "summary", "tags", "examples"}
        keys |= set() if method.get("x-notification") else {"result", "errors", "x-cancellable"}
        report.check(f"{name}: members", f"without {sorted(keys - set(method))}" if keys - set(method) else None)
        if method["x-direction"] == "clientToServer":
            is_open = schema.get("additionalProperties")
            wanted = name in OPEN_METHODS
            report.check(
                f"{name}: unknown parameters",
                None if is_open is wanted else "are not " + ("ignored" if wanted else "refused"),
            )
        if "x-progress" in method:
            report.check(f"{name}: progress", None if "progressToken" in said else "has no progressToken")


def check_errors(report, contract):
    listed = {error["kind"]: error["code"] for error in contract.errors}
    named = {kind: error["code"] for kind, error in contract.document["components"]["errors"].items()}
    report.check("openrpc.json and errors.json", None if listed == named else f"{named} and {listed}")
    codes = [error["code"] for error in contract.errors]
    report.check("codes", None if len(set(codes)) == len(codes) else "one is there twice")
    for error in contract.errors:
        members = (
            set(error) == {"code", "kind", "retryable", "meaning", "whatToDo"}
            and error["meaning"]
            and error["whatToDo"]
        )
        report.check(f"{error['code']}: members", None if members else sorted(error))


def check_examples(report, contract, validators):
    seen = {}
    for name, kind, path in contract.examples():
        label = path.relative_to(FOLDER)
        if name not in contract.schemas:
            report.fail(label, "there is no such type")
            continue
        seen.setdefault(name, set()).add(kind)
        problem = validators.problem(name, read(path))
        report.check(label, problem if kind == "valid" else None if problem else "passes, but should fail")
    for name in contract.schemas:
        lacking = {"valid", "invalid"} - seen.get(name, set())
        report.check(f"examples of {name}", f"none that is {' or '.join(sorted(lacking))}" if lacking else None)


def check_method_examples(report, contract, validators):
    for name, method in (contract.requests | contract.notifications).items():
        report.check(f"{name}: has examples", None if method.get("examples") else "none")
        for example in method.get("examples", []):
            label = f"{name}: {example['name']}"
            params = {entry["name"]: entry["value"] for entry in example["params"]}
            report.check(f"{label}: params", validators.problem(type_name(method["x-params"]["$ref"]), params))
            if name in contract.notifications:
                report.check(f"{label}: result", "a notification has none" if "result" in example else None)
                continue
            schema = method["result"]["schema"]
            value = example["result"]["value"]
            report.check(
                f"{label}: result",
                validators.problem(type_name(schema["$ref"]), value)
                if "$ref" in schema
                else validators.problem_of(schema, value),
            )


def check_transcripts(report, contract, validators):
    methods, codes = set(), set()
    for transcript in Transcript.all():
        for number, line in enumerate(transcript.lines, start=2):
            problem = line_problem(line)
            report.check(f"{transcript.name}.jsonl:{number}", problem)
            methods |= set(strings(line.get("message"), "method"))
            codes |= set(strings(line.get("message"), "code"))
    wanted = set(contract.requests) | set(contract.notifications)
    report.check(
        "every method is in a transcript", f"missing: {sorted(wanted - methods)}" if wanted - methods else None
    )
    unknown = {code for code in codes if isinstance(code, int)} - {error["code"] for error in contract.errors}
    report.check("every error code is known", f"unknown: {sorted(unknown)}" if unknown else None)


def line_problem(line):
    forms = {"client": {"message", "raw"}, "server": {"message", "closes"}}
    if line.get("direction") not in forms:
        return f"direction is {line.get('direction')!r}"
    if len(forms[line["direction"]] & set(line)) != 1:
        return f"needs exactly one of {sorted(forms[line['direction']])}"
    extra = set(line) - {"direction", "message", "raw", "closes", "status", "repeat", "anyOrder", "comment"}
    return f"unknown members {sorted(extra)}" if extra else None


def strings(value, key):
    """The values of a member at any depth."""
    if isinstance(value, dict):
        if key in value:
            yield value[key] if not isinstance(value[key], (dict, list)) else str(value[key])
        for member in value.values():
            yield from strings(member, key)
    elif isinstance(value, list):
        for element in value:
            yield from strings(element, key)
