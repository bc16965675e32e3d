"""The methods of both clients that begin explanations.

Written by tools/protocol/generate_python.py from protocol/; edit the schemas there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .aio_explanation import AsyncExplanation, OnProgress
from .choices import Seed, Stop, TextPlayers
from .contract import Estimator, Index, Masking, OpenOptions, Order, RefineOptions, Sampling, Scale
from .explanation import Explanation
from .images import Image
from .live import Live
from .values import Progress


class OpensExplanations:
    """What a client calls to have explanations."""

    def open(
        self,
        image: Image | None = None,
        text: str | None = None,
        *,
        model: str | None = None,
        image2: Any | None = None,
        text2: str | None = None,
        rather_than: str | None = None,
        embedding: Any | None = None,
        target: Mapping[str, Any] | None = None,
        scale: Scale | None = None,
        index: Index = "banzhaf",
        p: float = 0.5,
        order: Order = 2,
        masking: Masking = "mean",
        grid: tuple[int, int] | None = None,
        regions: Any | None = None,
        text_players: TextPlayers = "words",
        estimator: Estimator = "ridge",
        seed: Seed = 0,
        sampling: Sampling = "crossed",
        paired: bool | None = None,
        prior: str = "learnt",
    ) -> Explanation:
        """Begins an explanation without encoding any masks; arguments as in :meth:`explain`."""
        return self._open(
            image,
            text,
            model,
            OpenOptions(
                image2=image2,
                text2=text2,
                rather_than=rather_than,
                embedding=embedding,
                target=target,
                scale=scale,
                index=index,
                p=p,
                order=order,
                masking=masking,
                grid=grid,
                regions=regions,
                text_players=text_players,
                estimator=estimator,
                seed=seed,
                sampling=sampling,
                paired=paired,
                prior=prior,
            ),
        )

    def explain(
        self,
        image: Image | None = None,
        text: str | None = None,
        *,
        model: str | None = None,
        image2: Any | None = None,
        text2: str | None = None,
        rather_than: str | None = None,
        embedding: Any | None = None,
        target: Mapping[str, Any] | None = None,
        scale: Scale | None = None,
        index: Index = "banzhaf",
        p: float = 0.5,
        order: Order = 2,
        masking: Masking = "mean",
        grid: tuple[int, int] | None = None,
        regions: Any | None = None,
        text_players: TextPlayers = "words",
        estimator: Estimator = "ridge",
        seed: Seed = 0,
        sampling: Sampling = "crossed",
        paired: bool | None = None,
        prior: str = "learnt",
        image_masks: int | None = None,
        text_masks: int | None = None,
        deadline: float | None = None,
        until: Stop | None = None,
        live: Live = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Explanation:
        """Explains why an image and a caption match, or any other two inputs, by interactions of their parts.

        The daemon keeps what it encoded: another caption for the same image costs little, and so does another index or
        a larger budget. A ``KeyboardInterrupt`` ends the refinement and keeps what there is.

        Args:
            image: a path, a ``data:`` URI, the bytes of an image file, a PIL image, or a uint8 array ``(H, W, 3)`` or
                ``(H, W)``.
            text: the caption. An image is compared with a text, ``image2``, an ``embedding`` or a ``target``, a text
                likewise.
            model: ``"demo"``, a folder, or ``"org/name"``; by default the client's, else the daemon's.
            image2: a second image in place of the text: which patches match which.
            text2: a second text in place of the image: which words match which.
            rather_than: a caption that ``text`` is set against: what speaks for the one.
            embedding: a vector in place of the text: a query from a vector store, say.
            target: weighted texts, or a class among others, as the protocol has it: a mapping with ``texts`` or
                ``classes``.
            scale: what the values are measured in. Left out, ``"logits"`` for an image and texts or classes,
                ``"cosine"`` for two images, two texts and vectors. Since 1.2.
            index: which interaction index: weighted Banzhaf with parameter ``p``, or faithful Shapley.
            p: how likely each player is present, for the Banzhaf index only.
            order: 1: single players only. 2: pairs too.
            masking: what stands for an absent patch: ``"mean"``, the mean colour, as in the paper; ``"drop"``, nothing:
                its token leaves the sequence, which is a different game at about half the cost.
            grid: rows and columns of image players, if coarser than the patches.
            regions: or a label 0, 1, … for every patch; patches of one label are one player.
            text_players: ``"words"``, ``"tokens"``, or ``(start, end)`` ranges of the caption's characters.
            estimator: how values are estimated. ``"ridge"``: regression with shrinkage per order, tuned by
                leave-one-out. ``"least_squares"``: the paper's weighted least squares over all pairs of masks.
            seed: seed of the masks: the same seed and budget give the same masks. One number is for both sides; an
                object gives each its own, so that captions of an image share its masks whatever their own seeds are.
            sampling: how masks are drawn. ``"crossed"``: image and text masks are drawn apart, and every image mask
                meets every text mask. ``"joint"``: coalitions of all players are drawn, each one image mask with one
                text mask, as the paper's reference implementation does; ``image_masks`` is then the number of pairs,
                and ``text_masks`` is left out.
            paired: whether each mask is followed by its complement; only for Banzhaf with p = 0.5, and for Shapley with
                joint sampling. Left out, it is true for the latter, else false.
            prior: what is expected of an image before its masks: ``"learnt"``, what games of other images taught, where
                the daemon learns, else as ``"pass"``; ``"pass"``, what the pass over the image alone says; or the name
                of a learnt map, as a result told it. It matters below 192 masks; later estimates rest on the masks
                alone. Since 1.2.
            image_masks: how many image masks the estimate shall rest on in all, not how many to add. By default 512 if
                there is no other rule.
            text_masks: how many text masks; by default all where there are no more than 256, else that many.
            deadline: stop after so many seconds.
            until: stop when good enough: an :class:`Until`, or a standard error in logits.
            live: show progress: in notebooks a picture that follows the estimate, elsewhere a tqdm bar.
            on_progress: called with each :class:`Progress` on this thread; those it has no time for are skipped.
        """
        return self._explain(
            image,
            text,
            model,
            OpenOptions(
                image2=image2,
                text2=text2,
                rather_than=rather_than,
                embedding=embedding,
                target=target,
                scale=scale,
                index=index,
                p=p,
                order=order,
                masking=masking,
                grid=grid,
                regions=regions,
                text_players=text_players,
                estimator=estimator,
                seed=seed,
                sampling=sampling,
                paired=paired,
                prior=prior,
            ),
            RefineOptions(image_masks=image_masks, text_masks=text_masks, deadline=deadline, until=until),
            live,
            on_progress,
        )

    def _open(self, image: Image | None, text: str | None, model: str | None, options: OpenOptions) -> Explanation:
        raise NotImplementedError

    def _explain(
        self,
        image: Image | None,
        text: str | None,
        model: str | None,
        options: OpenOptions,
        rules: RefineOptions,
        live: Live,
        on_progress: Callable[[Progress], None] | None,
    ) -> Explanation:
        raise NotImplementedError


class OpensAsyncExplanations:
    """What a client calls to have explanations awaited."""

    async def open(
        self,
        image: Image | None = None,
        text: str | None = None,
        *,
        model: str | None = None,
        image2: Any | None = None,
        text2: str | None = None,
        rather_than: str | None = None,
        embedding: Any | None = None,
        target: Mapping[str, Any] | None = None,
        scale: Scale | None = None,
        index: Index = "banzhaf",
        p: float = 0.5,
        order: Order = 2,
        masking: Masking = "mean",
        grid: tuple[int, int] | None = None,
        regions: Any | None = None,
        text_players: TextPlayers = "words",
        estimator: Estimator = "ridge",
        seed: Seed = 0,
        sampling: Sampling = "crossed",
        paired: bool | None = None,
        prior: str = "learnt",
    ) -> AsyncExplanation:
        """Begins an explanation without encoding any masks; arguments as in :meth:`explain`."""
        return await self._open(
            image,
            text,
            model,
            OpenOptions(
                image2=image2,
                text2=text2,
                rather_than=rather_than,
                embedding=embedding,
                target=target,
                scale=scale,
                index=index,
                p=p,
                order=order,
                masking=masking,
                grid=grid,
                regions=regions,
                text_players=text_players,
                estimator=estimator,
                seed=seed,
                sampling=sampling,
                paired=paired,
                prior=prior,
            ),
        )

    async def explain(
        self,
        image: Image | None = None,
        text: str | None = None,
        *,
        model: str | None = None,
        image2: Any | None = None,
        text2: str | None = None,
        rather_than: str | None = None,
        embedding: Any | None = None,
        target: Mapping[str, Any] | None = None,
        scale: Scale | None = None,
        index: Index = "banzhaf",
        p: float = 0.5,
        order: Order = 2,
        masking: Masking = "mean",
        grid: tuple[int, int] | None = None,
        regions: Any | None = None,
        text_players: TextPlayers = "words",
        estimator: Estimator = "ridge",
        seed: Seed = 0,
        sampling: Sampling = "crossed",
        paired: bool | None = None,
        prior: str = "learnt",
        image_masks: int | None = None,
        text_masks: int | None = None,
        deadline: float | None = None,
        until: Stop | None = None,
        on_progress: OnProgress | None = None,
    ) -> AsyncExplanation:
        """Explains why an image and a caption match, or any other two inputs, by interactions of their parts.

        The daemon keeps what it encoded: another caption for the same image costs little, and so does another index or
        a larger budget. A ``KeyboardInterrupt`` ends the refinement and keeps what there is.

        Args:
            image: a path, a ``data:`` URI, the bytes of an image file, a PIL image, or a uint8 array ``(H, W, 3)`` or
                ``(H, W)``.
            text: the caption. An image is compared with a text, ``image2``, an ``embedding`` or a ``target``, a text
                likewise.
            model: ``"demo"``, a folder, or ``"org/name"``; by default the client's, else the daemon's.
            image2: a second image in place of the text: which patches match which.
            text2: a second text in place of the image: which words match which.
            rather_than: a caption that ``text`` is set against: what speaks for the one.
            embedding: a vector in place of the text: a query from a vector store, say.
            target: weighted texts, or a class among others, as the protocol has it: a mapping with ``texts`` or
                ``classes``.
            scale: what the values are measured in. Left out, ``"logits"`` for an image and texts or classes,
                ``"cosine"`` for two images, two texts and vectors. Since 1.2.
            index: which interaction index: weighted Banzhaf with parameter ``p``, or faithful Shapley.
            p: how likely each player is present, for the Banzhaf index only.
            order: 1: single players only. 2: pairs too.
            masking: what stands for an absent patch: ``"mean"``, the mean colour, as in the paper; ``"drop"``, nothing:
                its token leaves the sequence, which is a different game at about half the cost.
            grid: rows and columns of image players, if coarser than the patches.
            regions: or a label 0, 1, … for every patch; patches of one label are one player.
            text_players: ``"words"``, ``"tokens"``, or ``(start, end)`` ranges of the caption's characters.
            estimator: how values are estimated. ``"ridge"``: regression with shrinkage per order, tuned by
                leave-one-out. ``"least_squares"``: the paper's weighted least squares over all pairs of masks.
            seed: seed of the masks: the same seed and budget give the same masks. One number is for both sides; an
                object gives each its own, so that captions of an image share its masks whatever their own seeds are.
            sampling: how masks are drawn. ``"crossed"``: image and text masks are drawn apart, and every image mask
                meets every text mask. ``"joint"``: coalitions of all players are drawn, each one image mask with one
                text mask, as the paper's reference implementation does; ``image_masks`` is then the number of pairs,
                and ``text_masks`` is left out.
            paired: whether each mask is followed by its complement; only for Banzhaf with p = 0.5, and for Shapley with
                joint sampling. Left out, it is true for the latter, else false.
            prior: what is expected of an image before its masks: ``"learnt"``, what games of other images taught, where
                the daemon learns, else as ``"pass"``; ``"pass"``, what the pass over the image alone says; or the name
                of a learnt map, as a result told it. It matters below 192 masks; later estimates rest on the masks
                alone. Since 1.2.
            image_masks: how many image masks the estimate shall rest on in all, not how many to add. By default 512 if
                there is no other rule.
            text_masks: how many text masks; by default all where there are no more than 256, else that many.
            deadline: stop after so many seconds.
            until: stop when good enough: an :class:`Until`, or a standard error in logits.
            on_progress: called with each :class:`Progress`; it may be a coroutine function.
        """
        return await self._explain(
            image,
            text,
            model,
            OpenOptions(
                image2=image2,
                text2=text2,
                rather_than=rather_than,
                embedding=embedding,
                target=target,
                scale=scale,
                index=index,
                p=p,
                order=order,
                masking=masking,
                grid=grid,
                regions=regions,
                text_players=text_players,
                estimator=estimator,
                seed=seed,
                sampling=sampling,
                paired=paired,
                prior=prior,
            ),
            RefineOptions(image_masks=image_masks, text_masks=text_masks, deadline=deadline, until=until),
            on_progress,
        )

    async def _open(
        self,
        image: Image | None,
        text: str | None,
        model: str | None,
        options: OpenOptions,
    ) -> AsyncExplanation:
        raise NotImplementedError

    async def _explain(
        self,
        image: Image | None,
        text: str | None,
        model: str | None,
        options: OpenOptions,
        rules: RefineOptions,
        on_progress: OnProgress | None,
    ) -> AsyncExplanation:
        raise NotImplementedError
