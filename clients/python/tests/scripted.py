"""A scripted explanation with two patches and two words."""

from __future__ import annotations

OPENED = {
    "explanation": "x1",
    "model": "demo",
    "emptyValue": 1.0,
    "fullValue": 9.0,
    "cosine": 0.3,
    "truncated": False,
    "warm": {"imageMasks": 0, "textMasks": 0},
    "players": {
        "image": {"rows": 1, "columns": 2, "count": 2, "boxes": [[0, 0, 1, 1], [1, 0, 2, 1]]},
        "text": [{"token": "red", "start": 0, "end": 3}, {"token": "dog", "start": 4, "end": 7}],
    },
}


def values(first):
    return {
        "index": "FWBII",
        "p": 0.5,
        "order": 2,
        "estimator": "ridge",
        "baseline": 0.0,
        "first": [first, 0, 0, 0],
        "firstOrderReading": [first, 0, 0, 0],
        "pairs": {"format": "upper", "data": [0, 1, 2, 3, 4, 5]},
        "looR2": 0.5,
        "rankDeficient": False,
    }


def refined(masks, first, reason="budget"):
    return {
        "explanation": "x1",
        "imageMasks": masks,
        "textMasks": 4,
        "stopReason": reason,
        "elapsedMilliseconds": 250.0,
        "looR2": 0.5,
        "values": values(first),
    }


def report(masks, first=None):
    wire = {
        "kind": "report",
        "sequence": masks,
        "imageMasks": masks,
        "textMasks": 4,
        "elapsedMilliseconds": 10.0,
        "totalImageMasks": 64,
    }
    return wire if first is None else {**wire, "looR2": 0.4, "maxStandardError": 0.1, "values": values(first)}


def answers(**changed):
    """A script that answers each method (``/`` written as ``_``) with a result, or with what a function gives."""
    known = {
        "explanation_open": OPENED,
        "explanation_refine": refined(64, 2.0),
        "explanation_close": {},
        "explanation_render": lambda params, peer: {
            "mimeType": "",
            "content": f'<html><body><p class="{params["format"]}">drawn</p></body></html>',
        },
        **changed,
    }

    def script(method, params, peer):
        answer = known.get(method.replace("/", "_"), {})
        return answer(params, peer) if callable(answer) else answer

    return script
