;;; fixlip-tests.el --- Tests of fixlip against a daemon  -*- lexical-binding: t; -*-

;;; Code:

(require 'ert)
(require 'json)
(require 'org)
(require 'fixlip)

(defconst fixlip-tests-folder (getenv "FIXLIP_TEST_FOLDER"))
(defconst fixlip-tests-root
  (expand-file-name "../../../" (file-name-directory (or load-file-name buffer-file-name))))
(defconst fixlip-tests-scenes (concat fixlip-tests-root "models/demo/scenes/"))
(defconst fixlip-tests-caption "a postbox next to a cocktail glass")
(defconst fixlip-tests-line (format "[[%sscene-03.png]]" fixlip-tests-scenes))
(defconst fixlip-tests-markdown (format "![%s](%sscene-03.png)" fixlip-tests-caption fixlip-tests-scenes))

(defvar fixlip-tests-messages nil "What was said, latest first.")
(advice-add 'message :before
            (lambda (format &rest arguments)
              (when (and format (string-prefix-p "fixlip" format))
                (push (apply #'format format arguments) fixlip-tests-messages))))

(defun fixlip-tests-await (what condition)
  "Wait until CONDITION holds, or fail with WHAT."
  (let ((end (+ (float-time) 60)))
    (while (not (funcall condition))
      (when (> (float-time) end)
        (ert-fail (format "waited in vain: %s; said: %S" what fixlip-tests-messages)))
      (accept-process-output nil 0.01))))

(defmacro fixlip-tests-in (file text &rest body)
  "Visit FILE with TEXT in a buffer of its own and run BODY."
  (declare (indent 2))
  `(let ((fixlip-model "demo") (fixlip-budget 64) (fixlip-score-budget 64)
         (buffer (generate-new-buffer "document")))
     (setq fixlip-tests-messages nil)
     (unwind-protect
         (with-current-buffer buffer
           (setq buffer-file-name (expand-file-name ,file fixlip-tests-folder))
           (insert ,text)
           (set-buffer-modified-p nil)
           (goto-char (point-min))
           ,@body)
       (with-current-buffer buffer (set-buffer-modified-p nil))
       (kill-buffer buffer))))

(defun fixlip-tests-overlays ()
  "The overlays of fixlip in the current buffer, in order."
  (sort (cl-remove-if-not (lambda (overlay) (overlay-get overlay 'fixlip)) (overlays-in (point-min) (1+ (point-max))))
        (lambda (a b) (< (overlay-start a) (overlay-start b)))))

(defun fixlip-tests-shaded ()
  "The shaded words of the current buffer: list of (TEXT . FACE)."
  (cl-loop for overlay in (fixlip-tests-overlays)
           when (overlay-get overlay 'face)
           collect (cons (buffer-substring-no-properties (overlay-start overlay) (overlay-end overlay))
                         (overlay-get overlay 'face))))

(defun fixlip-tests-notes ()
  "The notes at the ends of lines."
  (cl-loop for overlay in (fixlip-tests-overlays)
           when (overlay-get overlay 'after-string)
           collect (string-trim (substring-no-properties (overlay-get overlay 'after-string)))))

(defun fixlip-tests-scored (count)
  "Wait until COUNT lines have a score."
  (fixlip-tests-await
   "scores"
   (lambda ()
     (= count (cl-count-if (lambda (note) (string-match-p "\\`similarity -?[0-9]\\.[0-9][0-9]\\'" note)) (fixlip-tests-notes))))))

(defun fixlip-tests-call (method params)
  "The answer to METHOD with PARAMS."
  (jsonrpc-request (fixlip-connect) method params :timeout 60))

(defun fixlip-tests-said (command)
  "What COMMAND says, at once or later."
  (condition-case failure
      (progn
        (funcall command)
        (fixlip-tests-await "a message" (lambda () fixlip-tests-messages))
        (car fixlip-tests-messages))
    (user-error (error-message-string failure))))

(defun fixlip-tests-find ()
  "The captions of the current buffer."
  (let ((answer 'none))
    (fixlip--find (fixlip-connect) (lambda (found) (setq answer found)) (lambda (message) (setq answer message)))
    (fixlip-tests-await "captions" (lambda () (not (eq answer 'none))))
    answer))

(defmacro fixlip-tests-with-stand-in (path answer &rest body)
  "Run BODY with a server on the socket PATH.
ANSWER is a function of a request's id that returns a JSON text or raw bytes."
  (declare (indent 2))
  `(let* ((path ,path)
          (server (make-network-process
                   :name "stand-in" :server t :family 'local :service path :noquery t
                   :filter (lambda (process text)
                             (when (string-match "\"id\":\\([0-9]+\\)" text)
                               (let ((json (funcall ,answer (match-string 1 text))))
                                 (process-send-string
                                  process (format "Content-Length: %d\r\n\r\n%s" (string-bytes json) json))))))))
     (unwind-protect (progn ,@body)
       (delete-process server))))

;;; Captions

(ert-deftest fixlip-test-shared-cases ()
  "The shared cases are found in a buffer."
  (let ((files (directory-files (concat fixlip-tests-root "clients/testdata/captions") t "\\.json\\'")))
    (should (> (length files) 20))
    (dolist (file files)
      (let* ((json-object-type 'plist)
             (case (json-read-file file))
             (path (plist-get case :path)))
        (when (and path (string-prefix-p "/" path))
          (with-temp-buffer
            (insert (plist-get case :text))
            (setq buffer-file-name path)
            (cl-letf (((symbol-function 'fixlip--language) (lambda () (plist-get case :languageId))))
              (let ((found (fixlip-tests-find)))
                (should (listp found))
                (should (equal (mapcar #'fixlip-caption-text found)
                               (mapcar (lambda (each) (plist-get each :caption)) (plist-get case :expected))))
                (should (equal (mapcar #'fixlip-caption-image found)
                               (mapcar (lambda (each) (plist-get each :image)) (plist-get case :expected))))
                (dolist (caption found)
                  (should (fixlip--pieces caption 0 (length (fixlip-caption-text caption)))))))
            (setq buffer-file-name nil)
            (set-buffer-modified-p nil)))))))

(ert-deftest fixlip-test-words-in-markup ()
  "Words are found behind escapes, entities, wide characters and line ends."
  (fixlip-tests-in "a.md" "é🐍 ![süß *rote* &amp; \\*x 🐍\nKatze](a.png)\n"
    (let* ((caption (car (fixlip-tests-find)))
           (word (lambda (first last)
                   (mapconcat (lambda (piece)
                                (buffer-substring (+ (fixlip-caption-begin caption) (car piece))
                                                  (+ (fixlip-caption-begin caption) (cdr piece))))
                              (fixlip--pieces caption first last) "|"))))
      (should (equal (fixlip-caption-text caption) "süß rote & *x 🐍 Katze"))
      (should (equal (funcall word 0 3) "süß"))
      (should (equal (funcall word 4 8) "rote"))
      (should (equal (funcall word 9 10) "&amp;"))
      (should (equal (funcall word 14 15) "🐍"))
      (should (equal (funcall word 16 21) "Katze")))))

(ert-deftest fixlip-test-narrowed-and-raw-bytes ()
  "Narrowing does not hide captions, and bytes that are no characters do no harm."
  (fixlip-tests-in "a.md" (concat (string #x3FFFFF) " ![a cat](a.png)\nmore\n")
    (goto-char (point-max))
    (forward-line -1)
    (narrow-to-region (point) (point-max))
    (let ((caption (car (fixlip-tests-find))))
      (widen)
      (should (equal (buffer-substring (fixlip-caption-begin caption) (fixlip-caption-end caption)) "a cat")))))

(ert-deftest fixlip-test-languages ()
  "The language comes from the mode, else from the file's extension."
  (fixlip-tests-in "a.md" "x" (should (equal (fixlip--language) "markdown")))
  (fixlip-tests-in "a.txt" "x" (org-mode) (should (equal (fixlip--language) "org")))
  (fixlip-tests-in "a.html" "x" (mhtml-mode) (should (equal (fixlip--language) "html")))
  (fixlip-tests-in "a.tex" "x" (latex-mode) (should (equal (fixlip--language) "latex")))
  (fixlip-tests-in "a.cob" "x" (should (equal (fixlip--language) "fundamental"))))

(ert-deftest fixlip-test-images-without-extension ()
  "An image without an extension is looked for with the usual ones."
  (should (equal (fixlip--image (fixlip-caption-make :image (concat fixlip-tests-scenes "scene-00")))
                 (concat fixlip-tests-scenes "scene-00.png")))
  (should (equal (fixlip--image (fixlip-caption-make :image "/nowhere/cat")) "/nowhere/cat")))

;;; Explanations

(ert-deftest fixlip-test-explain ()
  "Words are shaded, the similarity noted and the pairs listed."
  (fixlip-tests-in "a.md" (concat "# Pictures\n\n" fixlip-tests-markdown "\n")
    (search-forward "postbox")
    (fixlip-explain)
    (fixlip-tests-scored 1)
    (let* ((image (concat fixlip-tests-scenes "scene-03.png"))
           (result (fixlip-tests-call
                    :explain `(:model "demo" :image ,image :text ,fixlip-tests-caption :players (:text "words")
                               :budget (:imageMasks 64) :pairs "crossModal")))
           (read (fixlip--read-values (plist-get result :players) (plist-get result :values)))
           (strongest (car (sort (copy-sequence (car read))
                                 (lambda (a b) (> (abs (plist-get a :value)) (abs (plist-get b :value)))))))
           (text (with-current-buffer "*fixlip*" (buffer-string))))
      (should (equal (fixlip-tests-notes) (list (format "similarity %.2f" (plist-get result :cosine)))))
      (should (equal (cdr (assoc (plist-get strongest :text) (fixlip-tests-shaded)))
                     (if (< (plist-get strongest :value) 0) 'fixlip-negative-4 'fixlip-positive-4)))
      (should (string-match-p (regexp-quote (format "similarity %.3f   %d masks" (plist-get result :cosine) (plist-get result :imageMasks))) text))
      (should (string-match-p (regexp-quote (concat (plist-get strongest :text) " " (fixlip--signed (plist-get strongest :value)))) text))
      (should (= 8 (fixlip-tests-count text "row +[0-9], column"))))))

(ert-deftest fixlip-test-picture ()
  "Where Emacs shows images the list ends with the picture; it is an image, not text."
  (fixlip-tests-in "a.md" (concat "# Pictures\n\n" fixlip-tests-markdown "\n")
    (let (drawn)
      (cl-letf (((symbol-function 'fixlip--shows-pictures-p) (lambda () t))
                ((symbol-function 'create-image)
                 (lambda (data type is-data &rest _) (setq drawn (list data type is-data)) '(image :type svg))))
        (search-forward "postbox")
        (fixlip-explain)
        (fixlip-tests-scored 1)
        (fixlip-tests-await "the picture" (lambda () drawn)))
      (should (equal '(svg t) (cdr drawn)))
      (should (string-prefix-p "<svg" (car drawn)))
      (should (string-match-p "postbox" (car drawn)))
      (with-current-buffer "*fixlip*"
        (goto-char (point-max))
        (should (search-backward "[picture]" nil t))
        (should (equal '(image :type svg) (get-text-property (point) 'display)))))))

(ert-deftest fixlip-test-page ()
  "The page about a caption is a file that a browser gets."
  (fixlip-tests-in "a.md" (concat "# Pictures\n\n" fixlip-tests-markdown "\n")
    (let (file)
      (cl-letf (((symbol-function 'browse-url-of-file) (lambda (name) (setq file name))))
        (search-forward "postbox")
        (fixlip-page)
        (fixlip-tests-await "the page" (lambda () file)))
      (with-temp-buffer
        (insert-file-contents file)
        (should (looking-at "<!DOCTYPE html>"))
        (should (search-forward "postbox" nil t)))
      (delete-file file))))

(defun fixlip-tests-count (text pattern)
  "How often PATTERN occurs in TEXT."
  (with-temp-buffer (insert text) (goto-char (point-min)) (how-many pattern)))

(ert-deftest fixlip-test-progress ()
  "The list follows the refinement, and `fixlip-clear' ends it."
  (fixlip-tests-in "a.md" fixlip-tests-markdown
    (let ((fixlip-budget 60000)
          (masks (lambda ()
                   (with-current-buffer (get-buffer-create "*fixlip*")
                     (save-excursion
                       (goto-char (point-min))
                       (and (re-search-forward "\\([0-9]+\\) of 60000 masks" nil t)
                            (save-match-data (re-search-forward "row +[0-9]" nil t))
                            (string-to-number (match-string 1)))))))
          first)
      (goto-char 5)
      (fixlip-explain)
      (fixlip-tests-await "an estimate on the way" (lambda () (setq first (funcall masks))))
      (fixlip-tests-await "a later one" (lambda () (> (or (funcall masks) 0) first)))
      (should (fixlip-tests-shaded))
      (fixlip-clear)
      (should-not (fixlip-tests-overlays))
      (fixlip-tests-await "the end of the work"
                          (lambda () (equal [] (plist-get (fixlip-tests-call :explanation/list nil) :explanations)))))))

(ert-deftest fixlip-test-two-at-once ()
  "The list stays with the caption explained last while an earlier one still refines."
  (fixlip-tests-in "a.md" (concat fixlip-tests-markdown "\n\n" (format "![a snake](%sscene-02.png)\n" fixlip-tests-scenes))
    (let* ((fixlip-budget 60000) (drawn 0) (shown nil)
           (count (lambda (entry &rest _)
                    (when (equal fixlip-tests-caption (fixlip-caption-text (fixlip-entry-caption entry)))
                      (cl-incf drawn))))
           (note (lambda (state)
                   (dolist (word (plist-get state :words)) (cl-pushnew (plist-get word :text) shown :test #'equal)))))
      (advice-add 'fixlip--draw :before count)
      (advice-add 'fixlip--show-pairs :before note)
      (unwind-protect
          (progn
            (goto-char 5)
            (fixlip-explain)
            (fixlip-tests-await "an estimate for the first" (lambda () (member "postbox" shown)))
            (search-forward "a snak")
            (fixlip-explain)
            (fixlip-tests-await "a note for the second" (lambda () (= 2 (length (fixlip-tests-notes)))))
            (setq drawn 0 shown nil)
            (fixlip-tests-await "later estimates for both" (lambda () (and (> drawn 3) (member "snake" shown))))
            (should-not (member "postbox" shown)))
        (advice-remove 'fixlip--draw count)
        (advice-remove 'fixlip--show-pairs note)
        (fixlip-clear)))))

(ert-deftest fixlip-test-edits ()
  "Edits elsewhere move the shading, edits of a caption remove it."
  (fixlip-tests-in "a.md" (concat fixlip-tests-markdown "\n" fixlip-tests-markdown "\n")
    (fixlip-scores)
    (fixlip-tests-scored 2)
    (let ((before (fixlip-tests-shaded)))
      (goto-char (point-min))
      (insert "more\n")
      (should (equal before (fixlip-tests-shaded)))
      (search-forward "post")
      (insert "er")
      (should (= 1 (length (fixlip-tests-notes))))
      (should (= (length (fixlip-tests-shaded)) (/ (length before) 2))))))

(ert-deftest fixlip-test-scores ()
  "All captions are scored, and what is wrong with one stands beside it."
  (fixlip-tests-in "a.org"
      (format "#+CAPTION: %s\n%s\n\n#+CAPTION: a snake\n[[%snone.png]]\n\n#+CAPTION: a snake\n[[%sscene-02.png]]\n"
              fixlip-tests-caption fixlip-tests-line fixlip-tests-scenes fixlip-tests-scenes)
    (org-mode)
    (fixlip-scores)
    (fixlip-tests-scored 2)
    (should (equal (nth 1 (fixlip-tests-notes)) "none.png: No such file or directory"))
    (should-not fixlip-tests-messages)))

(defun fixlip-tests-luminance (colour)
  "The relative luminance of COLOUR, #rrggbb."
  (cl-loop for (from weight) in '((1 0.2126) (3 0.7152) (5 0.0722))
           for value = (/ (string-to-number (substring colour from (+ from 2)) 16) 255.0)
           sum (* weight (if (<= value 0.03928) (/ value 12.92) (expt (/ (+ value 0.055) 1.055) 2.4)))))

(ert-deftest fixlip-test-contrast ()
  "Text on every shade has a contrast of 4.5 or more."
  (dolist (sign '("positive" "negative"))
    (dotimes (level 4)
      (pcase-dolist (`(,_ . ,face) (seq-take (face-default-spec (intern (format "fixlip-%s-%d" sign (1+ level)))) 2))
        (let ((a (fixlip-tests-luminance (plist-get face :foreground)))
              (b (fixlip-tests-luminance (plist-get face :background))))
          (should (>= (/ (+ (max a b) 0.05) (+ (min a b) 0.05)) 4.5)))))))

;;; Faults

(ert-deftest fixlip-test-no-daemon ()
  "No daemon runs, and none may or can be started."
  (fixlip-tests-in "a.md" fixlip-tests-markdown
    (let* ((fixlip-socket (expand-file-name "none.sock" fixlip-tests-folder)) (fixlip-autostart nil))
      (should (equal (fixlip-tests-said #'fixlip-explain)
                     (format "fixlip: no daemon runs on %s; start one with 'fixlipd serve'" fixlip-socket))))
    (let ((fixlip-socket (expand-file-name "none.sock" fixlip-tests-folder)) (fixlip-command "no-such-program"))
      (should (string-match-p "'no-such-program' cannot be started (not found)" (fixlip-tests-said #'fixlip-explain))))
    (let ((fixlip-socket (concat "/tmp/" (make-string 120 ?x))))
      (should (string-match-p "has 125 bytes, the system allows 107" (fixlip-tests-said #'fixlip-explain))))
    (let ((folder (expand-file-name "open" fixlip-tests-folder)))
      (make-directory folder t)
      (set-file-modes folder #o755)
      (let ((fixlip-socket (expand-file-name "daemon.sock" folder)))
        (should (string-match-p "\\`fixlip: others can enter .* run: chmod 700 " (fixlip-tests-said #'fixlip-explain)))))))

(ert-deftest fixlip-test-other-protocol ()
  "The daemon speaks another version of the protocol."
  (fixlip-tests-in "a.md" fixlip-tests-markdown
    (let ((fixlip-socket (expand-file-name "other.sock" fixlip-tests-folder)))
      (fixlip-tests-with-stand-in fixlip-socket
          (lambda (id) (format "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"protocolVersion\":2}}" id))
        (should (equal (fixlip-tests-said #'fixlip-explain)
                       "fixlip: the daemon speaks another protocol version (2); this package speaks 1: update the older of the two"))))
    (let ((fixlip-socket (expand-file-name "refusing.sock" fixlip-tests-folder)))
      (fixlip-tests-with-stand-in fixlip-socket
          (lambda (id) (format "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32602,\"message\":\"no\"}}" id))
        (should (string-match-p "another protocol version; this package speaks 1" (fixlip-tests-said #'fixlip-explain)))))))

(ert-deftest fixlip-test-something-else ()
  "Something else than a daemon answers on the socket."
  (fixlip-tests-in "a.md" fixlip-tests-markdown
    (let ((fixlip-socket (expand-file-name "else.sock" fixlip-tests-folder)))
      (fixlip-tests-with-stand-in fixlip-socket (lambda (id) (format "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}" id))
        (should (equal (fixlip-tests-said #'fixlip-explain) "fixlip: what answers on the socket is not fixlipd (no version)"))))
    (let ((fixlip-socket (expand-file-name "silent.sock" fixlip-tests-folder)) (fixlip--greeting-seconds 0.2))
      (let ((server (make-network-process :name "silent" :server t :family 'local :service fixlip-socket :noquery t)))
        (should (string-prefix-p "fixlip: the daemon does not answer" (fixlip-tests-said #'fixlip-explain)))
        (delete-process server)))))

(ert-deftest fixlip-test-killed ()
  "The daemon is killed during a refinement; the next call reconnects."
  (fixlip-tests-in "a.md" (concat fixlip-tests-markdown "\n" fixlip-tests-markdown "\n")
    (dolist (command '(fixlip-explain fixlip-scores))
      (let ((pid (plist-get (fixlip-tests-call :server/status nil) :pid)))
        (fixlip-clear)
        (setq fixlip-tests-messages nil)
        (goto-char 5)
        (let ((fixlip-budget 60000) (fixlip-score-budget 60000))
          (funcall command)
          (fixlip-tests-await "shading" #'fixlip-tests-shaded)
          (signal-process pid 'KILL)
          (fixlip-tests-await "a note" (lambda () (equal (fixlip-tests-notes) (list fixlip-gone))))
          (fixlip-tests-await "a message" (lambda () fixlip-tests-messages))
          (should (equal fixlip-tests-messages (list (concat "fixlip: " fixlip-gone)))))
        (fixlip-explain)
        (fixlip-tests-scored 1)
        (should (/= pid (plist-get (fixlip-tests-call :server/status nil) :pid)))))))

(ert-deftest fixlip-test-broken-images ()
  "Images that are missing or no images, and a model that is missing."
  (pcase-dolist (`(,image ,note) `(("no/cat.png" "cat.png: No such file or directory")
                                   (,(concat fixlip-tests-scenes "captions.json") "captions.json: not a PNG, JPEG or WebP file")))
    (fixlip-tests-in "a.md" (format "![a cat](%s)" image)
      (goto-char 4)
      (fixlip-explain)
      (fixlip-tests-await "a note" (lambda () (equal (fixlip-tests-notes) (list note))))
      (should (string-match-p (regexp-quote note) (with-current-buffer "*fixlip*" (buffer-string))))))
  (fixlip-tests-in "a.md" fixlip-tests-markdown
    (let ((fixlip-model "/no/model"))
      (goto-char 4)
      (fixlip-explain)
      (fixlip-tests-await "a note" (lambda () (string-match-p "/no/model" (or (car (fixlip-tests-notes)) "")))))))

(ert-deftest fixlip-test-nothing-to-explain ()
  "No caption at point, none at all, one without words, an unknown language."
  (fixlip-tests-in "a.md" (concat fixlip-tests-markdown "\n\ntext")
    (goto-char (point-max))
    (should (equal (fixlip-tests-said #'fixlip-explain) "fixlip: no captioned image at point")))
  (fixlip-tests-in "a.md" (format "![](%sscene-00.png)" fixlip-tests-scenes)
    (should (equal (fixlip-tests-said #'fixlip-explain) "fixlip: no captioned images in this buffer"))
    (setq fixlip-tests-messages nil)
    (should (equal (fixlip-tests-said #'fixlip-scores) "fixlip: no captioned images in this buffer")))
  (fixlip-tests-in "a.cob" "x"
    (should (equal (fixlip-tests-said #'fixlip-explain) "fixlip: captions are not read in fundamental buffers")))
  (let (last)
    (fixlip--explain (fixlip-connect) (fixlip-caption-make :text " " :image (concat fixlip-tests-scenes "scene-00.png")) 64
                     (lambda (state) (setq last state)))
    (fixlip-tests-await "an end" (lambda () last))
    (should (equal (plist-get last :message) "the caption has no words"))))

(defun fixlip-tests-run ()
  "Run all tests and print how many passed and failed."
  (let* ((stats (ert-run-tests-batch "^fixlip-test-"))
         (failed (ert-stats-completed-unexpected stats)))
    (message "%d passed, %d failed" (ert-stats-completed-expected stats) failed)
    (kill-emacs (if (zerop failed) 0 1))))

(provide 'fixlip-tests)
;;; fixlip-tests.el ends here
