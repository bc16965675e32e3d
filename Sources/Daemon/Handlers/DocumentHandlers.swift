import Captions
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

/// `document/captions`, `rpc.discover`
struct DocumentHandlers: Sendable {
    let threads: WorkThreads
    let images: ImageLoader

    func register(in table: inout MethodTable) {
        table.on(DocumentCaptions.self) { parameters, _ in
            let encoding: PositionEncoding =
                switch parameters.positionEncoding ?? DocumentCaptions.Parameters.defaultPositionEncoding {
                case .utf8: .utf8
                case .utf16: .utf16
                case .utf32: .utf32
                }
            let roots = parameters.roots ?? DocumentCaptions.Parameters.defaultRoots
            try ParameterLimit.roots.check(count: roots.count, "roots", "folders")
            if let empty = roots.firstIndex(of: "") {
                throw ParameterError("roots[\(empty)]", "must be the path of a folder; it is empty")
            }
            return try await threads.run { turn in
                do {
                    return try CaptionFinder.captions(
                        in: parameters.text, languageId: parameters.languageId, documentPath: parameters.path,
                        encoding: encoding, roots: roots,
                        home: ProcessInfo.processInfo.environment["HOME"],
                        exists: images.mayRead, isCancelled: turn.isCancelled
                    ).map { DocumentCaptions.Caption($0) }
                } catch let error as CaptionError {
                    throw ParameterError("languageId", "is not one that is read: \(error)")
                }
            }
        }

        table.on(Discover.self) { _, _ in
            try openRPCDocument.get()
        }
    }
}

/// Parsed once: it is large, and every client may ask for it.
private let openRPCDocument = Result { try JSONValue(parsing: OpenRPCDocument.json, limits: JSONLimits(depth: 256)) }

extension DocumentCaptions.Caption {
    fileprivate init(_ found: DocumentCaption) {
        self.init(
            image: found.image, lookedFor: found.lookedFor, caption: found.caption, range: .init(found.range),
            captionRange: .init(found.captionRange),
            runs: found.runs.map { .init(start: $0.start, end: $0.end, range: .init($0.range)) })
    }
}

extension DocumentCaptions.Range {
    fileprivate init(_ range: TextRange) {
        self.init(
            start: .init(line: range.start.line, character: range.start.character),
            end: .init(line: range.end.line, character: range.end.character))
    }
}
