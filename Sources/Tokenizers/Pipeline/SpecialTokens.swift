/// A token with its id.
struct NamedToken: Sendable, Equatable {
    let id: Int
    let token: String
}

/// The tokens that a post-processor puts before and after the tokens of a text.
struct SpecialTokens: Sendable, Equatable {
    var before: [NamedToken] = []
    var after: [NamedToken] = []

    var count: Int { before.count + after.count }
}

/// Fills a sequence up to the model's positions.
struct Padding: Sendable, Equatable {
    enum Side: Sendable { case left, right }

    let token: NamedToken
    let side: Side
}

/// Which positions of a sequence are players.
enum PlayerRule: Sendable, Equatable {
    /// CLIP: the tokens between the beginning token and the first end token, where the text is pooled.
    case betweenSpecialTokens(end: Int)
    /// SigLIP: the tokens that are not padding, SigLIP2: nor the end token. All with one of these ids are none.
    case idsOther(than: Set<Int>)

    func positions(in ids: [Int], after prefix: Int) -> [Int] {
        switch self {
        case .betweenSpecialTokens(let end):
            let stop = ids.dropFirst(prefix).firstIndex(of: end) ?? ids.endIndex
            return Array(min(prefix, stop)..<stop)
        case .idsOther(let excluded):
            return ids.indices.filter { !excluded.contains(ids[$0]) }
        }
    }
}
