/// The path of a model's folder. Two are one only where their bytes are: Swift takes `é` composed and decomposed for
/// equal strings, and a file system does not.
package struct ModelPath: Hashable, Sendable, CustomStringConvertible {
    package let string: String

    package init(_ string: String) { self.string = string }

    package var description: String { string }

    package static func == (a: ModelPath, b: ModelPath) -> Bool { a.string.utf8.elementsEqual(b.string.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
        hasher.combine(0xff as UInt8)
    }
}
