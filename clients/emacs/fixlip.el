;;; fixlip.el --- Why an image and its caption match  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1"))
;; Version: 0.1.0
;; Keywords: tools, multimedia

;;; Commentary:

;; `fixlip-explain' shades the words of the caption at point by their weight in
;; the match with its image and lists the strongest pairs of a word and a patch
;; of the image, with a picture where Emacs shows images; `fixlip-page' opens the
;; whole page in a browser.  `fixlip-scores' does so for all captions of the buffer,
;; `fixlip-clear' removes it all.  The daemon fixlipd does the work.

;;; Code:

(require 'fixlip-connection)
(require 'fixlip-captions)
(require 'fixlip-display)

(defcustom fixlip-model nil
  "The model: \"demo\", a folder, or \"org/name\"; nil for the daemon's own choice."
  :group 'fixlip
  :type '(choice (const :tag "The daemon's" nil) string))

(defcustom fixlip-budget 512
  "Image masks for `fixlip-explain'.
More take longer and give values with less noise."
  :group 'fixlip
  :type 'natnum)

(defcustom fixlip-score-budget 128
  "Image masks for each caption of `fixlip-scores'."
  :group 'fixlip
  :type 'natnum)

(defcustom fixlip-pairs 8
  "How many of the strongest word–patch pairs are listed."
  :group 'fixlip
  :type 'natnum)

(defvar fixlip--tokens 0 "How many progress tokens have been made.")

(defvar fixlip--subject nil
  "The entry of the latest `fixlip-explain', which the buffer of pairs is about.")

(defvar-local fixlip--run nil "What stands for the latest `fixlip-scores' of this buffer.")

(defun fixlip--read-values (players values)
  "Words and strongest pairs of VALUES for PLAYERS: (WORDS . PAIRS)."
  (let* ((image (plist-get players :image))
         (count (plist-get image :count))
         (columns (plist-get image :columns))
         (weights (plist-get values :firstOrderReading))
         (cells (plist-get (plist-get values :pairs) :data))
         words pairs)
    (cl-loop for player across (plist-get players :text)
             for index from 0
             do (push (list :text (plist-get player :token) :first (plist-get player :start) :last (plist-get player :end)
                            :value (aref weights (+ count index)))
                      words)
             do (dotimes (patch count)
                  (push (list :word (plist-get player :token) :row (1+ (/ patch columns)) :column (1+ (% patch columns))
                              :value (aref cells (+ (* index count) patch)))
                        pairs)))
    (setq pairs (sort (nreverse pairs) (lambda (a b) (> (abs (plist-get a :value)) (abs (plist-get b :value))))))
    (cons (nreverse words) (seq-take pairs fixlip-pairs))))

(defun fixlip--explain (connection caption budget update &optional pictured)
  "Explain CAPTION over CONNECTION with BUDGET image masks.
With PICTURED the last state has a drawing, where it can be shown.
Call UPDATE with a plist whenever there is something to show: :phase is
`opening', `refining', `done' or `failed' (then with :message).  Return a
function that ends the work without a further call."
  (let* ((token (format "emacs-%d-%d" (emacs-pid) (cl-incf fixlip--tokens)))
         (image (fixlip--image caption))
         (state (list :phase 'opening :budget budget))
         (ended nil) (players nil) (explanation nil))
    (cl-labels
        ((set-state (&rest changes)
           (cl-loop for (key value) on changes by #'cddr do (setq state (plist-put state key value))))
         (take (values masks fit)
           (set-state :masks masks)
           (when fit (set-state :fit fit))
           (when values
             (pcase-let ((`(,words . ,pairs) (fixlip--read-values players values)))
               (set-state :words words :pairs pairs))))
         (finish (phase &optional message)
           (remhash token fixlip--listeners)
           (when explanation
             (fixlip--call connection :explanation/close (list :explanation explanation) #'ignore #'ignore))
           (unless ended
             (setq ended t)
             (set-state :phase phase :message message)
             (funcall update state)))
         (fail (message code)
           (unless code (set-state :gone t) (setq explanation nil))
           (finish 'failed (fixlip--short message image)))
         (refine ()
           (puthash token
                    (lambda (value)
                      (unless (or ended (equal (plist-get value :kind) "end"))
                        (take (plist-get value :values) (plist-get value :imageMasks) (plist-get value :looR2))
                        (funcall update state)))
                    fixlip--listeners)
           (fixlip--call connection :explanation/refine
                         `(:explanation ,explanation :budget (:imageMasks ,budget) :progressToken ,token
                           :values (:pairs "crossModal"))
                         (lambda (result)
                           (take (plist-get result :values) (plist-get result :imageMasks) (plist-get result :looR2))
                           (if (and pictured (not ended) (fixlip--shows-pictures-p)) (draw) (finish 'done)))
                         #'fail))
         ;; The list is worth having without its picture.
         (draw ()
           (fixlip--call connection :explanation/render
                         (list :explanation explanation :format "svg" :compact t :width fixlip-picture-width)
                         (lambda (result)
                           (set-state :picture (plist-get result :content))
                           (finish 'done))
                         (lambda (&rest _) (finish 'done))))
         (opened (result)
           (setq explanation (plist-get result :explanation) players (plist-get result :players))
           (set-state :cosine (plist-get result :cosine) :truncated (eq t (plist-get result :truncated)))
           (cond (ended (finish 'done))
                 ((zerop (length (plist-get players :text))) (finish 'failed "the caption has no words"))
                 (t (set-state :phase 'refining)
                    (funcall update state)
                    (refine)))))
      (fixlip--call connection :explanation/open
                    `(:image ,image :text ,(fixlip-caption-text caption) :players (:text "words")
                      ,@(and fixlip-model (list :model fixlip-model)))
                    #'opened #'fail)
      (lambda ()
        (unless ended
          (setq ended t)
          (remhash token fixlip--listeners)
          (when explanation
            (fixlip--call connection :explanation/stop (list :explanation explanation) #'ignore #'ignore)))))))

(defun fixlip--show (connection entry budget watch &optional pictured)
  "Explain the caption of ENTRY over CONNECTION with BUDGET image masks.
With PICTURED the last state has a drawing, where it can be shown.
Call WATCH with every state; :phase is `dropped' when the entry was removed."
  (let ((cancel nil))
    (setf (fixlip-entry-on-drop entry)
          (lambda ()
            (when cancel (funcall cancel))
            (funcall watch '(:phase dropped))))
    (setq cancel
          (fixlip--explain
           connection (fixlip-entry-caption entry) budget
           (lambda (state)
             (unless (fixlip-entry-dropped entry)
               (let ((score (and (plist-get state :cosine) (format "similarity %.2f" (plist-get state :cosine)))))
                 (pcase (plist-get state :phase)
                   ('failed (fixlip--draw entry (plist-get state :words) (plist-get state :message) 'fixlip-fault))
                   ('done (fixlip--draw entry (plist-get state :words) score 'fixlip-score))
                   (_ (fixlip--draw entry (plist-get state :words) (concat score " …") 'fixlip-score))))
               (funcall watch state)))
           pictured))))

(defun fixlip--say (message)
  "Show MESSAGE of an answer that came later."
  (message "fixlip: %s" message))

(defun fixlip--at-point (found)
  "Call FOUND with a connection and the caption at point.
Say so where there is none."
  (let ((connection (fixlip-connect))
        (position (point)))
    (fixlip--find
     connection
     (lambda (captions)
       (let ((caption (fixlip--caption-at captions position)))
         (if caption
             (funcall found connection caption)
           (fixlip--say (if captions "no captioned image at point" "no captioned images in this buffer")))))
     #'fixlip--say)))

;;;###autoload
(defun fixlip-explain ()
  "Explain the match of the caption at point and its image.
Words are shaded by their weight: orange words raise the match, blue words
lower it.  The strongest pairs of a word and a patch are listed in a buffer of
their own, which follows the estimate while it becomes better."
  (interactive)
  (fixlip--at-point
   (lambda (connection caption)
     (let ((entry (fixlip--add caption)))
       (setq fixlip--subject entry)
       (fixlip--draw entry nil "…" 'fixlip-score)
       (display-buffer (fixlip--show-pairs '(:phase opening))
                       '((display-buffer-reuse-window display-buffer-at-bottom) (window-height . 14)))
       (fixlip--show connection entry fixlip-budget
                     (lambda (state)
                       ;; An earlier caption may still refine: its shading follows, the list does not.
                       (when (and (eq entry fixlip--subject) (not (eq (plist-get state :phase) 'dropped)))
                         (fixlip--show-pairs state)))
                     t)))))

;;;###autoload
(defun fixlip-page ()
  "Open the page about the caption at point in a browser."
  (interactive)
  (fixlip--at-point
   (lambda (connection caption)
     (fixlip--say "drawing the page …")
     (fixlip--call connection :explain
                   `(:image ,(fixlip--image caption) :text ,(fixlip-caption-text caption)
                     :budget (:imageMasks ,fixlip-budget) :pairs "none" :render (:format "html" :askModel t)
                     ,@(and fixlip-model (list :model fixlip-model)))
                   (lambda (result)
                     (let ((file (make-temp-file "fixlip-" nil ".html"))
                           (coding-system-for-write 'utf-8))
                       (write-region (plist-get (plist-get result :render) :content) nil file nil 'silent)
                       (browse-url-of-file file)))
                   (lambda (message &rest _) (fixlip--say message))))))

(defun fixlip--score-each (connection entries run)
  "Explain ENTRIES of the current buffer one after the other over CONNECTION.
Stop when RUN is no longer the buffer's latest."
  (let ((buffer (current-buffer)) (entry (car entries)))
    (when (and entry (eq run fixlip--run))
      (if (fixlip-entry-dropped entry)
          (fixlip--score-each connection (cdr entries) run)
        (let ((ended nil))
          (fixlip--show
           connection entry fixlip-score-budget
           (lambda (state)
             (when (and (not ended) (memq (plist-get state :phase) '(done failed dropped)))
               (setq ended t)
               (if (plist-get state :gone)
                   (mapc #'fixlip--drop (cdr entries))
                 (when (buffer-live-p buffer)
                   (with-current-buffer buffer
                     (fixlip--score-each connection (cdr entries) run))))))))))))

;;;###autoload
(defun fixlip-scores ()
  "Score every caption of the buffer against its image, and shade their words."
  (interactive)
  (let ((connection (fixlip-connect))
        (run (setq fixlip--run (list t))))
    (fixlip--find
     connection
     (lambda (captions)
       (if (null captions)
           (fixlip--say "no captioned images in this buffer")
         ;; All are anchored where they were found, before the text can change.
         (let ((entries (mapcar #'fixlip--add captions)))
           (dolist (entry entries)
             (fixlip--draw entry nil "…" 'fixlip-score))
           (fixlip--score-each connection entries run))))
     #'fixlip--say)))

;;;###autoload
(defun fixlip-clear ()
  "Remove what fixlip shows in this buffer, and end what still runs for it."
  (interactive)
  (setq fixlip--run nil)
  (fixlip--drop-all)
  (when-let ((window (get-buffer-window "*fixlip*")))
    (save-current-buffer (quit-window nil window))))

(provide 'fixlip)
;;; fixlip.el ends here
