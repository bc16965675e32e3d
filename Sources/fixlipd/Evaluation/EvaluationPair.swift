import ArgumentParser
import FIxLIPProtocol
import JSON

/// One line of the list that `fixlipd evaluate` reads: an image, a caption and, for the pointing game, where its words
/// are.
struct EvaluationPair {
    /// A word or phrase of the caption and the quadrant its object is in.
    struct Target {
        let word: String
        let quadrant: QuadrantChoice
    }

    /// The line's `id`, else the line's number.
    let id: JSONValue
    let image: String
    let text: String
    let targets: [Target]
    /// What errors about it begin with: `pairs.jsonl, line 3`.
    let place: String

    /// What a line may have, of any kind as yet.
    private struct Members: Decodable {
        var id: JSONValue?
        var image: JSONValue?
        var text: JSONValue?
        var targets: JSONValue?
    }

    private struct TargetMembers: Decodable {
        var word: JSONValue?
        var quadrant: JSONValue?
    }

    /// - Throws: `ValidationError` with file, line and member.
    init(_ line: JSONLines.Line, in list: JSONLines) throws {
        let place = "\(list.name), line \(line.number)"
        let members = try line.value.decode(Members.self)
        func required(_ member: String, _ value: JSONValue?) throws -> String {
            guard let value else {
                throw ValidationError(
                    "\(place): '\(member)' is missing; a line is {\"id\": …, \"image\": \"a.png\", \"text\": \"a dog\"}"
                )
            }
            guard let text = value.string else {
                throw ValidationError("\(place): '\(member)' must be a string, not \(value.kind)")
            }
            return text
        }
        self.place = place
        id = members.id ?? .integer(Int64(line.number))
        let image = try required("image", members.image)
        do {
            try checkIsLocal(image)
        } catch {
            throw ValidationError("\(place): \(error)")
        }
        self.image = list.resolve(image)
        text = try required("text", members.text)
        guard let given = members.targets else {
            targets = []
            return
        }
        guard let entries = given.array, !entries.isEmpty else {
            throw ValidationError(
                "\(place): 'targets' must be a list: [{\"word\": \"dog\", \"quadrant\": \"topLeft\"}, …]")
        }
        targets = try entries.enumerated().map { index, entry in
            let target = try? entry.decode(TargetMembers.self)
            guard let word = target?.word?.string, !word.isEmpty else {
                throw ValidationError("\(place): 'targets[\(index)].word' must be a word or phrase of the caption")
            }
            let named = target?.quadrant?.string
            guard let quadrant = named.flatMap({ QuadrantChoice(rawValue: $0) }) else {
                let quadrants = QuadrantChoice.allCases.map(\.rawValue)
                throw ValidationError(
                    "\(place): 'targets[\(index)].quadrant' must be one of \(quadrants.joined(separator: ", "))"
                        + (named.map { ", not \($0)" } ?? ""))
            }
            return Target(word: word, quadrant: quadrant)
        }
    }

    /// Targets with the text players of their words.
    ///
    /// - Parameter players: `players.text` of the opened explanation.
    /// - Throws: `ValidationError` where the caption does not have the word.
    func targets(among players: [Players.Text]) throws -> [ExplanationEvaluate.Target] {
        try targets.enumerated().map { index, target in
            guard let place = range(of: target.word) else {
                throw ValidationError(
                    "'targets[\(index)].word': the caption has no word \"\(target.word)\": \"\(text)\"")
            }
            let own = players.indices.filter { player in
                players[player].start < place.upperBound && players[player].end > place.lowerBound
            }
            guard !own.isEmpty else {
                throw ValidationError(
                    "'targets[\(index)].word': no text player is part of \"\(target.word)\" (the caption was cut)")
            }
            return ExplanationEvaluate.Target(textPlayers: Array(own), quadrant: target.quadrant)
        }
    }

    /// Where a word or phrase first stands in the caption as a whole, in Unicode scalars; case does not matter.
    private func range(of word: String) -> Range<Int>? {
        let (caption, wanted) = (Array(text.lowercased().unicodeScalars), Array(word.lowercased().unicodeScalars))
        guard wanted.count <= caption.count else { return nil }
        func isLetter(_ index: Int) -> Bool {
            caption.indices.contains(index)
                && (caption[index].properties.isAlphabetic || caption[index].properties.numericType != nil)
        }
        return (0...caption.count - wanted.count).lazy.map { $0..<$0 + wanted.count }.first {
            caption[$0].elementsEqual(wanted) && !isLetter($0.lowerBound - 1) && !isLetter($0.upperBound)
        }
    }
}
