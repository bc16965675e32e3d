import ShownText

/// SVG elements as text, in drawing order.
struct Drawing: Sendable {
    private(set) var markup = ""

    enum Anchor: String { case start, middle, end }

    mutating func append(_ other: String) { markup += other }

    mutating func rect(
        x: Double, y: Double, width: Double, height: Double, class name: String, opacity: Double? = nil,
        radius: Double = 0
    ) {
        markup +=
            "<rect x=\"\(px(x))\" y=\"\(px(y))\" width=\"\(px(width))\" height=\"\(px(height))\" class=\"\(name)\""
        if let opacity { markup += " fill-opacity=\"\(px(opacity))\"" }
        if radius > 0 { markup += " rx=\"\(px(radius))\"" }
        markup += "/>"
    }

    mutating func line(
        x1: Double, y1: Double, x2: Double, y2: Double, class name: String, width: Double = 1, opacity: Double? = nil
    ) {
        markup +=
            "<line x1=\"\(px(x1))\" y1=\"\(px(y1))\" x2=\"\(px(x2))\" y2=\"\(px(y2))\" class=\"\(name)\" stroke-width=\"\(px(width))\""
        if let opacity { markup += " stroke-opacity=\"\(px(opacity))\"" }
        markup += "/>"
    }

    mutating func path(_ d: String, class name: String, width: Double, opacity: Double? = nil) {
        markup += "<path d=\"\(d)\" class=\"\(name)\" stroke-width=\"\(px(width))\""
        if let opacity { markup += " stroke-opacity=\"\(px(opacity))\"" }
        markup += "/>"
    }

    mutating func circle(x: Double, y: Double, radius: Double, class name: String, opacity: Double? = nil) {
        markup += "<circle cx=\"\(px(x))\" cy=\"\(px(y))\" r=\"\(px(radius))\" class=\"\(name)\""
        if let opacity { markup += " fill-opacity=\"\(px(opacity))\"" }
        markup += "/>"
    }

    /// Text is escaped here. What follows in another class goes on where the first part ends, whatever the font's
    /// widths.
    mutating func text(
        _ string: String, x: Double, y: Double, size: Double, class name: String = "ink", anchor: Anchor = .start,
        followedBy next: (text: String, class: String)? = nil
    ) {
        markup += "<text x=\"\(px(x))\" y=\"\(px(y))\" font-size=\"\(px(size))\" class=\"\(name)\""
        if anchor != .start { markup += " text-anchor=\"\(anchor.rawValue)\"" }
        markup += ">\(string.escaped)"
        if let next { markup += "<tspan class=\"\(next.class)\"> \(next.text.escaped)</tspan>" }
        markup += "</text>"
    }

    /// A group with a title that browsers show on hover and screen readers say.
    mutating func group(_ attributes: String = "", title: String? = nil, _ draw: (inout Drawing) -> Void) {
        markup += "<g\(attributes.isEmpty ? "" : " " + attributes)>"
        if let title { markup += "<title>\(title.escaped)</title>" }
        draw(&self)
        markup += "</g>"
    }
}

/// A finished drawing with its size.
package struct Figure: Sendable {
    package var width: Double
    package var height: Double
    package var markup: String
}

/// Shorthand for coordinates inside markup.
func px(_ value: Double) -> String { NumberText.coordinate(value) }
