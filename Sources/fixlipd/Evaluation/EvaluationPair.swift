import ArgumentParser
import FIxLIPProtocol
import JSON

/// One line of the list that `fixlipd evaluate` reads: an image, a caption and, for the pointing game, where its words
/// are.
struct EvaluationPair {
    /// A word or phrase of the caption and the quadrant its object is in.
    struct Target {
        let word: String
        let quadrant: String
    }

    /// The line's `id`, else the line's number.
    let id: JSONValue
    let image: String
    let text: String
    let targets: [Target]
    /// What errors about it begin with: `pairs.jsonl, line 3`.
    let place: String

    /// - Throws: `ValidationError` with file, line and member.
    init(_ line: JSONLines.Line, in list: JSONLines) throws {
        let place = "\(list.name), line \(line.number)"
        func required(_ member: String) throws -> String {
            guard let value = line.value[member] else {
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
        id = line.value["id"] ?? .integer(Int64(line.number))
        let image = try required("image")
        do {
            try checkIsLocal(image)
        } catch {
            throw ValidationError("\(place): \(error)")
        }
        self.image = list.resolve(image)
        text = try required("text")
        guard let given = line.value["targets"] else {
            targets = []
            return
        }
        guard let entries = given.array, !entries.isEmpty else {
            throw ValidationError(
                "\(place): 'targets' must be a list: [{\"word\": \"dog\", \"quadrant\": \"topLeft\"}, …]")
        }
        targets = try entries.enumerated().map { index, entry in
            guard let word = entry["word"]?.string, !word.isEmpty else {
                throw ValidationError("\(place): 'targets[\(index)].word' must be a word or phrase of the caption")
            }
            let quadrants = QuadrantChoice.allCases.map(\.rawValue)
            guard let quadrant = entry["quadrant"]?.string, quadrants.contains(quadrant) else {
                throw ValidationError(
                    "\(place): 'targets[\(index)].quadrant' must be one of \(quadrants.joined(separator: ", "))"
                        + (entry["quadrant"]?.string.map { ", not \($0)" } ?? ""))
            }
            return Target(word: word, quadrant: quadrant)
        }
    }

    /// Targets with the text players of their words.
    ///
    /// - Parameter players: `players.text` of the opened explanation.
    /// - Throws: `ValidationError` where the caption does not have the word.
    func targets(among players: [JSONValue]) throws -> JSONValue {
        .array(
            try targets.enumerated().map { index, target in
                guard let place = range(of: target.word) else {
                    throw ValidationError(
                        "'targets[\(index)].word': the caption has no word \"\(target.word)\": \"\(text)\"")
                }
                let own = players.indices.filter { player in
                    guard let start = players[player]["start"]?.int, let end = players[player]["end"]?.int else {
                        return false
                    }
                    return start < place.upperBound && end > place.lowerBound
                }
                guard !own.isEmpty else {
                    throw ValidationError(
                        "'targets[\(index)].word': no text player is part of \"\(target.word)\" (the caption was cut)")
                }
                return [
                    "textPlayers": .array(own.map { .integer(Int64($0)) }), "quadrant": .string(target.quadrant),
                ]
            })
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
