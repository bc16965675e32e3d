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
    elif not any(isinstance(element, (dict, list)) for element in value):
        return "[\n" + filled_lines(value, inner) + "\n" + " " * indent + "]"
    else:
        parts = [" " * inner + layout(element, inner, 1) for element in value]
        opening, closing = "[", "]"
    return opening + "\n" + ",\n".join(parts) + "\n" + " " * indent + closing


def filled_lines(scalars, indent):
    """Scalars one after the other, as many to a line as fit."""
    lines = [""]
    for number, scalar in enumerate(scalars, start=1):
        text = json.dumps(scalar, ensure_ascii=False) + ("," if number < len(scalars) else "")
        if lines[-1] and indent + len(lines[-1]) + 1 + len(text) > WIDTH:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + text
    return "\n".join(" " * indent + line for line in lines)


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(layout(value) + "\n", encoding="utf-8")
