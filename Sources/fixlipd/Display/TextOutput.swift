import FIxLIPProtocol
import Foundation
import JSON
import ShownText

/// What a command prints: results to standard output, everything else to standard error.
enum TextOutput {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    static func json(_ value: JSONValue, pretty: Bool) throws {
        line(try value.text(pretty: pretty))
    }

    static func note(_ text: String) { write(text.printable(inLines: true) + "\n", to: STDERR_FILENO) }

    /// Writes everything, or ends the program as SIGPIPE would when the reader is gone (`fixlipd … | head`).
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                exit(errno == EPIPE ? 128 + SIGPIPE : 1)
            }
        }
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal, 80 where there is none.
    static var width: Int { size.ws_col > 0 ? Int(size.ws_col) : 80 }

    /// Rows of the terminal, 24 where there is none.
    static var height: Int { size.ws_row > 0 ? Int(size.ws_row) : 24 }

    private static var size: winsize {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? size : winsize()
    }

    /// The colours the terminal can show; none when output is not a terminal or `NO_COLOR` is set.
    static var colors: TerminalColors {
        let environment = ProcessInfo.processInfo.environment
        guard isTerminal, environment["NO_COLOR", default: ""].isEmpty, environment["TERM"] != "dumb" else {
            return .none
        }
        let depth = environment["COLORTERM", default: ""]
        return depth == "truecolor" || depth == "24bit" ? .trueColor : .ansi256
    }
}

extension JSONValue {
    /// The members of a value that is written as an object.
    static func members(of value: some Encodable) throws -> [(String, JSONValue?)] {
        (try JSONValue(encoding: value).object ?? [:]).map { ($0.key, $0.value) }
    }

    /// This object with `members` that are not nil added.
    func adding(_ members: [(String, JSONValue?)]) -> JSONValue {
        guard case .object(var object) = self else { return self }
        for (key, value) in members { if let value { object[key] = value } }
        return .object(object)
    }
}
