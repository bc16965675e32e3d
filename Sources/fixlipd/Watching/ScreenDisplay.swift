import FIxLIPProtocol
import Foundation
import ShownText

/// A terminal's whole screen, redrawn in place: the drawing, a line on how far it has come, and a line to type at,
/// which drawing leaves alone. The last drawing stays when the screen is given back.
final class ScreenDisplay: WatchDisplay {
    let layout: EstimateLayout? = nil
    private let prompt: String?
    private var lines: [String] = []
    private var status = ""
    private var failure: String?

    private static let escape = "\u{1B}["

    /// - Parameter prompt: what stands before the line to type at; nil if nothing can be typed.
    init(prompt: String?) {
        self.prompt = prompt
        put(Self.escape + "?1049h" + Self.escape + "2J")
        begin()
    }

    func begin() {
        failure = nil
        status = "…"
        draw()
        ask()
    }

    func show(_ estimate: WatchedEstimate, draw drawing: (Int) throws -> String) throws {
        lines = try drawing(min(TextOutput.width, 120)).components(separatedBy: "\n")
        status = estimate.status
        draw()
    }

    func show(_ failure: WatchFailure) {
        self.failure = failure.failure.message
        lines = []
        status = failure.failure.message.printable()
        draw()
    }

    func close() {
        put(Self.escape + "?1049l" + lines.map { $0 + "\n" }.joined())
        if let failure { TextOutput.note("fixlipd: \(failure)") }
    }

    private func ask() {
        guard let prompt else { return }
        put("\(Self.escape)\(TextOutput.height);1H\(Self.escape)K\(prompt)")
    }

    /// The cursor is put back where it was, so that a line that is being typed goes on.
    private func draw() {
        let height = TextOutput.height
        let rows = max(1, height - (prompt == nil ? 1 : 2))
        let isCut = lines.count > rows
        var text = "\(Self.escape)?25l\u{1B}7"
        for row in 0..<rows {
            let line = isCut && row == rows - 1 ? "…" : row < lines.count ? lines[row] : ""
            text += "\(Self.escape)\(row + 1);1H\(line)\(Self.escape)0m\(Self.escape)K"
        }
        text +=
            "\(Self.escape)\(rows + 1);1H\(Self.escape)K\(Self.escape)2m\(status.prefix(TextOutput.width - 1))\(Self.escape)0m"
        put(text + "\u{1B}8\(Self.escape)?25h")
    }

    private func put(_ text: String) { TextOutput.write(text, to: STDOUT_FILENO) }
}
