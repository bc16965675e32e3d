import JSON

/// Finds images and their captions in a document, so that no editor parses anything itself.
public enum DocumentCaptions: RequestMethod {
    public static let name = "document/captions"

    /// What `character` of a position counts (LSP 3.17, `PositionEncodingKind`).
    public enum Encoding: String, Choice {
        case utf8 = "utf-8"
        case utf16 = "utf-16"
        case utf32 = "utf-32"
    }

    public struct Parameters: Codable, Sendable {
        /// The editors' name of the language, such as `markdown`.
        public var languageId: String
        public var text: String
        /// The document's path or `file://` URI; relative image paths are resolved against its folder.
        public var path: String?
        /// `utf-16` unless told.
        public var positionEncoding: Encoding?
    }

    /// An array of `DocumentCaption`: image, caption, range, captionRange, runs.
    public typealias Result = JSONValue
}

/// The protocol itself, as an OpenRPC document.
public enum Discover: RequestMethod {
    public static let name = "rpc.discover"
    public typealias Parameters = NoParameters
    public typealias Result = JSONValue
}
