"""Calls that a type checker lets pass, and, marked, calls that it refuses: read by mypy in strict mode, never run."""

from __future__ import annotations

import fixlipd


def accepted(client: fixlipd.Client) -> fixlipd.Explanation:
    client.explain("a.png", "a dog", seed={"image": 1, "text": 2}, text_players=[(0, 1)], until=0.05)
    client.explain("a.png", "a dog", until=fixlipd.Until(top_k=3), deadline=1)
    explanation = client.open("a.png", "a dog", index="shapley", sampling="joint", estimator="least_squares", order=1)
    explanation.estimate(pairs="cross_modal")
    explanation.estimate(pairs=5)
    explanation.evaluate("pointing_game", targets={"dog": "top_left"})
    return explanation


def refused(client: fixlipd.Client) -> None:
    client.explain("a.png", "a dog", index="banzaf")  # type: ignore[arg-type]
    client.explain("a.png", "a dog", order=3)  # type: ignore[arg-type]
    client.open("a.png", "a dog", estimator="leastSquares")  # type: ignore[arg-type]
    client.open("a.png", "a dog", colour="red")  # type: ignore[call-arg]
    client.open("a.png", "a dog").evaluate("pointing")  # type: ignore[arg-type]
    client.open("a.png", "a dog").render("gif")  # type: ignore[arg-type]


async def awaited(client: fixlipd.AsyncClient) -> fixlipd.Values:
    explanation = await client.explain("a.png", "a dog", seed={"image": 1, "text": 2}, masking="drop")
    await client.similarity(["a.png"], "a dog", pairing="some")  # type: ignore[arg-type]
    return await explanation.estimate(estimator="ridge")
