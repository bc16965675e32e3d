import Captions
import FIxLIPProtocol
import JSON
import JSONRPC

extension Services {
    /// `document/captions`, `rpc.discover`
    func registerDocumentMethods(in table: inout MethodTable) {
        table.on(DocumentCaptions.self) { parameters, _ in
            let encoding: PositionEncoding =
                switch parameters.positionEncoding ?? .utf16 {
                case .utf8: .utf8
                case .utf16: .utf16
                case .utf32: .utf32
                }
            return try await files.run {
                do throws(CaptionError) {
                    let found = try CaptionFinder.captions(
                        in: parameters.text, languageId: parameters.languageId, documentPath: parameters.path,
                        encoding: encoding)
                    return Result { try JSONValue(encoding: found) }
                } catch {
                    throw ParameterError("languageId", "is not one that is read: \(error)")
                }
            }.get()
        }

        table.on(Discover.self) { _, _ in
            try openRPCDocument.get()
        }
    }
}

/// Parsed once: it is large, and every client may ask for it.
private let openRPCDocument = Result { try JSONValue(parsing: OpenRPCDocument.json, limits: JSONLimits(depth: 256)) }
