import FIxLIPProtocol
import Foundation

/// A line on the terminal that is rewritten while work goes on. Silent where standard error is not a terminal.
final class ProgressBar {
    private let isShown = TextOutput.isErrorTerminal
    private var isDrawn = false

    /// Draws a `$/progress` value of a refinement.
    func update(_ progress: RefinementProgress) {
        guard isShown else { return }
        let masks = progress.imageMasks
        var line = "\(masks)"
        if let total = progress.totalImageMasks, total > 0 {
            line = "\(Self.bar(masks, of: total)) \(masks)/\(total)"
        }
        line += " masks  \((progress.elapsedMilliseconds / 1000).fixed(1)) s"
        if let r2 = progress.looR2 { line += "  R² \(r2.fixed(3))" }
        show(line)
    }

    /// The bar itself: how much of `total`, which is above 0, is done.
    static func bar(_ done: Int, of total: Int) -> String {
        let width = 24
        let filled = min(width, done * width / total)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    }

    /// Draws a line of text, cut to one row.
    func show(_ line: String) {
        guard isShown else { return }
        write("\r\u{1B}[K\(line.prefix(79))")
        isDrawn = true
    }

    /// Takes the line away.
    func clear() {
        if isDrawn { write("\r\u{1B}[K") }
        isDrawn = false
    }

    private func write(_ text: String) { TextOutput.write(text, to: STDERR_FILENO) }
}
