"""Texts of the judges: the demo model's byte-level BPE, and a unigram model as SigLIP has it."""

import pathlib
import re
import sys
import tempfile

import torch
from names import NUMBERS
from scenes import BACKGROUNDS
from tokens import FUNCTION_WORDS, Texts, train_tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "random-model"))
from tokenizer_files import LETTERS, field  # noqa: E402

END = 1  # SigLIP's </s>, which pads too


class ClipTexts:
    def __init__(self, nouns, positions):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name) / "tokenizer.json"
        train_tokenizer(nouns, path)
        self.texts = Texts(path)
        self.size, self.start, self.end = self.texts.size, self.texts.start, self.texts.end

    def encode(self, texts):
        ids, present, _ = self.texts.encode(texts)
        return torch.tensor(ids), torch.tensor(present)

    def save(self, out):
        (out / "tokenizer.json").write_bytes(self.texts.path.read_bytes())


def cleaned(text):
    """Lower case and without punctuation, as SigLIP's texts are."""
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())


class SiglipTexts:
    """Words with a piece each; what is no word of the captions is spelt in letters."""

    def __init__(self, nouns, positions):
        self.positions = positions
        words = [word for noun in nouns for word in f"{noun.singular} {noun.plural}".split()]
        words += FUNCTION_WORDS.split() + list(NUMBERS) + list(BACKGROUNDS)
        pieces = ["<pad>", "</s>", "<unk>", *LETTERS, "▁"]
        pieces += [f"▁{cleaned(word)}" for word in words if cleaned(word)]
        self.vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
        self.size = len(self.vocabulary)

    def encode(self, texts):
        rows = []
        for text in texts:
            ids = [self.vocabulary[f"▁{word}"] for word in cleaned(text).split()]
            if len(ids) >= self.positions:
                raise ValueError(f'"{text}" has {len(ids)} words, more than {self.positions - 1}')
            rows.append(ids + [END] * (self.positions - len(ids)))
        return torch.tensor(rows)

    def save(self, out):
        kinds = {"<unk>": 2, "<pad>": 3, "</s>": 3}
        model = b""
        for piece, index in self.vocabulary.items():
            score = 0.0 if index < 3 else -10.0 if len(piece) == 1 else -2.0
            model += field(1, field(1, piece) + field(2, score) + field(3, kinds.get(piece, 1)))
        none = (1 << 64) - 1
        model += field(
            2, field(3, 1) + field(4, self.size) + field(40, 2) + field(41, none) + field(42, 1) + field(43, 0)
        )
        model += field(3, field(1, "identity") + field(3, 1) + field(4, 1) + field(5, 1))
        (out / "spiece.model").write_bytes(model)
