"""Lays out JSON for people: what fits on a line stays on it."""

import json

WIDTH = 116


def layout(value, indent=0, used=0):
    """JSON text of `value`.

    indent: columns that following lines are set in; used: columns taken on the first line.
    """
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent + used <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return line
    inner = indent + 2
    if isinstance(value, dict):
        parts = []
        for key, member in value.items():
            name = json.dumps(key, ensure_ascii=False) + ": "
            parts.append(" " * inner + name + layout(member, inner, len(name) + 1))
        opening, closing = "{", "}"
    else:
        parts = [" " * inner + layout(element, inner, 1) for element in value]
        opening, closing = "[", "]"
    return opening + "\n" + ",\n".join(parts) + "\n" + " " * indent + closing


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(layout(value) + "\n", encoding="utf-8")
