"""The byte-level BPE of the captions, in the layout of CLIP's `tokenizer.json`."""

import itertools
import json
import pathlib

from names import NUMBERS
from scenes import BACKGROUNDS
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

POSITIONS = 24
VOCABULARY = 2200
START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
FUNCTION_WORDS = (
    "a an the some and next to left right of above below on in at with from by for is are there here this that it its picture photo image "
    "background small large big tiny not no many , ."
)


def train_tokenizer(nouns, path):
    """Learns merges so that the words of the captions are single tokens, and writes `tokenizer.json`."""
    words = [word for noun in nouns for word in f"{noun.singular} {noun.plural or ''}".split()]
    words += FUNCTION_WORDS.split() + list(NUMBERS) + list(BACKGROUNDS)
    tokenizer = Tokenizer(models.BPE(unk_token=END, continuing_subword_prefix="", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex("\\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=1,
        initial_alphabet=alphabet,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(words)], trainer)
    written = json.loads(tokenizer.to_str())
    merges = [tuple(merge) for merge in written["model"]["merges"]]
    entries = itertools.chain(alphabet, (letter + "</w>" for letter in alphabet), ("".join(merge) for merge in merges))
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(entries))}
    for special in (START, END):
        vocabulary[special] = len(vocabulary)
    written["model"]["vocab"] = vocabulary
    written["added_tokens"] = [
        {
            "id": vocabulary[special],
            "content": special,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for special in (START, END)
    ]
    written["post_processor"] = {
        "type": "RobertaProcessing",
        "sep": [END, vocabulary[END]],
        "cls": [START, vocabulary[START]],
        "trim_offsets": False,
        "add_prefix_space": False,
    }
    pathlib.Path(path).write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


class Texts:
    """Texts as padded ids with the characters that each token stands for."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.tokenizer = Tokenizer.from_file(str(path))
        self.start, self.end = (self.tokenizer.token_to_id(special) for special in (START, END))
        self.size = self.tokenizer.get_vocab_size()

    def encode(self, texts):
        """(ids, present) as lists of equally long rows, and the offsets of each token."""
        encoded = [one for one in self.tokenizer.encode_batch(texts)]
        length = max(len(one.ids) for one in encoded)
        if length > POSITIONS:
            longest = max(zip(encoded, texts), key=lambda pair: len(pair[0].ids))[1]
            raise ValueError(f'"{longest}" has {length} tokens, more than {POSITIONS}')
        ids = [one.ids + [self.end] * (length - len(one.ids)) for one in encoded]
        present = [[1] * len(one.ids) + [0] * (length - len(one.ids)) for one in encoded]
        return ids, present, [one.offsets for one in encoded]
