/// An image as clients give it: a path (or `data:` or `file:` URI) as a bare string, or an object that says what it is.
package struct ImageInput: Codable, Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        /// A bare string: a path, or a `data:` or `file:` URI.
        case text(String)
        case path(String)
        /// A PNG, JPEG or WebP file in base64.
        case data(String)
        /// `data:image/png;base64,…` or `file://…`.
        case uri(String)
        /// Base64 of `3·width·height` bytes, RGB, rows from the top.
        case pixels(String, width: Int, height: Int)
    }

    package var source: Source
    /// `#rrggbb` to lay under transparent pixels; without it alpha is dropped, as Pillow's `convert("RGB")` does.
    package var background: String?

    package init(_ source: Source, background: String? = nil) {
        self.source = source
        self.background = background
    }

    private enum CodingKeys: String, CodingKey { case path, data, uri, pixels, width, height, background }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.init(.text(text))
            return
        }
        let forms = "a path, a data: or file: URI, or an object with exactly one of path, data, uri, pixels"
        guard let members = try? decoder.container(keyedBy: CodingKeys.self) else { throw decoder.refusal(forms) }
        let background = try members.decodeIfPresent(String.self, forKey: .background)
        let given = [CodingKeys.path, .data, .uri, .pixels].filter { members.contains($0) }
        guard given.count == 1, let form = given.first else { throw decoder.refusal(forms) }
        let text = try members.decode(String.self, forKey: form)
        switch form {
        case .path: self.init(.path(text), background: background)
        case .data: self.init(.data(text), background: background)
        case .uri: self.init(.uri(text), background: background)
        default:
            self.init(
                .pixels(
                    text, width: try members.decode(Int.self, forKey: .width),
                    height: try members.decode(Int.self, forKey: .height)),
                background: background)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if case .text(let text) = source {
            var container = encoder.singleValueContainer()
            try container.encode(text)
            return
        }
        var members = encoder.container(keyedBy: CodingKeys.self)
        switch source {
        case .text: break
        case .path(let text): try members.encode(text, forKey: .path)
        case .data(let text): try members.encode(text, forKey: .data)
        case .uri(let text): try members.encode(text, forKey: .uri)
        case .pixels(let text, let width, let height):
            try members.encode(text, forKey: .pixels)
            try members.encode(width, forKey: .width)
            try members.encode(height, forKey: .height)
        }
        try members.encodeIfPresent(background, forKey: .background)
    }
}
