import Captions

/// The rules that need no model.
enum PlainRules {
    static func findings(
        _ captions: [DocumentCaption], images: [ImageFacts], settings: LintSettings
    ) -> [Finding] {
        var found: [Finding] = []
        func add(_ rule: Rule, _ index: Int, _ range: TextRange, _ message: String, _ related: [Finding.Related] = []) {
            guard let severity = settings.severity(of: rule) else { return }
            found.append(
                Finding(
                    rule: rule, severity: severity, message: message, range: range, caption: index, related: related))
        }
        for (index, caption) in captions.enumerated() {
            switch images[index].state {
            case .absent: add(.imageNotFound, index, caption.range, notFound(caption))
            case .unreadable(let reason):
                add(.imageUnreadable, index, caption.range, "The image cannot be read: \(reason)")
            case .readable, .unknown: break
            }
            switch caption.absence {
            case .missing:
                add(
                    .altMissing, index, caption.range,
                    "The image has no text that describes it; describe it, or say that it is decorative")
            case .decorative: break
            case nil:
                if let reason = FileNameText.problem(caption.caption, image: caption.image) {
                    add(.altIsFileName, index, caption.captionRange, reason)
                }
            }
        }
        for (first, others) in duplicates(captions, images: images) {
            for index in others {
                add(
                    .altDuplicate, index, captions[index].captionRange,
                    "Another image of this document has the same text; say what tells them apart",
                    [
                        Finding.Related(
                            message: "The same text for another image", range: captions[first].captionRange,
                            caption: first)
                    ])
            }
        }
        return found
    }

    private static func notFound(_ caption: DocumentCaption) -> String {
        guard let places = caption.lookedFor, places.count > 1 else { return "There is no file \(caption.image)" }
        let shown = places.prefix(4).joined(separator: ", ")
        return
            "There is no such image; it was looked for at \(shown)\(places.count > 4 ? " and \(places.count - 4) more places" : "")"
    }

    /// Captions that stand at different images: the first of each text, and the others.
    private static func duplicates(_ captions: [DocumentCaption], images: [ImageFacts]) -> [(Int, [Int])] {
        var places: [[UInt8]: [Int]] = [:]
        var order: [[UInt8]] = []
        for (index, caption) in captions.enumerated() where caption.absence == nil {
            let text = Array(caption.caption.lowercased().utf8)
            if places[text] == nil { order.append(text) }
            places[text, default: []].append(index)
        }
        return order.compactMap { text in
            guard let all = places[text], let first = all.first else { return nil }
            let others = all.dropFirst().filter { !isSameImage($0, first, captions, images) }
            return others.isEmpty ? nil : (first, Array(others))
        }
    }

    private static func isSameImage(
        _ a: Int, _ b: Int, _ captions: [DocumentCaption], _ images: [ImageFacts]
    ) -> Bool {
        captions[a].image.utf8.elementsEqual(captions[b].image.utf8) || images[a].isSameFile(as: images[b])
    }
}

/// Texts that say nothing about an image.
enum FileNameText {
    private static let endings: Set<String> = [
        "png", "jpg", "jpeg", "webp", "gif", "svg", "bmp", "tif", "tiff", "avif", "heic", "pdf", "eps",
    ]
    /// What programs and hurried people put there.
    private static let placeholders: Set<String> = [
        "image", "img", "picture", "photo", "photograph", "figure", "fig", "graphic", "screenshot", "screen shot",
        "alt", "alt text", "alttext", "caption", "untitled", "placeholder", "todo", "tbd", "fixme", "xxx", "bild",
        "foto", "afbeelding", "imagen", "immagine", "imagem", "null", "undefined", "description",
    ]

    /// Why a text is none that describes an image; nil where it may be one.
    static func problem(_ text: String, image: String) -> String? {
        let lower = text.lowercased()
        let isWord = !lower.contains { $0.isWhitespace }
        let parts = lower.split(separator: ".")
        if isWord, parts.count >= 2, let last = parts.last, endings.contains(String(last)) {
            return "The text is the name of a file and does not describe the image"
        }
        let name = image.hasPrefix("data:") ? "" : image.split(separator: "/").last.map(String.init) ?? ""
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        if isMachineName(stem), normalized(lower) == normalized(stem.lowercased()), !normalized(lower).isEmpty {
            return "The text is the file's name and does not describe the image"
        }
        if isWord, isMachineName(text), isCameraName(lower) {
            return "The text is a name that a camera or program gave and does not describe the image"
        }
        let bare = lower.filter { !".:!?…\"'()[]".contains($0) }
        let unnumbered = String(bare.reversed().drop { $0.isNumber || $0 == " " || $0 == "#" }.reversed())
        if placeholders.contains(bare) || placeholders.contains(unnumbered) {
            return "The text is a placeholder and does not describe the image"
        }
        return nil
    }

    /// Names of several parts or with digits; `dog.png` with the text "dog" is a description.
    private static func isMachineName(_ stem: String) -> Bool {
        stem.contains { $0 == "-" || $0 == "_" || $0.isNumber }
    }

    private static func isCameraName(_ text: String) -> Bool {
        let prefixes = [
            "img_", "img-", "dsc", "dscf", "dscn", "pxl_", "screenshot_", "screenshot-", "scan_", "image_", "photo_",
        ]
        return prefixes.contains { text.hasPrefix($0) && text.dropFirst($0.count).contains { $0.isNumber } }
    }

    private static func normalized(_ text: String) -> String {
        text.filter { $0.isLetter || $0.isNumber }
    }
}
