import Foundation
import Images

/// What is known of an image's file without a model.
package struct ImageFacts: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case readable
        case absent
        /// Why it cannot be read.
        case unreadable(String)
        /// It is of a kind that no model here looks at, such as SVG or PDF.
        case unknown
    }

    package var state: State
    /// Which content of a file it is about; nil where there is no file.
    package var file: FileIdentity?

    package init(state: State, file: FileIdentity? = nil) {
        self.state = state
        self.file = file
    }

    func isSameFile(as other: ImageFacts) -> Bool { file != nil && file == other.file }
}

/// Looks at images' files, and decodes each state of a file once. Blocks while it does: not for the cooperative pool.
package final class ImageInspector {
    private var known: [[UInt8]: ImageFacts] = [:]
    private static let capacity = 20_000

    package init() {}

    /// - Parameter image: an absolute path or a `data:` URI.
    package func facts(of image: String) -> ImageFacts {
        let key = Array(image.utf8)
        if image.hasPrefix("data:") {
            if let facts = known[key] { return facts }
            return keep(ImageFacts(state: Self.state(of: image)), for: key)
        }
        guard image.hasPrefix("/") else { return ImageFacts(state: .absent) }
        var status = stat()
        guard stat(image, &status) == 0 else {
            known[key] = nil
            if errno == ENOENT || errno == ENOTDIR { return ImageFacts(state: .absent) }
            return ImageFacts(state: .unreadable(String(cString: strerror(errno))))
        }
        let file = FileIdentity(status)
        if let facts = known[key], facts.file == file { return facts }
        return keep(ImageFacts(state: Self.state(of: image), file: file), for: key)
    }

    private func keep(_ facts: ImageFacts, for key: [UInt8]) -> ImageFacts {
        if known.count >= Self.capacity { known = [:] }
        known[key] = facts
        return facts
    }

    /// Endings of files that browsers and LaTeX show and that are not decoded here.
    private static let otherKinds = [
        ".svg", ".svgz", ".gif", ".pdf", ".eps", ".ps", ".mps", ".avif", ".heic", ".bmp", ".tif", ".tiff", ".ico",
        ".jxl", ".mp4", ".webm",
    ]

    private static func state(of image: String) -> ImageFacts.State {
        let name = image.prefix(4_096).lowercased()
        if image.hasPrefix("data:") {
            let isRead = ["data:image/png", "data:image/jpeg", "data:image/jpg", "data:image/webp"]
            guard isRead.contains(where: name.hasPrefix) else { return .unknown }
        } else if otherKinds.contains(where: name.hasSuffix) {
            return .unknown
        }
        do throws(ImageError) {
            _ = try ImageSource(string: image).load()
            return .readable
        } catch .unreadable(_, let reason) {
            return .unreadable(reason)
        } catch {
            return .unreadable("\(error)")
        }
    }
}
