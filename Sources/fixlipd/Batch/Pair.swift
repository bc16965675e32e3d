import Digests
import JSON

/// One image and one caption of a batch, and all that goes into its explanation.
struct Pair {
    let line: Int
    let id: JSONValue
    /// The id as JSON, by which results are told apart.
    var key: String
    /// What pairs with the same image have in common.
    let image: String
    let seed: JSONValue
    /// The parameters of `explain`.
    let request: JSONValue
    /// The members that the line gave itself.
    let given: Set<String>
    /// A digest that tells requests apart: of the parameters, with the image as the line names it, and of the model.
    let digest: String
    /// About what it takes in memory.
    let bytes: Int
    /// How often a daemon ended while it explained this pair.
    var deaths = 0
    /// How often the daemon asked to try again later.
    var refusals = 0
}

/// Where the masks of a pair come from.
enum SeedSource: String, CaseIterable {
    /// Image masks from the image, text masks from the caption: pairs that share one share its masks.
    case shared
    /// From the id of the pair: no two pairs share sampled masks.
    case id

    /// Numbers that depend on nothing but names, so that neither order nor restarts change them: the first 32 bits of
    /// SHA-256 over "kind LF base LF name".
    func seeds(base: Int, image: String, text: String, id: String) -> JSONValue {
        switch self {
        case .shared: ["image": Self.seed("image", base, image), "text": Self.seed("text", base, text)]
        case .id: Self.seed("id", base, id)
        }
    }

    private static func seed(_ kind: String, _ base: Int, _ name: String) -> JSONValue {
        .integer(Int64(digest("\(kind)\n\(base)\n\(name)").prefix(8), radix: 16) ?? 0)
    }
}

/// SHA-256 of text, as hexadecimal digits.
func digest(_ text: String) -> String { Array(text.utf8).withUnsafeBytes { sha256($0) } }

extension JSONValue {
    /// Text that does not depend on the order of members.
    func canonicalText() throws(JSONError) -> String { try sorted.text() }

    private var sorted: JSONValue {
        switch self {
        case .object(let members):
            JSONValue.object([:]).adding(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted) })
        case .array(let elements): .array(elements.map(\.sorted))
        default: self
        }
    }
}
