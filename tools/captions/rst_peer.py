"""reStructuredText as docutils reads it."""

import posixpath
import re
from urllib.parse import unquote

import docutils.core
import docutils.nodes

IS_QUICK = True

FRAGMENTS = [
    ".. figure:: a.png\n\n   A *grey* cat\n\n",
    ".. figure:: b.png\n   :alt: alternative\n   :width: 50%\n\n   A ``literal\\`` cat\n   on a mat\n\n   Legend\n\n",
    ".. figure:: c.png\n   :alt: only *alt*\n\n",
    ".. image:: d.png\n   :alt: a big\n         dog\n\n",
    ".. image:: my\\ e.png\n   :alt: escaped\n\n",
    ".. |sub| image:: f.png\n   :alt: inline\n\n",
    ".. |name| replace:: the *name*\n\n",
    ".. figure:: g.png\n\n   See cat_ and `the docs`_ and `x <https://x.y>`_, :sub:`2`, 2\\*3::\n\n",
    ".. figure:: h.png\n\n   A |name| [1]_ |none|\n\n",
    ".. figure:: i.png\n\n   ends with ::\n\n",
    ".. figure:: j.png\n\n   - a list\n\n",
    ".. figure:: k.png\n\n   ..\n\n   text\n\n",
    ".. figure:: l.png\n\n   *a* **b** ``c`` `d` (*e*) '*'f a*b* *c*d x**y** \\ *z*\n\n",
    ".. figure:: m.png\n\n   |a b| _`target` word_ x__ a_b_ https://x.y_\n\n",
    ".. figure:: n\n   .png\n\n   split path\n\n",
    ".. figure:: o.png\n   An argument's line\n\n   caption\n\n",
    ".. note::\n\n   ",
    ".. note:: text\n   ",
    "   ",
    "text\n",
    "text\n\n",
    "text::\n\n",
    "::\n\n",
    "\n",
    "- ",
    "* item\n\n  ",
    "1. ",
    "(a) ",
    ":field: ",
    "term\n   ",
    "..\n",
    "..\n\n",
    ".. comment\n",
    ".. comment\n\n   ",
    ".. code:: x\n\n   ",
    ".. [1] footnote ",
    ".. _cat: https://x.y\n\n",
    ".. _the docs: https://x.y\n\n",
    "Title\n=====\n",
    "----\n\n",
    "> quoted\n\n",
    "| line\n",
    "    deep\n\n",
    "*",
    "`",
    "|name| text\n\n",
]

DIRECTIVES = {"figure", "image", "replace", "note", "code"}

# Where the daemon differs on purpose.
EXPLAINED = {
    "a directive that docutils does not know, whose body the daemon takes for text: extensions have many": lambda text: (
        any(name not in DIRECTIVES for name in re.findall(r"\.\. (?:\|[^|]*\| )?([\w.:+-]*\w) ?::(?=\s|$)", text))
    ),
}

SETTINGS = {
    "report_level": 5,
    "halt_level": 6,
    "input_encoding": "unicode",
    "raw_enabled": False,
    "file_insertion_enabled": False,
    "warning_stream": False,
    "doctitle_xform": False,
    "docinfo_xform": False,
}


def captions(texts):
    return [one(text) for text in texts]


def tree_of(text):
    return docutils.core.publish_doctree(text, settings_overrides=SETTINGS)


def one(text):
    tree = tree_of(text)
    # A substitution is shown where it is named; its definition is what the daemon lists.
    named = [image for image in tree.findall(docutils.nodes.image) if not in_text(image)]
    found = []
    for image in named:
        figure = image.parent
        while figure is not None and not isinstance(figure, (docutils.nodes.figure, docutils.nodes.legend)):
            figure = figure.parent
        if isinstance(figure, docutils.nodes.legend):
            figure = None
        caption = image.get("alt", "")
        if figure is not None:
            caption = next((shown(each) for each in figure.findall(docutils.nodes.caption)), caption)
        caption = " ".join(caption.split())
        uri = image["uri"]
        if caption and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:|//", uri):
            found.append((posixpath.normpath("/doc/" + unquote(re.split(r"[?#]", uri)[0])), caption))
    return found


def in_text(image):
    return isinstance(image.parent, docutils.nodes.TextElement) and not isinstance(
        image.parent, (docutils.nodes.substitution_definition, docutils.nodes.reference)
    )


def shown(node):
    """A node's text as the writers show it: brackets around footnotes, no system messages."""
    if isinstance(node, (docutils.nodes.footnote_reference, docutils.nodes.citation_reference)):
        return f"[{node.astext()}]"
    if isinstance(node, docutils.nodes.image):
        return node.get("alt", "")
    if isinstance(node, docutils.nodes.problematic):
        # Of a reference without target, which another file of the project may have, the daemon shows the words.
        return re.sub(
            r"^`(.*)`__?$|^(.*?)__?$", lambda match: match[1] or match[2] or "", node.astext(), flags=re.DOTALL
        )
    if isinstance(node, docutils.nodes.Text):
        return node.astext()
    return "".join(shown(child) for child in node.children)
