;;; eglot-test.el --- Eglot with `fixlipd lsp' -*- lexical-binding: t -*-

;;; Commentary:
;; FIXLIPD names the program, FIXLIP_TEST_FOLDER a folder with scenes.

;;; Code:

(require 'ert)
(require 'eglot)
(require 'flymake)

(defvar fixlip-folder (file-name-as-directory (getenv "FIXLIP_TEST_FOLDER")))
(setq eglot-connect-timeout 60
      eglot-sync-connect 60
      make-backup-files nil
      create-lockfiles nil)
(define-derived-mode fixlip-test-markdown-mode text-mode "Markdown")
(add-to-list 'eglot-server-programs
             `((fixlip-test-markdown-mode :language-id "markdown")
               . (,(getenv "FIXLIPD") "lsp" :initializationOptions (:budget 32))))

(defun fixlip-await (what condition)
  "Wait until CONDITION gives something, and return it; fail with WHAT."
  (let ((end (+ (float-time) 90)) value)
    (while (not (setq value (funcall condition)))
      (when (> (float-time) end) (ert-fail (format "%s did not come" what)))
      (accept-process-output nil 0.1))
    value))

(defun fixlip-find (words)
  "The diagnostic of the buffer with WORDS in its text."
  (flymake-start)
  (seq-find (lambda (diagnostic) (string-match-p words (flymake-diagnostic-text diagnostic)))
            (flymake-diagnostics)))

(ert-deftest fixlip-eglot ()
  (let ((file (expand-file-name "a.md" fixlip-folder)))
    (with-temp-file file
      (insert "# é🐍\n\n🐍 ![a postbox next to a whale](scene-03.png)\n\n![](scene-01.png)\n"))
    (find-file file)
    (fixlip-test-markdown-mode)
    (apply #'eglot (eglot--guess-contact))
    (should (eglot-current-server))
    ;; Diagnostics stand at the words.
    (let ((found (fixlip-await "a word against the image" (lambda () (fixlip-find "“whale” lowers")))))
      (should (equal (buffer-substring (flymake-diagnostic-beg found) (flymake-diagnostic-end found)) "whale")))
    (should (fixlip-find "no text that describes it"))
    ;; A hover tells a word's weight.
    (goto-char (point-min))
    (search-forward "postb")
    (let* ((reply (jsonrpc-request (eglot--current-server-or-lose) :textDocument/hover
                                   (eglot--TextDocumentPositionParams) :timeout 60))
           (text (plist-get (plist-get reply :contents) :value)))
      (should (string-match-p "“postbox”" text)))
    ;; Changes of the buffer are judged.
    (goto-char (point-min))
    (search-forward "whale")
    (replace-match "cocktail glass")
    ;; Without a person there are no idle moments, in which Eglot sends changes.
    (eglot--signal-textDocument/didChange)
    (fixlip-await "the word is right" (lambda () (not (fixlip-find "“whale” lowers"))))
    ;; An action's edit is applied.
    (goto-char (point-min))
    (search-forward "![](")
    (let ((actions (eglot-code-actions (point) (point) nil)))
      (should (seq-find (lambda (action) (equal (plist-get action :title) "Mark the image as decorative")) actions)))
    (eglot-shutdown (eglot-current-server) nil 20)
    (set-buffer-modified-p nil)))

(provide 'eglot-test)
;;; eglot-test.el ends here
