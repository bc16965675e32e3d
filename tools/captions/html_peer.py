"""HTML as html5lib reads it."""

import re
from urllib.parse import unquote

import html5lib

IS_QUICK = True
PREFIX = "{http://www.w3.org/1999/xhtml}"

FRAGMENTS = [
    '<img src="a.png" alt="A cat">',
    "<img src='b.png' alt='A &quot;dog&quot;'>",
    "<img src=c.png alt=word>",
    '<img src="d.png"" alt="two quotes"">',
    '<img src="e.png" alt="Tom &amp Jerry &copy 2020 &notit; &ampx &#146; &#x80; &#0; &comma;&ngE;&unknown;">',
    "<img src='f.png' alt='equals' = title=x>",
    '<img alt="x > y" src="g.png"/>',
    '<img/src="h.png"/alt="slashes"/>',
    "<IMG SRC=i.png ALT='upper case' alt=second>",
    '<img src="j.png" alt="',
    '<img src="k.png" alt=\'',
    "<img src=l.png alt=x <b>",
    '<img src="m%20n.png?x=1#y" alt=" white \n space ">',
    '<img src="n.png" alt="">',
    '<img src="o.png">',
    '<img srcset=" p.png 1x, q.png 2x" alt="srcset">',
    '<img src="data:image/png;base64,AA" data-src="r.png" alt="lazy">',
    "<figure>",
    "</figure>",
    "<figcaption>",
    "</figcaption>",
    '<figure><img src="s.png" alt=""><figcaption>A <b>cat</b>&hellip;</figcaption></figure>',
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<!--->",
    "<!doctype html>",
    "<!x>",
    "<script>",
    "</script>",
    "<script><!--",
    "<style>",
    "</style>",
    "<textarea>",
    "</textarea >",
    "<title>",
    "</title/>",
    "<xmp>",
    "</xmp>",
    "<iframe>",
    "</iframe>",
    "<noembed>",
    "</noembed>",
    "<noframes>",
    "</noframes>",
    "<svg>",
    "</svg>",
    "<svg><circle/>",
    "<![CDATA[",
    "]]>",
    "<p>",
    "</p>",
    "<div class='a",
    "'>",
    '">',
    ">",
    "<",
    "</",
    "</>",
    "</ x>",
    "<a href=x>",
    "</a>",
    " text ",
    "\n",
    "&amp;",
    "=",
    "/",
    '"',
    "'",
]

# Where the daemon differs from a browser on purpose, or html5lib from the standard.
EXPLAINED = {
    "expressions of template languages are one piece": lambda text: "{{" in text or "{%" in text or "<?" in text,
    "a figcaption in a foreign or raw place is found by html5lib's tree alone": lambda text: (
        bool(re.search(r"fig", text))
        and bool(re.search(r"<(svg|script|style|textarea|title|xmp|iframe|noembed|noframes)|</?p|</?a\b", text))
    ),
    # html5lib 1.1 keeps what `</p>` and the like open in SVG; the standard of today ends SVG there.
    "end tags in SVG": lambda text: "<svg>" in text and bool(re.search(r"</(p|br|a|title)", text)),
    "a title element in SVG": lambda text: "<svg>" in text and "<title>" in text,
}


def is_local(uri):
    return not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:|//", uri)


def path(uri):
    return "/doc/" + unquote(re.split(r"[?#]", uri)[0])


def captions(texts):
    return [one(text) for text in texts]


def one(text):
    tree = html5lib.parse(text, namespaceHTMLElements=True)
    parents = {child: parent for parent in tree.iter() for child in parent}
    found = []
    for element in tree.iter(PREFIX + "img"):
        uri = source(element)
        caption = " ".join(element.get("alt", "").split()) or figcaption(element, parents)
        if uri and caption and is_local(uri):
            found.append((path(uri), caption))
    return found


def source(element):
    uri = element.get("src", "").strip()
    lazy = element.get("data-src", "").strip()
    if lazy and (not uri or uri.startswith("data:")):
        return lazy
    candidates = element.get("srcset", "").split()
    return uri or (candidates[0].rstrip(",") if candidates else "")


def figcaption(element, parents):
    while element in parents:
        element = parents[element]
        if element.tag != PREFIX + "figure":
            continue
        for child in element.iter(PREFIX + "figcaption"):
            text = " ".join("".join(child.itertext()).split())
            if text:
                return text
    return ""
