import FIxLIPProtocol
import Tokenizers

extension OpenRequest {
    /// The two sides that a request names.
    ///
    /// - Throws: `ParameterError` where they are none of the five pairs that can be compared, or their players are
    ///   chosen wrongly.
    static func sides(
        _ parameters: ExplanationOpen.Parameters
    ) throws(ParameterError) -> (first: Input, second: Counterpart) {
        let choice = parameters.players
        let image = try parameters.image.map { given throws(ParameterError) in
            Input.image(GivenImage(given), try ImageChoice(choice?.image, "players.image"))
        }
        let text = try parameters.text.map { given throws(ParameterError) in
            Input.text(given, try PlayerGrouping(choice?.text ?? PlayersChoice.defaultText, "players.text"))
        }
        let given = [
            parameters.image.map { _ in "image" }, parameters.text.map { _ in "text" },
            parameters.image2.map { _ in "image2" }, parameters.text2.map { _ in "text2" },
            parameters.target.map { _ in "target" },
        ].compactMap(\.self)
        for (member, isChosen, owner) in [
            ("image", choice?.image != nil, parameters.image != nil),
            ("text", choice?.text != nil, parameters.text != nil),
            ("image2", choice?.image2 != nil, parameters.image2 != nil),
            ("text2", choice?.text2 != nil, parameters.text2 != nil),
        ] where isChosen && !owner {
            throw ParameterError("players.\(member)", "is chosen, but there is no \"\(member)\"")
        }
        switch (given, image, text) {
        case (["image", "text"], let image?, let text?): return (image, .input(text))
        case (["image", "image2"], let image?, nil):
            guard let second = parameters.image2 else { break }
            return (image, .input(.image(GivenImage(second), try ImageChoice(choice?.image2, "players.image2"))))
        case (["text", "text2"], nil, let text?):
            guard let second = parameters.text2 else { break }
            let grouping = try PlayerGrouping(choice?.text2 ?? PlayersChoice.defaultText, "players.text2")
            return (text, .input(.text(second, grouping)))
        case (["image", "target"], let first?, nil), (["text", "target"], nil, let first?):
            guard let target = parameters.target else { break }
            return (first, .target(try TargetRequest(target)))
        default: break
        }
        let found = given.isEmpty ? "none is" : "\(given.joined(separator: ", ")) \(given.count == 1 ? "is" : "are")"
        throw ParameterError(
            given.first ?? "image",
            "is not a pair to compare: give exactly one of image and text, image and image2, text and text2, "
                + "image and target, text and target; \(found) given")
    }
}

extension TargetRequest {
    /// - Throws: `ParameterError` that names the member of `target`.
    init(_ target: Target) throws(ParameterError) {
        switch target {
        case .embedding(let encoded):
            guard let values = encoded.decoded else {
                throw ParameterError("target.embedding", "must be the base64 of little-endian 32-bit floats")
            }
            self.init(form: .embedding(values))
        case .texts(let texts, let players):
            let grouping: PlayerGrouping? =
                switch players {
                case .none: nil
                case .tokens: .tokens
                case .words: .words
                }
            self.init(form: .texts(texts.map { ($0.text, $0.weight) }, players: grouping))
        case .classes(let classes, let index, let against):
            self.init(
                form: .classes(
                    classes.map { ClassPrompts($0) }, index: index, against: against == .others ? .others : .runnerUp))
        }
    }
}

extension ClassPrompts {
    init(_ given: TargetClass) { self.init(name: given.name ?? given.prompts.first ?? "", prompts: given.prompts) }
}
