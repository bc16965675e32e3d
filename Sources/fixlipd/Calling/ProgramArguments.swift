import ArgumentParser
import CProcessStart

/// The arguments as the kernel handed them over, whatever bytes they have and whether there is a `/proc` or not.
enum ProgramArguments {
    /// The program's name first. An argument that is not UTF-8 and names a file is that file's URI: JSON, by which the
    /// daemon is told, has no other way to write such a name.
    /// - Throws: `NotText` for one that is not UTF-8 and names no file.
    static func all() throws(NotText) -> [String] {
        var all: [String] = []
        for index in 0..<process_argument_count() {
            guard let argument = process_argument(index) else { break }
            if let text = String(validatingCString: argument) {
                all.append(text)
            } else if let uri = FileName(cString: argument).existing?.uri {
                all.append(uri)
            } else {
                throw NotText(index: Int(index), shown: String(cString: argument))
            }
        }
        return all
    }

    struct NotText: Error, CustomStringConvertible {
        let index: Int
        let shown: String
        var description: String {
            "argument \(index), \(shown), is not UTF-8 text, and there is no file of that name"
        }
    }

    /// Refuses a first word that is not a command, with the command that it resembles.
    /// - Throws: `ValidationError`.
    static func checkCommand(_ arguments: [String], of root: any ParsableCommand.Type) throws {
        var known = root.configuration.subcommands
        for argument in arguments {
            guard !argument.hasPrefix("-"), !known.isEmpty else { return }
            let names = known.map { $0._commandName }
            if let command = known.first(where: { $0._commandName == argument }) {
                known = command.configuration.subcommands
            } else if argument != "help" {
                let nearest = names.map { ($0, distance($0, argument)) }.min { $0.1 < $1.1 }
                let isNear = nearest.map { $0.1 <= max(1, min($0.0.count, argument.count) / 2) } ?? false
                let advice =
                    isNear ? "did you mean '\(nearest?.0 ?? "")'?" : "there are \(names.joined(separator: ", "))"
                throw ValidationError("there is no command '\(argument)'; \(advice)")
            }
        }
    }

    /// How many letters must be put in, taken out, replaced or swapped with their neighbour to make `left` of `right`
    /// (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var rows = [Array(0...right.count)]
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
