"""Tokenizer files of real sizes for the folders that kinds.py writes.

CLIP's is the real one, which open_clip ships, and Chinese-CLIP's is that of the package cn_clip. BERT's is trained on documents of this machine
until it has as many pieces as the real one. XLM-R's and XLM-V's have the pieces of a small trained one and then random ones of
letters of ten scripts, as many as the real ones have.
"""

import importlib.util
import json
import sys
from pathlib import Path

from tokenizer_files import WORDS, clip_tokenizer, write_tokenizer

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = ROOT / "Tests/TokenizersTests/Fixtures/families"
BERT_PIECES = 30_522
# First letters of Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, Devanagari, Thai, Han and Hangul, and how many to take.
SCRIPTS = [
    (0x61, 26), (0x3B1, 25), (0x430, 32), (0x561, 38), (0x5D0, 27), (0x621, 26), (0x905, 50), (0xE01, 46), (0x4E00, 3000),
    (0xAC00, 2000),
]  # fmt: skip


def write(folder, tokenizer, **config):
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def clip(folder):
    from open_clip.tokenizer import SimpleTokenizer

    real = SimpleTokenizer()
    pieces = len(real.encoder) - 2
    tokenizer = clip_tokenizer(pieces, pieces + 1)
    ends = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {ends.get(token, token): id for token, id in real.encoder.items()}
    merges = sorted(real.bpe_ranks, key=real.bpe_ranks.get)
    tokenizer["model"] |= dict(vocab=vocabulary, merges=[list(pair) for pair in merges])
    end = "<|endoftext|>"
    write(
        folder,
        tokenizer,
        tokenizer_class="CLIPTokenizer",
        bos_token="<|startoftext|>",
        eos_token=end,
        pad_token=end,
        unk_token=end,
    )


def gemma(folder):
    write_tokenizer(folder, "siglip2", 256_000, 64, full=True)


def chinese(folder):
    """The real vocabulary; a folder with vocab.txt alone."""
    package = importlib.util.find_spec("cn_clip")
    vocabulary = Path(package.submodule_search_locations[0], "clip/vocab.txt")
    (folder / "vocab.txt").write_bytes(vocabulary.read_bytes())
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(tokenizer_class="BertTokenizer", do_lower_case=True)))


def documents():
    """Texts of this machine: those that Python's packages bring."""
    for pattern in ("*.md", "*.rst", "*.txt", "*.py"):
        for site in filter(lambda path: path.endswith("site-packages"), sys.path):
            for path in sorted(Path(site).rglob(pattern))[:3000]:
                yield from path.read_text(errors="ignore")[:100_000].splitlines()


def bert(folder):
    from tokenizers import BertWordPieceTokenizer

    trained = BertWordPieceTokenizer(lowercase=True)
    trained.train_from_iterator(documents(), vocab_size=BERT_PIECES, min_frequency=2, show_progress=False)
    vocabulary = trained.get_vocab()
    assert len(vocabulary) == BERT_PIECES, f"only {len(vocabulary)} pieces were found"
    tokenizer = json.loads((FAMILIES / "bert-uncased/tokenizer.json").read_text())
    special = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    assert all(vocabulary[token] == id for token, id in special.items())
    tokenizer["model"]["vocab"] = vocabulary
    write(folder, tokenizer, tokenizer_class="BertTokenizer", do_lower_case=True)


def xlm(count):
    def make(folder):
        import numpy as np

        tokenizer = json.loads((FAMILIES / "xlm-roberta/tokenizer.json").read_text())
        *pieces, mask = tokenizer["model"]["vocab"]
        known = {piece for piece, _ in pieces}
        new = [piece for word in WORDS for piece in (word, "▁" + word) if piece not in known]
        pieces += [[piece, -9.5] for piece in new]
        known |= set(new)
        random = np.random.default_rng(8)
        while len(pieces) < count - 1:
            first, letters = SCRIPTS[random.integers(len(SCRIPTS))]
            for size in random.integers(2, 9, 500):
                piece = "".join(chr(first + letter) for letter in random.integers(0, letters, size))
                piece = "▁" + piece if random.random() < 0.5 else piece
                if piece not in known and len(pieces) < count - 1:
                    known.add(piece)
                    pieces.append([piece, -10 - 6 * len(pieces) / count])
        # As in the published files; transformers reads any file so.
        tokenizer["pre_tokenizer"] = dict(
            type="Sequence", pretokenizers=[dict(type="WhitespaceSplit"), tokenizer["pre_tokenizer"]]
        )
        tokenizer["model"]["vocab"] = [*pieces, mask]
        tokenizer["added_tokens"][-1]["id"] = count - 1
        write(
            folder,
            tokenizer,
            tokenizer_class="XLMRobertaTokenizer",
            bos_token="<s>",
            eos_token="</s>",
            cls_token="<s>",
            sep_token="</s>",
            pad_token="<pad>",
            unk_token="<unk>",
            mask_token="<mask>",
        )

    return make
