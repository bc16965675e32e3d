;;; fixlip-display.el --- What fixlip shows  -*- lexical-binding: t; -*-

;;; Commentary:

;; Words shaded in the buffer by overlays, a note at the end of the line, and a
;; buffer with the strongest word–patch pairs.  Orange raises the match, blue
;; lowers it; the two hues differ for every common kind of colour blindness.

;;; Code:

(require 'fixlip-captions)

(defgroup fixlip-faces nil "Faces of fixlip." :group 'fixlip)

(defmacro fixlip--define-shades (sign meaning light dark)
  "Define the faces of SIGN, documented with MEANING.
LIGHT and DARK are lists of four backgrounds."
  `(progn
     ,@(cl-loop for level from 1 to 4
                for on-light in light
                for on-dark in dark
                collect `(defface ,(intern (format "fixlip-%s-%d" sign level))
                           '((((min-colors 88) (background light)) :foreground "#111417" :background ,on-light)
                             (((min-colors 88) (background dark)) :foreground "#ffffff" :background ,on-dark)
                             (t ,@(if (equal sign "positive") '(:weight bold) '(:slant italic))))
                           ,(format "Words that %s the match, strength %d of 4." meaning level)))))

(fixlip--define-shades "positive" "raise"
                       ("#f8e7da" "#efc7a9" "#e6a778" "#da7f3b")
                       ("#402e1f" "#5d3d22" "#794c26" "#985c29"))
(fixlip--define-shades "negative" "lower"
                       ("#e4edf5" "#c8d9ea" "#a6c2de" "#7aa3cd")
                       ("#1f3041" "#27435e" "#2f567c" "#376899"))

(defface fixlip-score '((t :inherit shadow)) "The similarity at the end of a line.")
(defface fixlip-fault '((t :inherit warning)) "What went wrong, at the end of a line.")
(defface fixlip-bar-positive
  '((((background dark)) :foreground "#f08a33") (t :foreground "#d15f0a")) "Bars of pairs that raise the match.")
(defface fixlip-bar-negative
  '((((background dark)) :foreground "#4a94dd") (t :foreground "#2166ac")) "Bars of pairs that lower the match.")

(cl-defstruct (fixlip-entry (:constructor fixlip-entry-make))
  "A caption for which something is shown."
  caption buffer anchor overlays dropped on-drop)

(defvar-local fixlip--entries nil "The entries of this buffer.")
(put 'fixlip--entries 'permanent-local t)

(defun fixlip--face (value largest)
  "The face for VALUE, or nil where it is less than an eighth of LARGEST."
  (unless (or (<= largest 0) (< (abs value) (/ largest 8.0)))
    (intern (format "fixlip-%s-%d" (if (< value 0) "negative" "positive")
                    (max 1 (min 4 (ceiling (* 4 (/ (abs value) largest)))))))))

(defun fixlip--drop (entry)
  "Remove what is shown for ENTRY and end its work."
  (unless (fixlip-entry-dropped entry)
    (setf (fixlip-entry-dropped entry) t)
    (mapc #'delete-overlay (fixlip-entry-overlays entry))
    (delete-overlay (fixlip-entry-anchor entry))
    (when (buffer-live-p (fixlip-entry-buffer entry))
      (with-current-buffer (fixlip-entry-buffer entry)
        (setq fixlip--entries (delq entry fixlip--entries))))
    (when (fixlip-entry-on-drop entry)
      (funcall (fixlip-entry-on-drop entry)))))

(defun fixlip--drop-all ()
  "Remove all that is shown in the current buffer."
  (mapc #'fixlip--drop (copy-sequence fixlip--entries)))

(defun fixlip--add (caption)
  "Begin to show something for CAPTION in the current buffer."
  (dolist (other (copy-sequence fixlip--entries))
    (when (eql (overlay-start (fixlip-entry-anchor other)) (fixlip-caption-begin caption))
      (fixlip--drop other)))
  (let* ((anchor (make-overlay (fixlip-caption-begin caption) (fixlip-caption-end caption) nil t nil))
         (entry (fixlip-entry-make :caption caption :buffer (current-buffer) :anchor anchor)))
    ;; A caption that is edited is no longer the one that was looked at.
    (overlay-put anchor 'modification-hooks
                 (list (lambda (_overlay after &rest _)
                         (when after (fixlip--drop entry)))))
    (push entry fixlip--entries)
    (add-hook 'kill-buffer-hook #'fixlip--drop-all nil t)
    entry))

(defun fixlip--overlay (entry from to)
  "An overlay FROM TO that goes with ENTRY."
  (let ((overlay (make-overlay from to (fixlip-entry-buffer entry) t nil)))
    (overlay-put overlay 'fixlip t)
    (push overlay (fixlip-entry-overlays entry))
    overlay))

(defun fixlip--draw (entry words note face)
  "Shade WORDS of ENTRY and put NOTE in FACE at the end of its line.
WORDS are plists with :first, :last and :value."
  (when (and (not (fixlip-entry-dropped entry)) (buffer-live-p (fixlip-entry-buffer entry)))
    (mapc #'delete-overlay (fixlip-entry-overlays entry))
    (setf (fixlip-entry-overlays entry) nil)
    (let ((begin (overlay-start (fixlip-entry-anchor entry)))
          (end (overlay-end (fixlip-entry-anchor entry)))
          (largest (fixlip--largest words)))
      (dolist (word words)
        (when-let ((shade (fixlip--face (plist-get word :value) largest)))
          (pcase-dolist (`(,from . ,to)
                         (fixlip--pieces (fixlip-entry-caption entry) (plist-get word :first) (plist-get word :last)))
            (let ((overlay (fixlip--overlay entry (+ begin from) (+ begin to))))
              (overlay-put overlay 'face shade)
              (overlay-put overlay 'help-echo (format "%s logits" (fixlip--signed (plist-get word :value))))))))
      (with-current-buffer (fixlip-entry-buffer entry)
        (let ((line-end (save-excursion (goto-char end) (line-end-position))))
          (overlay-put (fixlip--overlay entry line-end line-end) 'after-string
                       (concat (propertize " " 'cursor t) (propertize (concat "  " note) 'face face))))))))

(defun fixlip--largest (items)
  "The largest magnitude of the :value of ITEMS."
  (apply #'max 0 (mapcar (lambda (item) (abs (plist-get item :value))) items)))

(defun fixlip--signed (value)
  "VALUE with a sign and two decimals."
  (let ((text (format "%+.2f" value)))
    (if (= 0 (string-to-number text)) "0.00" text)))

(defun fixlip--bar (share)
  "A bar of at most 12 columns for SHARE of the strongest."
  (let ((eighths (round (* share 12 8))))
    (concat (make-string (/ eighths 8) ?█)
            (nth (% eighths 8) '("" "▏" "▎" "▍" "▌" "▋" "▊" "▉")))))

(defun fixlip--summary (state)
  "The first line about STATE."
  (concat (format "similarity %.3f" (plist-get state :cosine))
          (when (plist-get state :masks)
            (if (eq (plist-get state :phase) 'done)
                (format "   %d masks" (plist-get state :masks))
              (format "   %d of %d masks" (plist-get state :masks) (plist-get state :budget))))
          (when (plist-get state :fit) (format "   R² %.2f" (plist-get state :fit)))))

(defun fixlip--insert-pair (pair strongest width)
  "Insert a line for PAIR, its word in WIDTH columns.
The bar is relative to STRONGEST."
  (let ((value (plist-get pair :value)))
    (insert (truncate-string-to-width (plist-get pair :word) width 0 ?\s "…")
            (format "  row %2d, column %2d  %6s  " (plist-get pair :row) (plist-get pair :column) (fixlip--signed value))
            (propertize (fixlip--bar (if (> strongest 0) (/ (abs value) strongest) 0))
                        'face (if (< value 0) 'fixlip-bar-negative 'fixlip-bar-positive))
            "\n")))

(defcustom fixlip-picture-width 720
  "Pixels that the picture takes at most in the list of pairs.
nil leaves the picture out."
  :group 'fixlip
  :type '(choice (const :tag "No picture" nil) natnum))

(defun fixlip--shows-pictures-p ()
  "Whether the list of pairs can have a picture here."
  (and fixlip-picture-width (display-images-p) (image-type-available-p 'svg)))

(define-derived-mode fixlip-pairs-mode special-mode "Fixlip"
  "The words of a caption and their strongest pairs with patches of the image.")

(defun fixlip--show-pairs (state)
  "Write STATE into the buffer of pairs, which is made if needed; return it."
  (with-current-buffer (get-buffer-create "*fixlip*")
    (unless (derived-mode-p 'fixlip-pairs-mode) (fixlip-pairs-mode))
    (let ((inhibit-read-only t)
          (words (plist-get state :words))
          (pairs (plist-get state :pairs))
          (point (point)))
      (erase-buffer)
      (cond
       ((eq (plist-get state :phase) 'failed) (insert (propertize (plist-get state :message) 'face 'fixlip-fault) "\n"))
       ((not (plist-get state :cosine)) (insert "opening …\n"))
       (t
        (insert (fixlip--summary state) "\n")
        (when (plist-get state :truncated)
          (insert "the caption is longer than the model reads; its end is left out\n"))
        (when words
          (let ((largest (fixlip--largest words)) (fill-column 64) (from (point)))
            (dolist (word words)
              (insert (propertize (plist-get word :text) 'face (fixlip--face (plist-get word :value) largest))
                      " " (fixlip--signed (plist-get word :value)) "  "))
            (insert "\n")
            (fill-region from (point)))
          (insert "\n")
          (let ((width (min 20 (apply #'max 4 (mapcar (lambda (pair) (string-width (plist-get pair :word))) pairs)))))
            (dolist (pair pairs)
              (fixlip--insert-pair pair (fixlip--largest pairs) width))))
        (when-let ((picture (plist-get state :picture)))
          (goto-char (point-max))
          (insert "\n")
          (insert-image (create-image picture 'svg t :max-width fixlip-picture-width) "[picture]")
          (insert "\n"))))
      (goto-char (min point (point-max))))
    (current-buffer)))

(provide 'fixlip-display)
;;; fixlip-display.el ends here
