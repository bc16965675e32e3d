"""Games dumped by the daemon: every mask and its embedding, so that other estimators work on the same numbers."""

import struct
from pathlib import Path

import numpy as np


def read_game(path):
    """(coalitions [masks, players] bool, embeddings [masks, dimension] float32) of a file of the daemon's --state folder.

    The format is that of Sources/Interactions/Sampling/GameSamplesState.swift, after a line that names the model's state.
    """
    data = Path(path).read_bytes()
    data = data[data.index(b"\n") + 1 :]
    magic, version, players, dimension, count = struct.unpack_from("<4sQQQQ", data)
    assert magic == b"FXGS" and version == 1
    words = (players + 63) // 64
    bits = np.frombuffer(data, "<u8", count * words, 36).reshape(count, words)
    octets = bits.view(np.uint8).reshape(count, words * 8)
    coalitions = np.unpackbits(octets, axis=1, bitorder="little")[:, :players].astype(bool)
    embeddings = np.frombuffer(data, "<f4", count * dimension, 36 + count * words * 8).reshape(count, dimension)
    return coalitions, embeddings


class Game:
    """One image and one caption. Values are above the empty pair's.

    image_masks, text_masks: [masks, players]; f, h: their embeddings. The first image masks are the full, the empty, and then
    the daemon's draws in their order; the text masks are all there are.
    """

    def __init__(self, image, text, scale, bias, empty):
        self.image_masks, self.f = image
        self.text_masks, self.h = text
        self.scale, self.bias, self.empty = scale, bias, empty
        self.players = self.image_masks.shape[1] + self.text_masks.shape[1]

    def cross_values(self, image_rows):
        """[len(image_rows), text masks]"""
        return self.scale * (self.f[image_rows].astype(float) @ self.h.T.astype(float)) + self.bias - self.empty

    def joint(self, masks, seed):
        """One text mask drawn for each of the daemon's first draws: (coalitions [masks − 2, players], values)."""
        image_rows = np.arange(2, masks)
        text_rows = np.random.default_rng(seed).integers(0, len(self.text_masks), len(image_rows))
        coalitions = np.concatenate([self.image_masks[image_rows], self.text_masks[text_rows]], axis=1)
        cosine = np.einsum("cd,cd->c", self.f[image_rows].astype(float), self.h[text_rows].astype(float))
        return coalitions, self.scale * cosine + self.bias - self.empty


def match_game(folder, text_players, probes, values, empty):
    """The game of one caption among the files of a state folder that holds one image.

    probes: [coalitions, players] whose values in logits the daemon told; they single out the caption's file, and give the
    model's scale and bias.
    """
    files = [read_game(path) for path in sorted(Path(folder).glob("*.game"))]
    image_players = probes.shape[1] - text_players
    image = max((game for game in files if game[0].shape[1] == image_players), key=lambda game: len(game[0]))
    best = None
    for text in files:
        if text is image or text[0].shape[1] != text_players or len(text[0]) < 2**text_players:
            continue
        cosine = np.einsum(
            "cd,cd->c", rows_of(image, probes[:, :image_players]), rows_of(text, probes[:, image_players:])
        )
        solution, *_ = np.linalg.lstsq(np.stack([cosine, np.ones_like(cosine)], 1), values, rcond=None)
        error = np.abs(cosine * solution[0] + solution[1] - values).max()
        if best is None or error < best[0]:
            best = (error, text, solution)
    if best is None or best[0] > 1e-3:
        raise SystemExit(f"no dumped game in {folder} gives the daemon's values")
    return Game(image, best[1], best[2][0], best[2][1], empty)


def rows_of(game, coalitions):
    index = {mask.tobytes(): row for row, mask in enumerate(game[0])}
    return game[1][[index[np.ascontiguousarray(mask).tobytes()] for mask in coalitions]].astype(float)
