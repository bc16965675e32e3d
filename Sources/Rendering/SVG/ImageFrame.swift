import ShownText

/// Where the source image lies in a drawing, and how to draw on it.
struct ImageFrame: Sendable {
    var picture: Picture
    /// Prefix of the ids of this picture's shared definitions.
    var id: String
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    /// A frame of the image's shape inside a box: full width, unless it would be taller than `maxHeight`.
    init(_ picture: Picture, id: String, x: Double, y: Double, width: Double, maxHeight: Double) {
        let scale = min(width / Double(picture.image.width), maxHeight / Double(picture.image.height))
        self.picture = picture
        self.id = id
        self.x = x
        self.y = y
        self.width = Double(picture.image.width) * scale
        self.height = Double(picture.image.height) * scale
    }

    private var scale: Double { width / Double(picture.image.width) }

    func box(_ patch: Int) -> (x: Double, y: Double, width: Double, height: Double) {
        let box = picture.patches.boxes[patch]
        return (x + box.x0 * scale, y + box.y0 * scale, (box.x1 - box.x0) * scale, (box.y1 - box.y0) * scale)
    }

    func center(_ patch: Int) -> (x: Double, y: Double) {
        let box = box(patch)
        return (box.x + box.width / 2, box.y + box.height / 2)
    }

    /// The image, what the model does not see of it under a veil.
    func drawImage(into drawing: inout Drawing) {
        drawing.rect(x: x, y: y, width: width, height: height, class: "empty")
        guard picture.image.isDrawable else { return }
        drawing.append("<use href=\"#\(id)-image\" transform=\"\(transform)\"/>")
        guard let seen = picture.seenBox else { return }
        let whole = "M0 0H\(picture.image.width)V\(picture.image.height)H0z"
        let d = whole + PatchOutline.path(of: seen)
        drawing.append(
            "<path class=\"paper\" fill-opacity=\"0.82\" fill-rule=\"evenodd\" transform=\"\(transform)\" d=\"\(d)\"/>"
                + "<path class=\"axis\" \(stroke(1)) stroke-dasharray=\"\(px(5 / scale)) \(px(4 / scale))\" "
                + "d=\"\(PatchOutline.path(of: seen))\"/>")
    }

    /// A heat map that the document defines, laid over the image.
    func drawHeat(_ definition: String, into drawing: inout Drawing, class name: String? = nil) {
        let attribute = name.map { " class=\"\($0)\"" } ?? ""
        drawing.append("<use href=\"#\(definition)\" transform=\"\(transform)\"\(attribute)/>")
    }

    func inSourcePixels(_ length: Double) -> Double { length / scale }

    /// Attributes of a path in source pixels with a stroke of `width` pixels of the drawing. librsvg 2.54 scales
    /// strokes whatever `vector-effect` says.
    func stroke(_ width: Double) -> String { "stroke-width=\"\(px(width / scale))\" transform=\"\(transform)\"" }

    /// From source pixels to the drawing.
    var transform: String { "translate(\(px(x)) \(px(y))) scale(\(NumberText.factor(scale)))" }

    /// A hairline around one patch, on a pale casing that shows on any ground.
    func drawOutline(_ patch: Int, into drawing: inout Drawing) {
        let box = box(patch)
        for (name, width) in [("casing", 4.0), ("outline", 1.5)] {
            drawing.path(
                "M\(px(box.x)) \(px(box.y))h\(px(box.width))v\(px(box.height))h\(px(-box.width))z", class: name,
                width: width)
        }
    }
}

extension NumberText {
    /// A scale factor with six decimals.
    static func factor(_ value: Double) -> String {
        plain(value, decimals: 6).replacingMinus
    }
}

extension String {
    fileprivate var replacingMinus: String { String(map { $0 == "\u{2212}" ? "-" : $0 }) }
}

extension Picture.SourceImage {
    /// Whether there is anything to show.
    var isDrawable: Bool { encoded?.isShown == true || cells.map { $0.rows > 0 && $0.columns > 0 } == true }

    /// The image as a data URI: the encoded bytes when their type is one that browsers show, else the colour cells.
    var dataURI: String? {
        if let encoded, encoded.isShown {
            return "data:\(encoded.mimeType);base64,\(Base64.encode(encoded.bytes))"
        }
        guard let cells, cells.rows > 0, cells.columns > 0 else { return nil }
        return "data:image/png;base64,\(Base64.encode(StoredPNG.encode(cells)))"
    }

    /// The definition that every frame of this image refers to.
    func definition(id: String) -> String {
        guard let dataURI else { return "" }
        return "<image id=\"\(id)-image\" width=\"\(width)\" height=\"\(height)\" preserveAspectRatio=\"none\" "
            + "style=\"image-orientation:none\" href=\"\(dataURI)\"/>"
    }
}

extension Picture.EncodedImage {
    /// Whether browsers show files of this type.
    fileprivate var isShown: Bool {
        !bytes.isEmpty && ["image/png", "image/jpeg", "image/webp", "image/gif"].contains(mimeType)
    }
}
