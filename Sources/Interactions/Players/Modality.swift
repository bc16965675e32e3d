/// What an input is: an image, of which patches are masked, or a text, of which tokens are.
package enum Modality: UInt8, Sendable, CustomStringConvertible {
    case image = 0
    case text = 1

    package var description: String { self == .image ? "image" : "text" }
}
