"""Players, interaction values and what is read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from . import notebook
from .arrays import Matrix, Vector, decode_floats, matrix, symmetric_matrix, to_lists, vector
from .contract import Subset, TextPlayer
from .results import record


@dataclass(frozen=True)
class ImagePlayers:
    """The image's players, which come first: by default one per patch, rows from the top.

    Attributes:
        rows, columns: of the grid of players, or of the patches where players are regions.
        boxes: ``(x0, y0, x1, y1)`` per player in pixels of the source image.
        regions: where players are regions, the label of every patch.
    """

    rows: int
    columns: int
    count: int
    boxes: list[tuple[float, float, float, float]]
    regions: list[int] | None


@dataclass(frozen=True)
class TargetPlayers:
    """A text of a target and its players."""

    text: str
    weight: float
    players: list[TextPlayer]


@dataclass(frozen=True)
class Players:
    """All players of an explanation: image players, then text players; of two inputs of one kind, the first's first.

    Attributes:
        image, text: of the image and the caption; none where there is no such input.
        image2, text2: of a second image or text, else ``None``.
        targets: of each text of a target that has players.
    """

    image: ImagePlayers
    text: list[TextPlayer]
    image2: ImagePlayers | None = None
    text2: list[TextPlayer] | None = None
    targets: list[TargetPlayers] | None = None

    def __len__(self) -> int:
        return sum(self.sides)

    @property
    def sides(self) -> tuple[int, int]:
        """How many players the first side has, and the second."""
        images = self.image.count + (0 if self.image2 is None else self.image2.count)
        texts = len(self.text) + len(self.text2 or ()) + sum(len(target.players) for target in self.targets or ())
        first = self.image.count or len(self.text)
        return first, images + texts - first

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Players:
        def image(name: str) -> ImagePlayers | None:
            found = wire.get(name)
            return found and record(ImagePlayers, found, boxes=[tuple(box) for box in found["boxes"]])

        def texts(players: Any) -> list[TextPlayer]:
            return [record(TextPlayer, player) for player in players]

        targets = wire.get("targets")
        return cls(
            image=image("image") or ImagePlayers(0, 0, 0, [], None),
            text=texts(wire["text"]),
            image2=image("image2"),
            text2=None if "text2" not in wire else texts(wire["text2"]),
            targets=targets and [record(TargetPlayers, target, players=texts(target["players"])) for target in targets],
        )


@dataclass(frozen=True, eq=False)
class PairValues:
    """Values of pairs of players, in whichever forms were asked for.

    Attributes:
        full: ``[n, n]``, symmetric with a zero diagonal.
        cross_modal: ``[n_T, n_I]``, text players against image players.
        strongest: ``(i, j, value)`` of the strongest pairs, strongest first.
    """

    full: Matrix | None = None
    cross_modal: Matrix | None = None
    strongest: list[tuple[int, int, float]] | None = None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | None, image_players: int, text_players: int) -> PairValues:
        if wire is None:
            return cls()
        if wire["format"] == "list":
            return cls(strongest=[(i, j, value) for i, j, value in wire["items"]])
        if wire["format"] == "crossModal":
            rows, columns = wire["shape"]
            return cls(cross_modal=matrix(decode_floats(wire["data"]), rows, columns))
        players = image_players + text_players
        upper = decode_floats(wire["data"])
        full = symmetric_matrix(upper, players)
        between = [
            upper[patch * players - patch * (patch + 1) // 2 + image_players + word - patch - 1]
            for word in range(text_players)
            for patch in range(image_players)
        ]
        return cls(full=full, cross_modal=matrix(between, text_players, image_players))


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """Standard errors of the values, in the same shapes."""

    first: Vector
    first_order_reading: Vector
    pairs: Matrix | None
    cross_modal: Matrix | None


@dataclass(frozen=True, eq=False)
class Values:
    """Weighted Banzhaf interactions, or faithful Shapley interactions, in logits (Baniecki et al., NeurIPS 2025).

    Attributes:
        index: ``"FWBII"`` or ``"FSII"``.
        p: the parameter of the Banzhaf index.
        order: 1 or 2.
        estimator: ``"ridge"`` or ``"leastSquares"``.
        baseline: the value of the empty coalition under the estimate, above the model's own empty value.
        first: ``[n]``, the value of each player alone.
        first_order_reading: ``[n]``, each player's value with its share of all its pairs; what to rank players by.
        pairs: ``[n, n]``, symmetric; ``None`` where not asked for, or of order 1.
        cross_modal: ``[n_T, n_I]``, the pairs of a text and an image player; ``None`` likewise.
        strongest: ``(i, j, value)`` where the k strongest pairs were asked for.
        standard_errors: of all the above, or ``None``.
        loo_r2: the share of the variance over unseen coalitions that the values explain, by leave-one-out.
        rank_deficient: whether there were too few masks for ``leastSquares``.
        restriction: ``"crossModal"`` where only these pairs were estimated, because there are too many players.
        unconverged: ``True`` where an iterative solve ended before it was exact, else ``None``.
    """

    index: str
    p: float | None
    order: int
    estimator: str
    baseline: float
    first: Vector
    first_order_reading: Vector
    pairs: Matrix | None
    cross_modal: Matrix | None
    strongest: list[tuple[int, int, float]] | None
    standard_errors: StandardErrors | None
    loo_r2: float | None
    rank_deficient: bool
    restriction: str | None
    unconverged: bool | None = None

    def __repr__(self) -> str:
        r2 = "" if self.loo_r2 is None else f", R² {self.loo_r2:.2f}"
        return f"<Values {self.index} of order {self.order} for {len(self.first)} players, by {self.estimator}{r2}>"

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any], players: Players) -> Values:
        counts = players.sides
        pairs = PairValues.from_wire(wire.get("pairs"), *counts)
        errors: StandardErrors | None = None
        known = wire.get("standardErrors")
        if known is not None:
            of_pairs = PairValues.from_wire(known.get("pairs"), *counts)
            errors = StandardErrors(
                vector(decode_floats(known["first"])),
                vector(decode_floats(known["firstOrderReading"])),
                of_pairs.full,
                of_pairs.cross_modal,
            )
        return record(
            cls,
            wire,
            first=vector(decode_floats(wire["first"])),
            first_order_reading=vector(decode_floats(wire["firstOrderReading"])),
            pairs=pairs.full,
            cross_modal=pairs.cross_modal,
            strongest=pairs.strongest,
            standard_errors=errors,
        )


@dataclass(frozen=True)
class Progress:
    """How far a refinement has come.

    Attributes:
        image_masks, text_masks: masks encoded so far.
        total_image_masks: the budget, where there is one.
        elapsed: seconds.
        loo_r2, max_standard_error: of the estimate at this point, once there is one.
        values: that estimate.
    """

    image_masks: int
    text_masks: int
    total_image_masks: int | None
    elapsed: float
    loo_r2: float | None
    max_standard_error: float | None
    values: Values | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any], players: Players) -> Progress:
        values = wire.get("values")
        return record(
            cls,
            wire,
            elapsed=wire.get("elapsedMilliseconds", 0.0) / 1000,
            values=None if values is None else Values.from_wire(values, players),
        )


@dataclass(frozen=True, eq=False)
class Condition:
    """The pairs of one text or image player (or of the tokens of one word, summed).

    Attributes:
        players: the players it is about.
        first: their value alone.
        image: ``[n_I]``, their pairs with the image players.
        text: ``[n_T]``, their pairs with the text players.
        heatmap: ``image`` as ``[rows, columns]``; ``None`` where image players are regions.

    One of a single player shows itself in notebooks and IPython terminals: a word's pairs on the image, a patch's beside
    the words.
        image2, text2: their pairs with the players of a second image or text, else ``None``.
        targets: their pairs with the players of each text of a target.
    """

    players: list[int]
    first: float
    image: Vector
    text: Vector
    heatmap: Matrix | None
    image2: Vector | None = None
    text2: Vector | None = None
    targets: list[Vector] | None = None
    draw: Callable[..., str] | None = field(default=None, repr=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self)} if self.draw is None else notebook.mimebundle(repr(self), self.draw)

    def __repr__(self) -> str:
        sizes = f"{len(self.image)} image and {len(self.text)} text players"
        return f"<Condition on {' and '.join(map(str, self.players))} ({self.first:+.2f}): pairs with {sizes}>"

    @classmethod
    def from_wire(
        cls, wires: list[Mapping[str, Any]], players: Players, draw: Callable[..., str] | None = None
    ) -> Condition:
        """From the replies for the players it is about; ``draw`` draws it, if there is one."""

        def total(rows: Any) -> list[float]:
            return [sum(column) for column in zip(*rows)]

        def optional(name: str) -> Vector | None:
            return vector(total(wire[name] for wire in wires)) if name in wires[0] else None

        image, text = total(wire["image"] for wire in wires), total(wire["text"] for wire in wires)
        shape = players.image
        targets = zip(*(wire["targets"] for wire in wires)) if "targets" in wires[0] else None
        return cls(
            players=[wire["player"] for wire in wires],
            first=sum(wire["first"] for wire in wires),
            image=vector(image),
            text=vector(text),
            heatmap=None
            if not image or shape.rows * shape.columns != len(image)
            else matrix(image, shape.rows, shape.columns),
            image2=optional("image2"),
            text2=optional("text2"),
            targets=None if targets is None else [vector(total(rows)) for rows in targets],
            draw=draw if len(wires) == 1 else None,
        )


@dataclass(frozen=True)
class Subsets:
    """The best coalitions by size; ``exact`` unless the search was greedy (more than 20 players)."""

    subsets: list[Subset]
    exact: bool

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Subsets:
        return cls([record(Subset, subset) for subset in wire["subsets"]], wire["exact"])


@dataclass(frozen=True, eq=False)
class ComparedSide:
    """One explanation on the common players: readings over the cells and words, and ``[words, cells]`` pairs."""

    explanation: str
    image: Matrix
    words: Vector
    cross_modal: Matrix


def to_arrays(values: Values) -> dict[str, Any]:
    """The values as a dictionary of NumPy arrays, with ``NaN`` for none.

    Raises:
        ImportError: NumPy is not installed.
    """
    try:
        import numpy
    except ImportError:
        raise ImportError("to_numpy() needs NumPy: pip install numpy") from None
    arrays: dict[str, Any] = {
        "first": values.first,
        "first_order_reading": values.first_order_reading,
        "pairs": values.pairs,
        "cross_modal": values.cross_modal,
    }
    if values.standard_errors is not None:
        errors = values.standard_errors
        arrays.update(
            first_error=errors.first,
            first_order_reading_error=errors.first_order_reading,
            pairs_error=errors.pairs,
            cross_modal_error=errors.cross_modal,
        )
    return {
        name: numpy.asarray(to_lists(array), dtype=numpy.float32) for name, array in arrays.items() if array is not None
    }
