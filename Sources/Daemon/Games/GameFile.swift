import Interactions

/// The file of a kept game: a line that names the game and the state of its model, then the masks.
package enum GameFile {
    /// - Parameter header: one line. With a line feed in it the file is never taken.
    package static func bytes(header: String, samples: GameSamples) -> [UInt8] {
        Array((header + "\n").utf8) + samples.serialized()
    }

    /// Reads what `bytes(header:samples:)` wrote.
    /// - Parameters:
    ///   - digest: the first word of the header: which game it is, whatever its model's state.
    ///   - header: what the file must begin with.
    /// - Throws: why it is not the game that is asked for.
    package static func read(
        _ bytes: [UInt8], digest: String, header: String, players: Int, dimension: Int
    ) throws(GameFileError) -> GameSamples {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { throw GameFileError("it has no header") }
        let line = bytes[..<end]
        guard line.starts(with: (digest + " ").utf8) else {
            throw GameFileError("it is not this game's: the file was exchanged, or another version wrote it")
        }
        // By bytes: names that are only equivalent are other names.
        guard line.elementsEqual(header.utf8) else { throw GameFileError("it belongs to another state of the model") }
        let samples: GameSamples
        do throws(InteractionError) {
            samples = try GameSamples(serialized: Array(bytes[(end + 1)...]))
        } catch {
            throw GameFileError("\(error)")
        }
        guard samples.players == players, samples.dimension == dimension else {
            throw GameFileError("it has other players")
        }
        return samples
    }
}

/// Why a file is not the game that is asked for.
package struct GameFileError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
