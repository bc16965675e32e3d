"""Markdown as markdown-it reads it."""

import re
from urllib.parse import unquote

import html_peer
from markdown_it import MarkdownIt

IS_QUICK = True

FRAGMENTS = [
    "![a cat](cat.png)",
    "![a *b* c](d.png)",
    "![**x *y* z**](e.png)",
    "![a_b_c _d_ __e__](f.png)",
    "![*a **b* c**](g.png)",
    "![x](<h i.png>)",
    '![x](j.png "title")',
    "![x](k.png 'ti\ntle')",
    "![x](l(1).png)",
    "![x][ref]",
    "![ref][]",
    "![ref]",
    "![a [b](c.png) d](m.png)",
    "![a ![b](n.png) c](o.png)",
    "![`code` \\* &amp; &copy; &#65;](p.png)",
    "![two\nlines](q.png)",
    "[![in link](r.png)](s.png)",
    "\n[ref]: ref.png\n",
    "\n[a b]: <t u.png> 'x'\n",
    "[ref]: second.png\n",
    "\n",
    "\n\n",
    "\n\n    ",
    "\n    ",
    "\n\t",
    "\n> ",
    "\n- ",
    "\n1. ",
    "\n2) ",
    "\n-\n",
    "\n# ",
    "\n```\n",
    "\n````\n",
    "\n~~~ x\n",
    "\n  ```\n",
    "\n---\n",
    "\n===\n",
    "\n***\n",
    "\n| a | ![t](t.png) |\n|---|:-:|\n| ![u](u.png) | b |\n",
    "|",
    "`",
    "``",
    "\\",
    "*",
    "**",
    "_",
    "[",
    "]",
    "](",
    ")",
    "![",
    "<",
    ">",
    "<b>",
    "</b>",
    "\n<div>\n",
    "\n</div>\n",
    "\n<!--",
    "-->",
    "<!-- x -->",
    '<img src="v.png" alt="inline">',
    '\n<img src="w.png" alt="block">\n',
    "<http://x.y/`>",
    "text ",
    "é",
    "“a” ",
    "!",
    "&amp;",
    "  \n",
]

# Where the daemon differs on purpose.
EXPLAINED = {
    "front matter is no text": lambda text: text.startswith(("---", "+++")),
    "wiki embeds are images": lambda text: "![[" in text,
    # The browser sees one page of all HTML: what one block leaves open goes on in the next.
    "HTML that is left open goes on": lambda text: bool(re.search(r"<(img|div|b|!--|a|/)[^>]*$", text)),
}

parser = MarkdownIt("commonmark").enable("table")


def captions(texts):
    return [list(images(parser.parse(text))) for text in texts]


def images(tokens):
    for token in tokens:
        if token.type == "html_block":
            yield from html_peer.one(token.content)
        for child in token.children or []:
            if child.type == "image":
                caption = " ".join(plain(child.children).split())
                uri = child.attrs["src"]
                if caption and uri and html_peer.is_local(uri) and not re.match("[?#]", uri):
                    yield "/doc/" + unquote(re.split(r"[?#]", uri)[0]), caption
            elif child.type == "html_inline" and child.content.startswith("<img"):
                yield from html_peer.one(child.content)


def plain(tokens):
    """The text that the tokens show."""
    parts = []
    for token in tokens or []:
        if token.type in ("text", "code_inline", "text_special"):
            parts.append(token.content)
        elif token.type == "image":
            parts.append(plain(token.children))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)
