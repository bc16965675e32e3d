import Captions
import Foundation
import JSONRPC
import Synchronization

/// A document as the rules see it: its images, and what is known of their files.
package struct ReadDocument: Sendable, Equatable {
    package var captions: [DocumentCaption] = []
    /// One for each caption.
    package var images: [ImageFacts] = []

    package init() {}
}

/// Finds the images of documents and looks at their files, on a thread of its own.
package final class DocumentReader: Sendable {
    /// What to read.
    package struct Source: Sendable {
        package var text: String
        package var languageId: String
        /// The document's path or `file:` URI; nil for one that has none.
        package var path: String?
        package var encoding: PositionEncoding
        /// Folders that `/images/cat.png` begins at.
        package var roots: [String]

        package init(
            text: String, languageId: String, path: String?, encoding: PositionEncoding, roots: [String]
        ) {
            self.text = text
            self.languageId = languageId
            self.path = path
            self.encoding = encoding
            self.roots = roots
        }
    }

    private typealias Work = @Sendable (ImageInspector) -> Void

    private struct State: Sendable {
        var work: [Work] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)

    package init() {
        startThread("documents") { [self] in
            let inspector = ImageInspector()
            while true {
                ready.wait()
                let (next, isClosed) = state.withLock { state in
                    (state.work.isEmpty ? nil : state.work.removeFirst(), state.isClosed)
                }
                if let next { next(inspector) } else if isClosed { return }
            }
        }
    }

    /// Ends the thread when what waits is done.
    package func close() {
        state.withLock { $0.isClosed = true }
        ready.signal()
    }

    /// - Throws: `CaptionError` for an unknown language; `CancellationError` soon after the task was cancelled.
    package func read(_ source: Source) async throws -> ReadDocument {
        try await onThread { try Self.read(source, inspector: $0, isCancelled: $1) }
    }

    /// The text of a file, which must be UTF-8 and of at most 16 MiB.
    /// - Throws: `JSONError.unreadable`.
    package func text(ofFile path: String) async throws -> String {
        try await onThread { _, _ in try DocumentFiles.text(of: path) }
    }

    /// The documents in folders; see ``DocumentFiles``.
    package func files(in paths: [String]) async throws -> [String] {
        try await onThread { _, _ in try DocumentFiles.documents(in: paths) }
    }

    private func onThread<Value: Sendable>(
        _ body: @escaping @Sendable (ImageInspector, @escaping () -> Bool) throws -> Value
    ) async throws -> Value {
        let flag = LaneTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    state.work.append { inspector in
                        continuation.resume(with: Result { try body(inspector, { flag.isCancelled }) })
                    }
                }
                ready.signal()
            }
        } onCancel: {
            flag.cancel()
        }
    }

    /// The same on the calling thread.
    package static func read(
        _ source: Source, inspector: ImageInspector, isCancelled: @escaping () -> Bool = { false }
    ) throws -> ReadDocument {
        var result = ReadDocument()
        result.captions = try CaptionFinder.captions(
            in: source.text, languageId: source.languageId, documentPath: source.path, encoding: source.encoding,
            roots: source.roots, home: ProcessInfo.processInfo.environment["HOME"], includingUndescribed: true,
            exists: { FileManager.default.fileExists(atPath: $0) }, isCancelled: isCancelled)
        for caption in result.captions {
            if isCancelled() { throw CancellationError() }
            let isResolved = caption.image.hasPrefix("/") || caption.image.hasPrefix("data:")
            // Without a folder of its own a document's relative paths lead nowhere.
            result.images.append(
                isResolved ? inspector.facts(of: caption.image) : ImageFacts(state: .unknown))
        }
        return result
    }
}
