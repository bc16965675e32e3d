// Rendering: an explanation as SVG, HTML, Markdown and text for a terminal. It computes no value of an explanation.

/// What to draw and how large.
package struct PictureOptions: Sendable, Equatable {
    package var view: View
    /// How many of the strongest word–patch pairs are drawn or listed; half as many of the other kinds.
    package var topK: Int
    /// Pixels for SVG (default 960) and, for HTML, the widest the page grows (default 1080); columns for terminals
    /// (default 80).
    package var width: Int?
    package var colorMode: ColorMode
    package var map: MapStyle
    /// Whether SVG and HTML show the caption, the picture and the words only.
    package var isCompact: Bool

    package init(
        view: View = .overview, topK: Int = 8, width: Int? = nil, colorMode: ColorMode = .trueColor,
        map: MapStyle = .smooth, isCompact: Bool = false
    ) {
        self.map = map
        self.isCompact = isCompact
        self.view = view
        self.topK = topK
        self.width = width
        self.colorMode = colorMode
    }
}

extension PictureOptions {
    /// `player` counts image players first, then text players; nil chooses the one with the largest reading.
    package enum View: Sendable, Equatable {
        case overview
        /// One text player: where in the image it gets its meaning, and with which words.
        case token(player: Int?)
        /// One image player: which words and which other patches it works with.
        case patch(player: Int?)
        /// The strongest pairs of each kind.
        case pairs
        /// One plot that papers and other tools draw of such values.
        case plot(Plot)

        /// The same view of a picture whose players have other numbers.
        func renumbered(_ players: [Int]) -> View {
            func number(_ player: Int?) -> Int? {
                player.map { players.indices.contains($0) ? players[$0] : $0 }
            }
            return switch self {
            case .overview: .overview
            case .pairs, .plot: self
            case .token(let player): .token(player: number(player))
            case .patch(let player): .patch(player: number(player))
            }
        }
    }

    package enum Plot: Sendable, Equatable, CaseIterable {
        /// From nothing shown to all shown, step by step.
        case waterfall
        /// The same steps as stretches that push against each other.
        case force
        /// Players joined by their pairs.
        case network
        /// Single players and pairs by strength, and who is in them.
        case upset

        package var name: String {
            switch self {
            case .waterfall: "waterfall"
            case .force: "force"
            case .network: "network"
            case .upset: "upset"
            }
        }
    }

    /// How values of patches lie over the image in SVG and HTML.
    package enum MapStyle: Sendable, Equatable {
        /// Flowing from the centre of one patch to that of the next. Players that form no grid are drawn as cells.
        case smooth
        /// Patch by patch.
        case cells
    }

    /// Colours a terminal can show. With `none`, signs and bars carry the meaning.
    package enum ColorMode: Sendable, Equatable {
        case trueColor, ansi256, none
    }
}

/// Why a picture cannot be drawn.
package enum RenderError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An array of the picture has the wrong length.
    case lengthMismatch(field: String, expected: Int, found: Int)
    case imageSizeInvalid(width: Int, height: Int)
    case wordRangeInvalid(word: Int, start: Int, end: Int, captionLength: Int)
    case playerOutOfRange(player: Int, players: Int)
    case notAToken(player: Int, patches: Int)
    case notAPatch(player: Int, patches: Int)
    case noPlayer(kind: String)
    case noPairs(view: String)
    case viewNotComparable
    case optionInvalid(name: String, value: Int, least: Int)

    package var description: String {
        switch self {
        case .lengthMismatch(let field, let expected, let found):
            "\(field) has \(found) entries, expected \(expected)"
        case .imageSizeInvalid(let width, let height):
            "image size \(width)×\(height) is not positive"
        case .wordRangeInvalid(let word, let start, let end, let length):
            "words[\(word)] spans \(start)..<\(end), outside the caption's \(length) Unicode scalars"
        case .playerOutOfRange(let player, let players):
            "player \(player) does not exist: players are 0 to \(players - 1), image players first"
        case .notAToken(let player, let patches):
            "player \(player) is an image player; view \"token\" takes a text player, \(patches) or above"
        case .notAPatch(let player, let patches):
            "player \(player) is a text player; view \"patch\" takes an image player, 0 to \(patches - 1)"
        case .noPlayer(let kind):
            "the explanation has no \(kind) player to show"
        case .noPairs(let view):
            "view \"\(view)\" needs pairs: open the explanation with order 2"
        case .viewNotComparable:
            "two explanations are compared in view \"overview\" only"
        case .optionInvalid(let name, let value, let least):
            "\(name) is \(value), must be at least \(least)"
        }
    }
}
