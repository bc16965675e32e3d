"""Org as Emacs reads it: org-element for the images of paragraphs with captions, ox-html for the captions' text."""

import json
import pathlib
import re
import subprocess
import tempfile
from html import unescape

IS_QUICK = False

FRAGMENTS = [
    "#+CAPTION: A /grey/ cat with =code= and [[https://x.y][a link]]\n",
    "#+CAPTION: *bold /nested/* _under_ +gone+ ~verb~\n",
    "#+caption[short]: Two words\n",
    "#+CAPTION: a*b* *c*d (*e*) x/y/z '/f/'\n",
    "#+CAPTION: plain\n",
    "#+NAME: fig\n",
    "#+ATTR_HTML: :width 100\n",
    "#+TITLE: x\n",
    "[[file:a.png]]\n",
    "[[./b.jpg]]\n",
    "[[/c.png]]\n",
    "[[d.png]]\n",
    "[[file:e.png][text]]\n",
    "[[https://x.y/big.png][file:f.png]]\n",
    "file:g.png\n",
    "<file:h.png>\n",
    "text [[file:i.png]] more\n",
    "- [[file:j.png]]\n",
    "| [[file:k.png]] |\n",
    ": [[file:l.png]]\n",
    "# [[file:m.png]]\n",
    "* Headline\n",
    "[[file:n.txt]]\n",
    "#+BEGIN_SRC x\n",
    "#+END_SRC\n",
    "#+begin_quote\n",
    "#+end_quote\n",
    "#+begin_example\n",
    "#+end_example\n",
    "text\n",
    "\n",
    "\n",
    "   ",
    "-----\n",
]

# Where the daemon differs on purpose.
EXPLAINED = {}

SCRIPT = r"""
(require 'org) (require 'ox-html) (require 'json)
(setq org-export-with-broken-links t)
(let ((texts (json-parse-string (with-temp-buffer (insert-file-contents (car command-line-args-left)) (buffer-string))
                                :array-type 'list))
      (rules '(("file" . "\\.\\(jpeg\\|jpg\\|png\\|gif\\|svg\\|webp\\)\\'")))
      (results '()))
  (dolist (text texts)
    (with-temp-buffer
      (insert text)
      (let ((org-inhibit-startup t)) (org-mode))
      (let ((found '()))
        (org-element-map (org-element-parse-buffer) 'link
          (lambda (link)
            (let* ((paragraph (org-element-property :parent link))
                   (caption (and (eq (org-element-type paragraph) 'paragraph)
                                 (org-element-property :caption paragraph)))
                   (contents (org-element-interpret-data (org-element-contents link)))
                   (shown (if (string= contents "") link
                            (with-temp-buffer
                              (let ((org-inhibit-startup t)) (org-mode))
                              (insert contents) (goto-char (point-min))
                              (let ((inner (org-element-link-parser)))
                                (and inner (= (org-element-property :end inner) (point-max)) inner))))))
              (when (and caption shown
                         (org-export-inline-image-p (org-element-put-property (copy-sequence shown) :x nil) rules))
                (push (vector (org-element-property :path shown)
                              (org-export-string-as
                               (mapconcat (lambda (line) (org-element-interpret-data (car line)))
                                          (reverse caption) " ")
                               'html t '(:with-sub-superscript nil :with-smart-quotes nil :with-special-strings nil)))
                      found))))
          nil nil nil t)
        (push (vconcat (nreverse found)) results))))
  (princ (json-serialize (vconcat (nreverse results)))))
"""


def captions(texts):
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "captions.el")
        script.write_text(SCRIPT)
        documents = pathlib.Path(folder, "documents.json")
        documents.write_text(json.dumps(texts))
        command = ["emacs", "-Q", "--batch", "-l", str(script), str(documents)]
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900).stdout
    return [
        [(path if path.startswith("/") else "/doc/" + path.removeprefix("./"), text(html)) for path, html in found]
        for found in json.loads(output)
    ]


def text(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())
