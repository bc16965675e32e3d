"""Compares the captions that the daemon finds in random documents with what the languages' own parsers read.

    tools/captions/compare.py FIXLIPD [--documents 2000] [--seed 1] [--language html] [--show 5]

html5lib reads the HTML family, markdown-it-py Markdown, docutils reStructuredText, and Emacs Org. Documents are made of
fragments of each language that are joined at random, so that markup meets markup where nobody would write it. Exits
with status 1 where a caption differs and no rule in EXPLAINED says why.
"""

import argparse
import json
import random
import subprocess
import sys

import html_peer
import markdown_peer
import org_peer
import rst_peer

PEERS = {"html": html_peer, "markdown": markdown_peer, "rst": rst_peer, "org": org_peer}


class Daemon:
    """`document/captions` of a daemon on standard input and output, a message a line."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "serve", "--stdio", "--log-level", "error"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def captions(self, language, text):
        params = {"languageId": language, "text": text, "path": "/doc/a"}
        message = {"jsonrpc": "2.0", "id": 1, "method": "document/captions", "params": params}
        print(json.dumps(message), file=self.process.stdin, flush=True)
        reply = json.loads(self.process.stdout.readline())
        if "error" in reply:
            sys.exit(f"the daemon refuses a document: {reply['error']}")
        return [(found["image"], found["caption"]) for found in reply["result"]]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def document(peer, generator):
    """A random document of the peer's fragments."""
    return "".join(generator.choice(peer.FRAGMENTS) for _ in range(generator.randint(2, 14)))


def shortened(text, differs):
    """The document with every fragment of characters left out that does not matter for the difference."""
    width = max(1, len(text) // 2)
    while width:
        start = 0
        while start < len(text):
            candidate = text[:start] + text[start + width :]
            if differs(candidate):
                text = candidate
            else:
                start += width
        width //= 2
    return text


def compare(name, peer, daemon, arguments):
    """Returns the number of documents that differ for no known reason."""
    generator = random.Random(f"{arguments.seed} {name}")
    texts = [document(peer, generator) for _ in range(arguments.documents)]
    unexplained, explained, images = [], 0, 0
    for text, expected in zip(texts, peer.captions(texts), strict=True):
        found = daemon.captions(name, text)
        images += len(expected)
        if found == expected:
            continue
        if any(explains(text) for explains in peer.EXPLAINED.values()):
            explained += 1
            continue
        unexplained.append(text)
    print(
        f"{name}: {len(texts)} documents, {images} captions, {len(unexplained)} documents differ, "
        f"{explained} more for a known reason"
    )
    for text in unexplained[: arguments.show]:

        def differs(candidate):
            if any(explains(candidate) for explains in peer.EXPLAINED.values()):
                return False
            return daemon.captions(name, candidate) != peer.captions([candidate])[0]

        short = shortened(text, differs) if peer.IS_QUICK else text
        print(f"  {short!r}\n    daemon {daemon.captions(name, short)}\n    peer   {peer.captions([short])[0]}")
    return len(unexplained)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("daemon", metavar="FIXLIPD")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--language", choices=PEERS, action="append")
    parser.add_argument("--show", type=int, default=5)
    arguments = parser.parse_args()
    daemon = Daemon(arguments.daemon)
    differing = [compare(name, PEERS[name], daemon, arguments) for name in arguments.language or PEERS]
    daemon.close()
    sys.exit(1 if any(differing) else 0)


if __name__ == "__main__":
    main()
