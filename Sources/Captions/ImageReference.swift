import PercentEncoding

/// An image as a document names it.
struct ImageReference: Sendable {
    private enum Name {
        case data(String)
        /// A path, relative to the document's folder or absolute.
        case path(String)
        /// A path from a site's root: `/images/cat.png` in Markdown, HTML and reStructuredText.
        case site(String)
        /// A path below a project's sources: `@/assets/cat.png` of web bundlers.
        case sources(String)
        /// A path below the user's home: `~/cat.png` in Org.
        case home(String)
        /// What `\includegraphics` says.
        case graphics(String, folders: [String], root: String?)
        /// An image on the network, or a name too long for any file.
        case elsewhere
    }

    private let name: Name

    var isLocal: Bool {
        if case .elsewhere = name { false } else { true }
    }

    /// A plain path, as in Org, where `~/` is the user's home.
    init(path: String) {
        if Self.isNoPath(path) {
            name = .elsewhere
        } else {
            name = path.utf8.starts(with: "~/".utf8) ? .home(String(path.dropFirst(2))) : .path(path)
        }
    }

    /// A name as LaTeX has it.
    /// - Parameters:
    ///   - folders: the folders of `\graphicspath`.
    ///   - root: the document's main file, from whose folder LaTeX looks.
    init(graphics path: String, folders: [String], root: String?) {
        name = Self.isNoPath(path) ? .elsewhere : .graphics(path, folders: folders, root: root)
    }

    /// A URI reference, as in Markdown and HTML: percent-encoding is decoded, query and fragment are dropped,
    /// `file:` is a path, `data:image/…` stays, and anything else with a scheme or host is not local.
    init(uri: String) {
        let uri = uri.trimmingSpaces
        switch Self.scheme(of: uri) {
        case "data":
            name = uri.prefix(11).lowercased() == "data:image/" ? .data(uri) : .elsewhere
        case "file":
            let path = Self.filePath(uri)
            name = path.utf8.starts(with: "//".utf8) || Self.isNoPath(path) ? .elsewhere : .path(path)
        case .some:
            name = .elsewhere
        case nil:
            if uri.utf8.starts(with: "//".utf8) || Self.isNoPath(uri) {
                name = .elsewhere
                return
            }
            let path = Self.decoded(uri)
            if Self.isNoPath(path) {
                name = .elsewhere
            } else if path.utf8.first == UInt8(ascii: "/") {
                name = .site(path)
            } else if let prefix = ["@/", "~@/", "~/"].first(where: { path.utf8.starts(with: $0.utf8) }) {
                name = .sources(String(path.dropFirst(prefix.count)))
            } else {
                name = .path(path)
            }
        }
    }

    /// Nothing, or longer than any path of Linux (4,096 bytes, each at most three written as `%41`).
    private static func isNoPath(_ path: String) -> Bool { path.isEmpty || path.utf8.count > 3 * 4_096 }

    /// The path of a `file:` URI.
    private static func filePath(_ uri: String) -> String {
        var rest = uri.dropFirst("file:".count)
        if rest.utf8.starts(with: "//localhost/".utf8) {
            rest = rest.dropFirst("//localhost".count)
        } else if rest.utf8.starts(with: "///".utf8) {
            rest = rest.dropFirst(2)
        }
        return decoded(String(rest))
    }

    /// Where the image may be, most likely first: paths without `.` and `..` where they can be worked out, or the
    /// `data:` URI. The first is the answer where no file is found.
    func candidates(_ place: DocumentPlace) -> [String] {
        let paths: [String]
        switch name {
        case .data(let uri): return [uri]
        case .elsewhere: return []
        case .path(let path):
            paths = [place.absolute(path)]
        case .home(let path):
            paths = [(place.home ?? "~") + "/" + path]
        case .site(let path):
            paths = [path] + place.siteFolders.flatMap { folder in Self.siteRoots.map { folder + $0 + path } }
        case .sources(let path):
            let folders = place.siteFolders
            let sources = folders.filter { $0.utf8.suffix(4).elementsEqual("/src".utf8) } + folders.map { $0 + "/src" }
            paths = sources.isEmpty ? ["@/" + path] : sources.map { $0 + "/" + path } + folders.map { $0 + "/" + path }
        case .graphics(let path, let folders, let root):
            paths = Self.graphics(path, folders: folders, base: root.map(place.folderOf) ?? place.folder)
        }
        var seen: Set<[UInt8]> = []
        return paths.map(DocumentPlace.normalized).filter { seen.insert(Array($0.utf8)).inserted }
    }

    /// Folders of a project that become its site's root: Hugo's, Docusaurus's, those of web bundlers; Jekyll's and
    /// Sphinx's is the project itself.
    private static let siteRoots = ["", "/static", "/public", "/assets"]

    /// Where LaTeX looks for a graphics file: as named, and with the endings of its graphics rule, in the folders of
    /// `\graphicspath` and in its own. Endings of pictures come before those of pages.
    private static func graphics(_ path: String, folders: [String], base: String) -> [String] {
        let endings = ["", ".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG", ".webp", ".pdf", ".PDF", ".eps", ".mps"]
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        let places = isAbsolute ? [""] : folders + [""]
        return places.flatMap { folder in
            let isBased = !isAbsolute && folder.utf8.first != UInt8(ascii: "/")
            return endings.map { (isBased ? base : "") + folder + path + $0 }
        }
    }

    /// A scheme of two or more letters (one letter is a drive), in lower case.
    private static func scheme(of text: String) -> String? {
        let scheme = text.utf8.prefix(32).prefix { $0 != UInt8(ascii: ":") }
        let isValid = scheme.allSatisfy { $0.isAlphanumeric || "+-.".utf8.contains($0) }
        guard scheme.count >= 2, isValid, scheme.first?.isLetter ?? false, scheme.endIndex < text.utf8.endIndex,
            text.utf8[scheme.endIndex] == UInt8(ascii: ":")
        else { return nil }
        return String(decoding: scheme.map(\.lowercased), as: UTF8.self)
    }

    /// Percent-decoded, less query and fragment. Escapes that are not UTF-8 stay as written.
    private static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        // No path has a zero byte.
        let result = PercentEncoding.decoded(bytes) { $0 != 0 }.bytes
        return String(validating: result, as: UTF8.self) ?? String(decoding: bytes, as: UTF8.self)
    }

    /// A path, or the path of a `file:` URI.
    static func documentPath(_ text: String) -> String { scheme(of: text) == "file" ? filePath(text) : text }
}

/// Where a document stands, which decides where its images are looked for.
struct DocumentPlace {
    /// The document's folder with a slash at its end, or nothing where it is not known.
    let folder: String
    /// Folders that sites and projects begin at: those that the client names, then the document's own and those above.
    let siteFolders: [String]
    /// The user's home folder.
    let home: String?

    /// - Parameter document: its path or `file://` URI.
    init(document: String?, roots: [String], home: String?) {
        let path = ImageReference.documentPath(document ?? "")
        folder = Self.folder(of: path)
        var above: [String] = []
        var rest = Substring(Self.normalized(folder))
        while rest.utf8.first == UInt8(ascii: "/"), above.count < 64 {
            above.append(String(rest))
            rest = rest.lastIndex(of: "/").map { rest[..<$0] } ?? ""
        }
        siteFolders = roots.map { Self.normalized(ImageReference.documentPath($0)) } + above
        self.home = home
    }

    func absolute(_ path: String) -> String { path.utf8.first == UInt8(ascii: "/") ? path : folder + path }

    /// The folder of a file that the document names.
    func folderOf(_ path: String) -> String { Self.folder(of: absolute(path)) }

    private static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    }

    static func normalized(_ path: String) -> String {
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var parts: [Substring.UTF8View] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            let isParent = part.elementsEqual("..".utf8)
            if isParent, let last = parts.last, !last.elementsEqual("..".utf8) {
                parts.removeLast()
            } else if !isParent || !isAbsolute {
                parts.append(part)
            }
        }
        return (isAbsolute ? "/" : "") + parts.map { String(Substring($0)) }.joined(separator: "/")
    }
}

extension String {
    var trimmingSpaces: String {
        guard let first = utf8.firstIndex(where: { !$0.isSpace }), let last = utf8.lastIndex(where: { !$0.isSpace })
        else { return "" }
        return String(decoding: utf8[first...last], as: UTF8.self)
    }
}
