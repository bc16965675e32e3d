/// What an input is compared with: a stored vector, a weighted sum of texts, or a class rather than others.
package enum Target: Codable, Sendable, Equatable {
    case embedding(EncodedFloats)
    case texts([TargetText], players: TargetPlayers)
    case classes([TargetClass], index: Int, against: TargetAgainst)

    private enum CodingKeys: String, CodingKey { case embedding, texts, players, classes, `class`, against }
    private static let forms =
        #"an object with exactly one of "embedding", "texts" and "classes"; "players" goes with texts, "class" and "against" with classes"#

    package init(from decoder: any Decoder) throws {
        guard let members = try? decoder.container(keyedBy: CodingKeys.self) else { throw decoder.refusal(Self.forms) }
        switch Set(members.allKeys) {
        case [.embedding]: self = .embedding(try members.decode(EncodedFloats.self, forKey: .embedding))
        case [.texts], [.texts, .players]:
            self = .texts(
                try members.decode([TargetText].self, forKey: .texts),
                players: try members.decodeIfPresent(TargetPlayers.self, forKey: .players) ?? .words)
        case [.classes, .class], [.classes, .class, .against]:
            self = .classes(
                try members.decode([TargetClass].self, forKey: .classes),
                index: try members.decode(Int.self, forKey: .class),
                against: try members.decodeIfPresent(TargetAgainst.self, forKey: .against) ?? .runnerUp)
        default: throw decoder.refusal(Self.forms)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .embedding(let vector): try members.encode(vector, forKey: .embedding)
        case .texts(let texts, let players):
            try members.encode(texts, forKey: .texts)
            try members.encode(players, forKey: .players)
        case .classes(let classes, let index, let against):
            try members.encode(classes, forKey: .classes)
            try members.encode(index, forKey: .class)
            try members.encode(against, forKey: .against)
        }
    }
}

/// A text of a sum and the factor of its embedding.
package struct TargetText: Codable, Sendable, Equatable {
    package var text: String
    package var weight: Double

    package init(text: String, weight: Double) {
        self.text = text
        self.weight = weight
    }
}

/// Which players the texts of a target have.
package enum TargetPlayers: String, Choice { case none, tokens, words }

/// What a class is set against.
package enum TargetAgainst: String, Choice { case runnerUp, others }

/// How a label becomes prompts, `{}` standing for it: CLIP's short list, or templates of the client's.
package enum Templates: Codable, Sendable, Equatable {
    case clip
    case own([String])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let word = try? container.decode(String.self) {
            guard word == "clip" else { throw decoder.refusal(#""clip" or an array of templates"#, not: word) }
            self = .clip
        } else {
            self = .own(try container.decode([String].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .clip: try container.encode("clip")
        case .own(let templates): try container.encode(templates)
        }
    }
}
