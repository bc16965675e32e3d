"""What the clients of the load test ask for: every method, small enough that many are answered."""

import base64
import dataclasses
import json

from harness.daemon import FIXTURES, SCENES, SMALL_MODEL

WORDS = ["kite", "bus", "rose", "postbox", "clock", "boat", "lamp", "horse", "tree", "hat"]
SMALL_IMAGE = base64.b64encode((FIXTURES / "images" / "palette-8.png").read_bytes()).decode()
PIXELS = base64.b64encode(bytes(range(192))).decode()
# An explanation of the whole image and one word, as another program saves it.
FOREIGN = json.dumps(
    {
        "metadata": {
            "n_players": 2,
            "index": "FBII",
            "max_order": 2,
            "min_order": 0,
            "estimated": False,
            "estimation_budget": None,
            "baseline_value": 3.5,
        },
        "data": {"Empty": 3.5, "0": 1.25, "1": -0.5, "0,1": 2.0},
    }
)
NOTE = "# Notes\n\n" + "\n\n".join(f"![a {word} by the sea]({word}.png)" for word in WORDS)

# Retryable or a matter of limits: right answers under load.
UNDER_LOAD = {1010, 1011}


@dataclasses.dataclass
class Ask:
    method: str
    params: object = None
    # Error codes that are right answers, beside those of load.
    allowed: frozenset = frozenset()


def caption(generator):
    return f"a {generator.choice(WORDS)} next to a {generator.choice(WORDS)}"


def image(generator):
    return generator.choice(
        [
            str(generator.choice(SCENES)),
            {"path": str(generator.choice(SCENES))},
            {"data": SMALL_IMAGE},
            {"pixels": PIXELS, "width": 8, "height": 8},
            f"data:image/png;base64,{SMALL_IMAGE}",
            {"uri": f"file://{generator.choice(SCENES)}"},
        ]
    )


def opening(generator):
    return {
        "image": str(generator.choice(SCENES)),
        "text": caption(generator),
        "seed": generator.randrange(3),
        "index": generator.choice(["banzhaf", "banzhaf", "shapley"]),
        "players": {"image": {"grid": {"rows": 3, "columns": 3}}, "text": generator.choice(["words", "tokens"])},
    }


def plain(generator):
    """A request that stands alone."""
    model = generator.choice(["demo", "demo", "demo", SMALL_MODEL])
    choices = [
        lambda: Ask("server/ping"),
        lambda: Ask("server/status"),
        lambda: Ask("models/list"),
        lambda: Ask("initialize", {"clientInfo": {"name": "faults"}}),
        lambda: Ask("rpc.discover"),
        lambda: Ask("models/load", {"model": model}),
        lambda: Ask("models/unload", {"model": SMALL_MODEL}, frozenset({1001, 1013})),
        lambda: Ask("tokenize", {"model": model, "texts": [caption(generator) for _ in range(5)]}),
        lambda: Ask(
            "embed/text", {"model": model, "texts": [caption(generator) for _ in range(generator.randint(1, 8))]}
        ),
        lambda: Ask(
            "embed/image", {"model": model, "images": [image(generator) for _ in range(generator.randint(1, 4))]}
        ),
        lambda: Ask("similarity", {"images": [image(generator)], "texts": [caption(generator) for _ in range(3)]}),
        lambda: Ask("classify", {"images": [image(generator)], "labels": [caption(generator), caption(generator)]}),
        lambda: Ask("document/captions", {"languageId": "markdown", "text": NOTE}),
        lambda: Ask("explanation/list"),
        lambda: Ask(
            "explain",
            {
                **opening(generator),
                "budget": {"imageMasks": generator.choice([16, 64, 200])},
                "progressToken": 1,
                "render": {"format": "svg"},
            },
        ),
        lambda: Ask("no/such/method", None, frozenset({-32601})),
        lambda: Ask("embed/text", {"texts": 5}, frozenset({-32602})),
        lambda: Ask("embed/image", {"images": ["/nowhere.png"]}, frozenset({1004})),
        lambda: Ask("explanation/values", {"explanation": "none"}, frozenset({1008})),
    ]
    return generator.choice(choices)()


def readings(generator, explanation, other):
    """Requests on an explanation that has been refined."""
    return [
        Ask(
            "explanation/values",
            {"explanation": explanation, "pairs": {"top": 5}, "standardErrors": generator.random() < 0.3},
        ),
        Ask("explanation/condition", {"explanation": explanation, "player": 0}),
        Ask("explanation/subset", {"explanation": explanation, "sizes": [1, 2], "objective": "max"}),
        Ask("explanation/evaluate", {"explanation": explanation, "metric": "insertionDeletion"}),
        Ask("explanation/compare", {"explanations": [explanation, other]}, frozenset({-32602, 1009})),
        Ask(
            "explanation/render",
            {"explanation": explanation, "format": generator.choice(["svg", "html", "ansi", "markdown"])},
        ),
        Ask("explanation/export", {"explanation": explanation, "format": generator.choice(["shapiq", "json"])}),
        Ask("explanation/coalitions", {"explanation": explanation, "coalitions": [[], [0], [0, 1]]}),
        Ask(
            "explanation/import",
            {
                "image": str(generator.choice(SCENES)),
                "text": generator.choice(WORDS),
                "content": FOREIGN,
                "players": {"image": {"grid": {"rows": 1, "columns": 1}}, "text": "words"},
            },
        ),
    ]


# Methods that sessions drive beside `plain` and `readings`.
IN_SESSIONS = {"explanation/open", "explanation/refine", "explanation/stop", "explanation/close", "shutdown"}
# Ends the daemon: a case of its own.
ELSEWHERE = {"server/stop"}


def driven(generator):
    """Every method that the load test sends."""
    asks = [plain(generator) for _ in range(2000)] + readings(generator, "x", "y")
    return {ask.method for ask in asks} | IN_SESSIONS | ELSEWHERE
