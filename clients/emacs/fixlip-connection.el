;;; fixlip-connection.el --- The connection to fixlipd  -*- lexical-binding: t; -*-

;;; Commentary:

;; One connection for all buffers: opened and greeted.  The program
;; `fixlipd connect' finds the daemon, checks whose it is, and starts one if
;; none runs and one may be started; messages travel with jsonrpc.el.

;;; Code:

(require 'jsonrpc)
(require 'cl-lib)
(require 'subr-x)

(defgroup fixlip nil
  "Why an image and its caption match."
  :group 'tools
  :prefix "fixlip-")

(defcustom fixlip-socket nil
  "Path of the daemon's socket.
When nil: where the program looks, see fixlipd(1)."
  :type '(choice (const :tag "Default" nil) file))

(defcustom fixlip-command nil
  "The program.
When nil: $FIXLIPD, else fixlipd on the PATH."
  :type '(choice (const :tag "Default" nil) string))

(defcustom fixlip-autostart t
  "Whether to start a daemon if none runs."
  :type 'boolean)

(defconst fixlip-protocol 1
  "The version of the protocol that this package speaks.")

(defconst fixlip-gone "the daemon went away; run the command again to reconnect")

(defvar fixlip--connection nil "The shared connection, or nil.")

(defvar fixlip--greeting-seconds 10 "How long a daemon may take to greet.")

(defvar fixlip--lost nil "Whether a request was lost with its connection.")

(defvar fixlip--listeners (make-hash-table :test #'equal)
  "Functions of the value of a progress report, by token.")

(defun fixlip--fail (format &rest arguments)
  "Signal a `user-error' with a message from FORMAT and ARGUMENTS."
  (user-error "fixlip: %s" (apply #'format format arguments)))

(defun fixlip--environment (name)
  "The value of the environment variable NAME, or nil when it is empty."
  (let ((value (getenv name)))
    (and value (not (string-empty-p value)) value)))

(defun fixlip--command ()
  "The program."
  (or fixlip-command (fixlip--environment "FIXLIPD") "fixlipd"))

(defun fixlip--arguments ()
  "What the program is told."
  (append '("connect")
          (and fixlip-socket (list "--socket" (expand-file-name fixlip-socket)))
          (and (not fixlip-autostart) '("--no-spawn"))))

(defun fixlip--dial (errors)
  "Start the program and return its process.
What it says on standard error goes to the buffer ERRORS."
  (let ((command (fixlip--command)))
    (condition-case failure
        (make-process :name "fixlipd" :command (cons command (fixlip--arguments))
                      :connection-type 'pipe :coding 'utf-8-emacs-unix :noquery t
                      :stderr errors)
      (file-error
       (kill-buffer errors)
       (fixlip--fail "'%s' cannot be started (%s); install fixlipd or set fixlip-command"
                     command
                     (if (executable-find command) (error-message-string failure) "not found"))))))

(defun fixlip--last-words (errors)
  "What the program, which has ended, said last in the buffer ERRORS, or nil."
  (let ((process (get-buffer-process errors)))
    (while (and process (process-live-p process) (accept-process-output process 1))))
  ;; Emacs adds a line of its own when the process of a buffer ends.
  (let ((lines (cl-remove-if (lambda (line) (string-prefix-p "Process " line))
                             (split-string (with-current-buffer errors (buffer-string)) "[\r\n]+" t))))
    (and lines (string-remove-prefix "Error: " (car (last lines))))))

(defun fixlip--notified (_connection method params)
  "Hand the PARAMS of a progress report to its listener.
METHOD is the notification's."
  (when (eq method '$/progress)
    (when-let ((listener (gethash (plist-get params :token) fixlip--listeners)))
      (funcall listener (plist-get params :value)))))

(defun fixlip--ended (_connection)
  "Say so if a request was lost."
  (when fixlip--lost
    (setq fixlip--lost nil)
    (message "fixlip: %s" fixlip-gone)))

(defun fixlip--quieten (connection)
  "Keep no log of the messages of CONNECTION: they are large."
  (let ((old '-events-buffer-scrollback-size) (new '-events-buffer-config))
    (cond ((slot-exists-p connection old) (eieio-oset connection old 0))
          ((slot-exists-p connection new) (eieio-oset connection new '(:size 0 :format short))))))

(defun fixlip--greet (connection)
  "Check that CONNECTION speaks our protocol; return it, or nil if it is gone."
  (let (result refusal)
    (condition-case failure
        (setq result (jsonrpc-request
                      connection :initialize
                      (list :protocolVersion fixlip-protocol :clientInfo '(:name "emacs"))
                      :timeout fixlip--greeting-seconds))
      (jsonrpc-error (setq refusal (cons (alist-get 'jsonrpc-error-code (cddr failure))
                                         (alist-get 'jsonrpc-error-message (cddr failure)))))
      (error (setq refusal (cons -1 (error-message-string failure)))))
    (let ((theirs (and (listp result) (plist-get result :protocolVersion))))
      (cond ((equal theirs fixlip-protocol) connection)
            ((and refusal (not (jsonrpc-running-p connection))) nil)
            (t
             (fixlip--hang-up connection)
             (if (and (null (car refusal)) (equal (cdr refusal) "Timed out"))
                 (fixlip--fail "the daemon does not answer; end it with 'fixlipd stop' and run the command again"))
             (if (or theirs (equal (car refusal) -32602))
                 (fixlip--fail
                  "the daemon speaks another protocol version%s; this package speaks %d: update the older of the two"
                  (if theirs (format " (%s)" theirs) "") fixlip-protocol)
               (fixlip--fail "what answers on the socket is not fixlipd (%s)" (or (cdr refusal) "no version"))))))))

(defun fixlip--hang-up (connection)
  "Close CONNECTION."
  (let ((process (jsonrpc--process connection)))
    (when (process-live-p process) (delete-process process))))

(defun fixlip--open ()
  "A greeted connection to the daemon.
It is nil if the daemon ended meanwhile."
  (let* ((errors (generate-new-buffer " *fixlipd errors*"))
         (process (fixlip--dial errors))
         (connection (make-instance 'jsonrpc-process-connection
                                    :name "fixlipd" :process process
                                    :notification-dispatcher #'fixlip--notified
                                    :on-shutdown #'fixlip--ended)))
    (fixlip--quieten connection)
    (unwind-protect
        (or (fixlip--greet connection)
            (let ((words (fixlip--last-words errors)))
              (and words (fixlip--fail "%s" words))))
      (let ((process (get-buffer-process errors)))
        (when process (set-process-query-on-exit-flag process nil)))
      (unless (jsonrpc-running-p connection) (kill-buffer errors)))))

(defun fixlip-connect ()
  "The connection to the daemon, made if there is none.
Signal a `user-error' whose message says what to do."
  (let ((key (cons (fixlip--command) (fixlip--arguments))))
    (unless (and fixlip--connection
                 (jsonrpc-running-p (cdr fixlip--connection))
                 (equal (car fixlip--connection) key))
      (setq fixlip--connection nil)
      ;; A daemon that is ending still takes connections for a moment.
      (let ((connection (or (fixlip--open) (fixlip--open) (fixlip--fail "%s" fixlip-gone))))
        (setq fixlip--connection (cons key connection))))
    (cdr fixlip--connection)))

(defun fixlip--call (connection method params success failure)
  "Send a request for METHOD with PARAMS over CONNECTION.
Call SUCCESS with the result, or FAILURE with a message and the error's code,
which is nil if the daemon is gone."
  (condition-case nil
      (jsonrpc-async-request
       connection method params
       :timeout nil
       :success-fn success
       :error-fn (lambda (error)
                   (let ((code (plist-get error :code)))
                     (if (or (not (integerp code)) (eq code -1))
                         (progn (setq fixlip--lost t)
                                (funcall failure fixlip-gone nil))
                       (funcall failure (plist-get error :message) code)))))
    (error (funcall failure fixlip-gone nil))))

(provide 'fixlip-connection)
;;; fixlip-connection.el ends here
