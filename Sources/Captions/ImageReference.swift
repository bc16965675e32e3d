/// An image as a document names it.
struct ImageReference: Sendable {
    /// A file path, or the whole `data:` URI.
    private var path: String
    private var isData = false
    private(set) var isLocal = true

    /// A plain path, as in LaTeX.
    init(path: String) {
        self.path = path
        isLocal = !path.isEmpty
    }

    /// A URI reference, as in Markdown and HTML: percent-encoding is decoded, query and fragment are dropped,
    /// `file:` is a path, `data:image/…` stays, and anything else with a scheme or host is not local.
    init(uri: String) {
        let uri = uri.trimmingSpaces
        let scheme = Self.scheme(of: uri)
        switch scheme {
        case "data":
            (path, isData, isLocal) = (uri, true, uri.lowercased().hasPrefix("data:image/"))
        case "file":
            var rest = uri.dropFirst("file:".count)
            if rest.hasPrefix("//localhost/") {
                rest = rest.dropFirst("//localhost".count)
            } else if rest.hasPrefix("///") {
                rest = rest.dropFirst(2)
            }
            path = Self.decoded(String(rest))
            isLocal = !rest.isEmpty && !rest.hasPrefix("//")
        case .some:
            (path, isLocal) = (uri, false)
        case nil:
            path = Self.decoded(uri)
            isLocal = !path.isEmpty && !uri.hasPrefix("//")
        }
    }

    /// The path joined to the document's folder, without `.` and `..` where they can be worked out.
    func resolved(against documentPath: String?) -> String {
        if isData { return path }
        guard !path.hasPrefix("/"), let documentPath, !documentPath.isEmpty else { return Self.normalized(path) }
        let document = Self.scheme(of: documentPath) == "file" ? ImageReference(uri: documentPath).path : documentPath
        let folder = document.lastIndex(of: "/").map { document[...$0] } ?? ""
        return Self.normalized(folder + path)
    }

    /// A scheme of two or more letters (one letter is a drive), in lower case.
    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon]
        let valid = scheme.utf8.allSatisfy {
            $0.isAlphanumeric || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
        return scheme.count >= 2 && valid && (scheme.utf8.first?.isLetter ?? false) ? scheme.lowercased() : nil
    }

    /// Percent-decoded, less query and fragment. Escapes that are not UTF-8 stay as written.
    private static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16), value != 0
            {
                result.append(value)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(validating: result, as: UTF8.self) ?? String(decoding: bytes, as: UTF8.self)
    }

    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !path.hasPrefix("/") {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

extension String {
    var trimmingSpaces: String {
        let bytes = Array(utf8)
        guard let first = bytes.firstIndex(where: { !$0.isSpace }), let last = bytes.lastIndex(where: { !$0.isSpace })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
