import Foundation
import JSONRPC

/// Captions that come as lines of standard input. What is typed on a terminal replaces the caption before it at once;
/// lines of a pipe or a file wait for their turn.
final class CaptionLines: CallWatch {
    let isTerminal: Bool
    private let input: LineInput
    private var typed: [String] = []

    private let isIgnored: Bool

    /// - Parameter onlyTerminal: whether anything but a terminal is left alone.
    init(input: LineInput = LineInput(), onlyTerminal: Bool = false) {
        self.input = input
        isTerminal = isatty(input.descriptor) == 1
        isIgnored = onlyTerminal && !isTerminal
    }

    /// While a call waits only a terminal is looked at.
    var descriptor: Int32 { isTerminal ? idleDescriptor : -1 }

    /// What to wait for between two explanations.
    var idleDescriptor: Int32 { input.isAtEnd || isIgnored ? -1 : input.descriptor }

    var isAtEnd: Bool { input.isAtEnd }

    /// Reads once. The end of a terminal's input ends no call.
    func endsCall() -> Bool {
        read()
        return !typed.isEmpty
    }

    func read() {
        input.read()
        while let line = input.takeLine() { typed.append(String(decoding: line, as: UTF8.self)) }
    }

    /// Whether a line has come that `take` would give.
    var isWaiting: Bool { !typed.isEmpty }

    /// The next caption: of a terminal the last line, which may be empty; else the next line that is not.
    func take() -> String? {
        guard !typed.isEmpty else { return nil }
        if isTerminal {
            defer { typed = [] }
            return typed.last
        }
        while !typed.isEmpty {
            let line = typed.removeFirst()
            if line.contains(where: { !$0.isWhitespace }) { return line }
        }
        return nil
    }
}
