// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// The application's own error codes, beside those of JSON-RPC 2.0.
package enum ErrorKind: Int, Sendable, CaseIterable {
    /// No model of that name: no such built-in model, folder or entry of the local hub cache; or, for `models/unload`,
    /// it is not loaded.
    case modelNotFound = 1001
    /// The model is of an architecture, or uses an option, that the daemon does not run.
    case modelUnsupported = 1002
    /// The model's files are damaged or do not fit together.
    case modelCorrupt = 1003
    /// The image is not there, may not be read, or is no PNG, JPEG or WebP file that decodes.
    case imageUnreadable = 1004
    /// The image has more pixels than the limit.
    case imageTooLarge = 1005
    /// The path leads outside the daemon's image roots, links resolved.
    case pathNotAllowed = 1006
    /// The text cannot be read by the model: it has more than 65,536 Unicode scalars, or its tokenizer fails at it.
    case textInvalid = 1007
    /// No open explanation has this handle: it was closed, was idle too long, or belongs to an earlier run of the
    /// daemon.
    case explanationNotFound = 1008
    /// The number of masks asked for is not possible or too small for the players, or there are no masks yet for an
    /// estimate.
    case budgetInvalid = 1009
    /// The model or the masks do not fit in the memory the daemon may use.
    case memoryLimit = 1010
    /// Too many requests in flight or connections open.
    case overloaded = 1011
    /// The daemon is stopping and takes no work.
    case shuttingDown = 1012
    /// The model to unload is in use by a request or an open explanation.
    case modelInUse = 1013

    /// The word in `data.kind`.
    package var name: String { "\(self)" }

    /// Whether the same request may succeed a moment later.
    package var isRetryable: Bool { [.overloaded, .modelInUse].contains(self) }
}
