;;; fixlip-captions.el --- Captions of a buffer  -*- lexical-binding: t; -*-

;;; Commentary:

;; The daemon finds the captions; here are the buffer's language, and where the
;; words of a caption stand.

;;; Code:

(require 'fixlip-connection)

(defcustom fixlip-languages
  '((gfm-mode . "markdown") (markdown-mode . "markdown") (markdown-ts-mode . "markdown") (poly-markdown-mode . "markdown")
    (poly-quarto-mode . "quarto") (org-mode . "org") (rst-mode . "restructuredtext")
    (html-mode . "html") (html-ts-mode . "html") (mhtml-mode . "html") (web-mode . "html") (nxhtml-mode . "html")
    (vue-mode . "vue") (svelte-mode . "svelte") (astro-ts-mode . "astro")
    (js-jsx-mode . "javascriptreact") (rjsx-mode . "javascriptreact") (tsx-ts-mode . "typescriptreact")
    (latex-mode . "latex") (LaTeX-mode . "latex") (tex-mode . "latex") (plain-tex-mode . "latex"))
  "Names of languages in the protocol, by major mode."
  :group 'fixlip
  :type '(alist :key-type symbol :value-type string))

(defconst fixlip--extensions
  '(("md" . "markdown") ("markdown" . "markdown") ("mdx" . "mdx") ("qmd" . "quarto") ("rmd" . "rmd") ("org" . "org") ("rst" . "rst")
    ("html" . "html") ("htm" . "html") ("vue" . "vue") ("svelte" . "svelte") ("astro" . "astro")
    ("jsx" . "javascriptreact") ("tsx" . "typescriptreact") ("tex" . "latex"))
  "Names of languages by file extension, for modes that `fixlip-languages' lacks.")

(cl-defstruct (fixlip-caption (:constructor fixlip-caption-make))
  "An image and its caption, in positions of the buffer."
  image text
  begin end                      ; the caption
  areas                          ; list of (BEGIN . END): the image's source, the caption
  runs)                          ; list of (START END FROM TO): scalars of the caption, offsets from `begin'

(defun fixlip--language ()
  "The current buffer's language in the protocol's names."
  (let ((by-mode (or (alist-get major-mode fixlip-languages)
                     (cdr (cl-find-if (lambda (each) (derived-mode-p (car each))) fixlip-languages))))
        (extension (and buffer-file-name (downcase (or (file-name-extension buffer-file-name) "")))))
    (or (and by-mode (member extension '("mdx" "qmd" "rmd")) (cdr (assoc extension fixlip--extensions)))
        by-mode
        (cdr (assoc extension fixlip--extensions))
        (string-remove-suffix "-mode" (symbol-name major-mode)))))

(defun fixlip--position (position)
  "The buffer position of the protocol's POSITION in Unicode scalars."
  (goto-char (point-min))
  (forward-line (plist-get position :line))
  (min (point-max) (+ (point) (plist-get position :character))))

(defun fixlip--area (range)
  "The buffer positions (BEGIN . END) of the protocol's RANGE."
  (cons (fixlip--position (plist-get range :start)) (fixlip--position (plist-get range :end))))

(defun fixlip--read-caption (found)
  "The caption FOUND by the daemon, in positions of the current buffer."
  (let* ((area (fixlip--area (plist-get found :captionRange)))
         (begin (car area)))
    (fixlip-caption-make
     :image (plist-get found :image) :text (plist-get found :caption)
     :begin begin :end (cdr area)
     :areas (list (fixlip--area (plist-get found :range)) area)
     :runs (mapcar (lambda (run)
                     (let ((source (fixlip--area (plist-get run :range))))
                       (list (plist-get run :start) (plist-get run :end)
                             (- (car source) begin) (- (cdr source) begin))))
                   (plist-get found :runs)))))

(defun fixlip--find (connection success failure)
  "Ask CONNECTION for the captions of the current buffer.
Call SUCCESS there with a list of `fixlip-caption', or FAILURE with a message.
A buffer that changed meanwhile is asked about again."
  (let* ((buffer (current-buffer))
         (tick (buffer-chars-modified-tick))
         (language (fixlip--language))
         (text (save-restriction
                 (widen)
                 ;; Bytes that are no characters, one "?" each, so that columns stay.
                 (replace-regexp-in-string (format "[^%c-%c]" 0 #x10ffff) "?"
                                           (buffer-substring-no-properties (point-min) (point-max)) t t))))
    (fixlip--call
     connection :document/captions
     `(:languageId ,language :text ,text :positionEncoding "utf-32"
       ,@(and buffer-file-name (list :path (expand-file-name buffer-file-name))))
     (lambda (found)
       (when (buffer-live-p buffer)
         (with-current-buffer buffer
           (if (/= tick (buffer-chars-modified-tick))
               (fixlip--find connection success failure)
             (funcall success (save-excursion
                                (save-restriction
                                  (widen)
                                  (mapcar #'fixlip--read-caption found))))))))
     (lambda (message code)
       (funcall failure (if (and (eql code -32602) (string-match-p "languageId" message))
                            (format "captions are not read in %s buffers" language)
                          message))))))

(defun fixlip--caption-at (captions position)
  "The one of CAPTIONS around POSITION, else the only one on its line."
  (or (cl-find-if (lambda (caption)
                    (cl-some (lambda (area) (and (<= (car area) position) (< position (cdr area))))
                             (fixlip-caption-areas caption)))
                  captions)
      (let* ((from (save-excursion (goto-char position) (line-beginning-position)))
             (to (save-excursion (goto-char position) (line-end-position)))
             (near (cl-remove-if-not
                    (lambda (caption)
                      (cl-some (lambda (area) (and (<= (car area) to) (>= (cdr area) from)))
                               (fixlip-caption-areas caption)))
                    captions)))
        (and near (null (cdr near)) (car near)))))

(defun fixlip--pieces (caption first last)
  "Where scalars FIRST to LAST of CAPTION stand: list of (FROM . TO).
The offsets count from the beginning of the caption in the buffer."
  (cl-loop for (start end from to) in (fixlip-caption-runs caption)
           for a = (max first start)
           for b = (min last end)
           when (< a b)
           ;; With equally many scalars they are the same ones; otherwise the whole run stands for the whole source.
           collect (if (= (- to from) (- end start))
                       (cons (+ from (- a start)) (+ from (- b start)))
                     (cons from to))))

(defun fixlip--image (caption)
  "The image of CAPTION as the daemon should read it: LaTeX leaves extensions out."
  (let ((image (fixlip-caption-image caption)))
    (if (or (string-prefix-p "data:" image) (string-match-p "\\.[[:alnum:]]+\\'" image) (file-exists-p image))
        image
      (or (cl-find-if #'file-exists-p (mapcar (lambda (extension) (concat image extension)) '(".png" ".jpg" ".jpeg" ".webp")))
          image))))

(defun fixlip--short (message image)
  "MESSAGE with the name of the file IMAGE instead of its path."
  (if (string-prefix-p "data:" image)
      message
    (replace-regexp-in-string (regexp-quote image) (file-name-nondirectory image) message t t)))

(provide 'fixlip-captions)
;;; fixlip-captions.el ends here
