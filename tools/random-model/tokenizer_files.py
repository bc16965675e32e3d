"""Tokenizer files in the families' formats: small ones of bytes and a few words, and ones as large as the real ones."""

import json
import struct

import numpy as np

WORDS = (
    "a the of and to in on with next above left right photo dog cat bicycle ball tree house car sky red green".split()
)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"

# Rows of the real token tables, and the merges of the real tokenizer.json of SigLIP2 (Gemma's, where a token may come from
# any of its splits).
CLIP_VOCABULARY, SIGLIP_VOCABULARY, SIGLIP2_VOCABULARY = 49408, 32000, 256000
SIGLIP2_MERGES = 580_604


def byte_letters():
    """GPT-2's printable letter for each byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b) if b in kept else chr(next(spare)) for b in range(256)]


def added(tokens):
    return [
        dict(id=i, content=c, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
        for c, i in tokens.items()
    ]


def merge_words(vocabulary, merges, end=""):
    """Enters the words and what they are merged from, letter by letter."""
    for word in WORDS:
        pieces = [*word[:-1], word[-1] + end]
        while len(pieces) > 1:
            if pieces[:2] not in merges:
                merges.append(pieces[:2])
            pieces[:2] = ["".join(pieces[:2])]
            vocabulary.setdefault(pieces[0], len(vocabulary))


def fill(vocabulary, merges, size, seed):
    """Enters tokens merged at random from short ones until there are `size`."""
    random = np.random.default_rng(seed)
    short = [t for t in vocabulary if len(t.removesuffix("</w>")) < 4 and not t.startswith("<")]
    lefts, rights = [t for t in short if not t.endswith("</w>")], short
    while len(vocabulary) < size:
        # Early tokens, the short ones, are in most merges, as in real vocabularies.
        picks = random.random((4096, 2)) ** 8
        for i, j in zip((picks[:, 0] * len(lefts)).astype(int), (picks[:, 1] * len(rights)).astype(int)):
            token = lefts[i] + rights[j]
            if len(vocabulary) == size or token in vocabulary:
                continue
            vocabulary[token] = len(vocabulary)
            merges.append([lefts[i], rights[j]])
            if len(token.removesuffix("</w>")) < 4:
                rights.append(token)
                if not token.endswith("</w>"):
                    lefts.append(token)


def all_splits(vocabulary, first, limit):
    """The merges of a tokenizer that lists each split of a token into two others, at most `limit`."""
    merges = [
        [token[:i], token[i:]]
        for token in list(vocabulary)[first:]
        for i in range(1, len(token))
        if token[:i] in vocabulary and token[i:] in vocabulary
    ]
    return merges[:limit]


def clip_tokenizer(first, last, full=False):
    letters = byte_letters()
    vocabulary, merges = {}, []
    for token in letters + [c + "</w>" for c in letters]:
        vocabulary[token] = len(vocabulary)
    merge_words(vocabulary, merges, "</w>")
    if full:
        fill(vocabulary, merges, first, seed=1)
    special = {"<|startoftext|>": first, "<|endoftext|>": last}
    vocabulary.update(special)
    return dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=added(special),
        normalizer={
            "type": "Sequence",
            "normalizers": [
                {"type": "NFC"},
                {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
                {"type": "Lowercase"},
            ],
        },
        pre_tokenizer={
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},
                    "behavior": "Removed",
                    "invert": True,
                },
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            ],
        },
        post_processor={
            "type": "RobertaProcessing",
            "sep": ["<|endoftext|>", last],
            "cls": ["<|startoftext|>", first],
            "trim_offsets": False,
            "add_prefix_space": False,
        },
        decoder=None,
        model=dict(
            type="BPE",
            dropout=None,
            unk_token="<|endoftext|>",
            continuing_subword_prefix="",
            end_of_word_suffix="</w>",
            fuse_unk=False,
            byte_fallback=False,
            ignore_merges=False,
            vocab=vocabulary,
            merges=merges,
        ),
    )


def siglip2_tokenizer(full=False):
    special = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "<mask>": 4}
    vocabulary, merges = dict(special), []
    for token in [f"<0x{b:02X}>" for b in range(256)] + ["▁", *LETTERS]:
        vocabulary[token] = len(vocabulary)
    first = len(vocabulary)
    merge_words(vocabulary, merges)
    if full:
        # The rest are ideographs and syllables, about as many as the real vocabulary has.
        fill(vocabulary, merges, SIGLIP2_VOCABULARY - 14000, seed=2)
        for code in [*range(0x4E00, 0x4E00 + 12000), *range(0xAC00, 0xAC00 + 2000)]:
            vocabulary[chr(code)] = len(vocabulary)
        merges = all_splits(vocabulary, first, SIGLIP2_MERGES)
    return dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=added(special),
        normalizer={
            "type": "Sequence",
            "normalizers": [{"type": "Lowercase"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}],
        },
        pre_tokenizer={"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        post_processor={
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<eos>", "type_id": 0}}],
            "pair": [],
            "special_tokens": {"<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}},
        },
        decoder=None,
        model=dict(
            type="BPE",
            dropout=None,
            unk_token="<unk>",
            continuing_subword_prefix=None,
            end_of_word_suffix=None,
            fuse_unk=True,
            byte_fallback=True,
            ignore_merges=False,
            vocab=vocabulary,
            merges=merges,
        ),
    )


def varint(value):
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def field(number, value):
    """A field of a protocol buffer: an integer, a 32-bit float, a string or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def spiece_model(full=False):
    """A unigram model as SigLIP's spiece.model: the pad, the end (1) and the unknown token, then pieces with scores.

    Fields as in https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto.
    """
    vocabulary = {"<pad>": 0, "</s>": 1, "<unk>": 2}
    for token in [*LETTERS, "▁"] + ["▁" + word for word in WORDS] + WORDS:
        vocabulary.setdefault(token, len(vocabulary))
    if full:
        fill(vocabulary, [], SIGLIP_VOCABULARY, seed=3)
    kinds = {"<unk>": 2, "<pad>": 3, "</s>": 3}
    model = b""
    for token, id in vocabulary.items():
        score = 0.0 if id < 3 else -2 - 8 * float(np.log1p(id)) / 10 / max(1, len(token) - 1)
        model += field(1, field(1, token) + field(2, score) + field(3, kinds.get(token, 1)))
    # A unigram model, its size, the ids of unknown, beginning, end and padding; -1 is none.
    none = (1 << 64) - 1
    model += field(
        2, field(3, 1) + field(4, len(vocabulary)) + field(40, 2) + field(41, none) + field(42, 1) + field(43, 0)
    )
    return model + field(3, field(1, "identity") + field(3, 1) + field(4, 1) + field(5, 1))


def write_tokenizer(folder, kind, vocabulary, positions, full):
    """Writes the tokenizer files of a model: kind `clip`, `siglip` or `siglip2`."""
    if kind == "clip":
        tokenizer = clip_tokenizer(vocabulary - 2, vocabulary - 1, full)
        config = dict(
            tokenizer_class="CLIPTokenizer",
            bos_token="<|startoftext|>",
            eos_token="<|endoftext|>",
            pad_token="<|endoftext|>",
            unk_token="<|endoftext|>",
        )
    elif kind == "siglip2":
        tokenizer = siglip2_tokenizer(full)
        config = dict(
            tokenizer_class="Siglip2Tokenizer",
            eos_token="<eos>",
            bos_token="<bos>",
            pad_token="<pad>",
            unk_token="<unk>",
            mask_token="<mask>",
            padding_side="right",
        )
    else:
        (folder / "spiece.model").write_bytes(spiece_model(full))
        config = dict(
            tokenizer_class="SiglipTokenizer", do_lower_case=True, eos_token="</s>", pad_token="</s>", unk_token="<unk>"
        )
        tokenizer = None
    if tokenizer:
        text = json.dumps(tokenizer, indent=2, ensure_ascii=False)
        (folder / "tokenizer.json").write_text(text)
    (folder / "tokenizer_config.json").write_text(json.dumps(config | dict(model_max_length=positions), indent=1))
