"""The requests whose replies are the examples of openrpc.json: (method, what it is about, parameters, handle to keep).

Handles and paths are made up; see record_examples.py for what they stand for.
"""

FIRST, SECOND, THIRD = "x1-1a2b3c", "x2-9z8y7x", "x3-5k6m7n"
IMAGE = "/photos/scene-03.png"
CAPTION = "a postbox next to a cocktail glass"
COARSE = {"image": {"grid": {"rows": 2, "columns": 2}}, "text": "words"}
SAVED = (
    '{"metadata": {"n_players": 2, "index": "FBII", "max_order": 2, "min_order": 0, "estimated": false, '
    '"estimation_budget": null, "baseline_value": 3.5}, "data": {"Empty": 3.5, "0": 1.25, "1": -0.5, "0,1": 2.0}}'
)
CLIENT = {"name": "nvim", "version": "0.10.2"}

REQUESTS = [
    ("initialize", "An editor introduces itself", {"protocolVersion": 1, "clientInfo": CLIENT}),
    ("server/ping", "Is it there?", {}),
    ("models/load", "The built-in model", {"model": "demo"}),
    ("models/list", "What is there", {}),
    ("tokenize", "Two texts", {"texts": ["a red rose", "cocktail glass"]}),
    ("embed/image", "As base64", {"images": [IMAGE], "encoding": "base64"}),
    (
        "embed/image",
        "One image is missing, the other is wanted",
        {"images": ["/photos/scene-99.png", IMAGE], "encoding": "base64", "onError": "item"},
    ),
    ("embed/text", "As numbers", {"texts": [CAPTION]}),
    ("similarity", "Which caption fits?", {"images": [IMAGE], "texts": [CAPTION, "a snake", "a red rose"]}),
    (
        "classify",
        "Labels and two templates",
        {
            "images": [IMAGE],
            "labels": ["postbox", "snake", "rose"],
            "templates": ["a {}", "a photo of a {}"],
            "topK": 2,
        },
    ),
    (
        "document/captions",
        "A note in Markdown",
        {"languageId": "markdown", "text": "# Cats\n\n![a *black* cat](cat.png)\n", "path": "/notes/cats.md"},
    ),
    (
        "explanation/open",
        "An image in four quarters, a caption in words",
        {"image": IMAGE, "text": CAPTION, "players": COARSE},
        FIRST,
    ),
    (
        "explanation/refine",
        "To the end: 16 image masks are all there are",
        {"explanation": FIRST, "values": {"pairs": {"top": 3}}},
    ),
    ("explanation/values", "Words by quarters", {"explanation": FIRST, "pairs": "crossModal"}),
    (
        "explanation/values",
        "First order, with standard errors",
        {"explanation": FIRST, "order": 1, "standardErrors": True},
    ),
    ("explanation/condition", 'The word "postbox"', {"explanation": FIRST, "player": 5}),
    ("explanation/subset", "What matters most", {"explanation": FIRST, "sizes": [1, 2, 4], "objective": "max"}),
    ("explanation/render", "As Markdown", {"explanation": FIRST, "format": "markdown", "topK": 3}),
    ("explanation/export", "For shapiq", {"explanation": FIRST, "format": "shapiq"}),
    (
        "explanation/import",
        "Values that shapiq saved: the whole image, one word",
        {
            "image": IMAGE,
            "text": "rose",
            "players": {"image": {"grid": {"rows": 1, "columns": 1}}, "text": "words"},
            "content": SAVED,
        },
        THIRD,
    ),
    ("explanation/close", None, {"explanation": THIRD}),
    ("explanation/open", None, {"image": IMAGE, "text": "a red rose next to a glass", "players": COARSE}, SECOND),
    ("explanation/refine", None, {"explanation": SECOND}),
    ("explanation/compare", "Two captions for one image", {"explanations": [FIRST, SECOND]}),
    (
        "explanation/evaluate",
        "How well it predicts 200 coalitions",
        {"explanation": FIRST, "metric": "faithfulness", "samples": 200},
    ),
    (
        "explanation/evaluate",
        "Do the words point to their quarters?",
        {
            "explanation": FIRST,
            "metric": "pointingGame",
            "targets": [{"textPlayers": [1], "quadrant": "topRight"}, {"textPlayers": [5, 6], "quadrant": "topLeft"}],
        },
    ),
    (
        "explanation/coalitions",
        'Everything, all but the word "postbox", and that word alone',
        {"explanation": FIRST, "coalitions": [list(range(11)), [0, 1, 2, 3, 4, 6, 7, 8, 9, 10], [0, 1, 2, 3, 5]]},
    ),
    ("explanation/list", "Two are open", {}),
    ("server/status", "In the middle of work", {}),
    ("explanation/close", None, {"explanation": SECOND}),
    ("explanation/stop", "Nothing was running", {"explanation": FIRST}),
    ("explanation/close", "Done", {"explanation": FIRST}),
    (
        "explain",
        "The three strongest pairs of patches and words",
        {"image": IMAGE, "text": CAPTION, "pairs": {"top": 3}, "budget": {"imageMasks": 512}},
    ),
    (
        "explain",
        "A sentence for people",
        {
            "image": IMAGE,
            "text": CAPTION,
            "players": COARSE,
            "pairs": "none",
            "render": {"format": "markdown", "topK": 3},
        },
    ),
    (
        "explain",
        "What speaks for one caption rather than another",
        {
            "image": IMAGE,
            "target": {
                "texts": [{"text": "a postbox", "weight": 1}, {"text": "a letter", "weight": -1}],
                "players": "words",
            },
            "players": {"image": COARSE["image"]},
            "pairs": {"top": 2},
        },
    ),
    (
        "explain",
        "Which words match which",
        {
            "text": "a postbox",
            "text2": "a red letter",
            "players": {"text": "words", "text2": "words"},
            "pairs": {"top": 2},
        },
    ),
    ("models/unload", "Give the memory back", {"model": "demo"}),
    ("server/stop", "Stop", {}),
]
