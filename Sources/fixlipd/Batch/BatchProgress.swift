import Foundation

/// How far a batch has come: a bar on a terminal, else a line now and then.
struct BatchProgress {
    /// Pairs in all; nil where the input cannot be counted.
    private let total: Int?
    private let isTerminal: Bool
    private let start = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?
    private var lastStep = 0
    /// Pairs done by this run; failures among them; pairs done before.
    private(set) var done = 0
    private(set) var failed = 0
    private(set) var skipped = 0

    init(total: Int?, isTerminal: Bool = TextOutput.isErrorTerminal) {
        self.total = total
        self.isTerminal = isTerminal
    }

    /// Shows that the run has begun, which its first result may be long after.
    mutating func begin(_ deed: String) {
        if isTerminal {
            TextOutput.write("\r\u{1B}[K\(deed)", to: STDERR_FILENO)
            // The first result is shown however soon it comes.
            lastShown = .now - .seconds(1)
        } else {
            TextOutput.note(deed)
        }
    }

    mutating func skip() { skipped += 1 }

    mutating func finish(hasFailed: Bool) {
        done += 1
        if hasFailed { failed += 1 }
        if isTerminal { draw() } else { note() }
    }

    /// Takes the bar away.
    func clear() {
        if isTerminal, lastShown != nil { TextOutput.write("\r\u{1B}[K", to: STDERR_FILENO) }
    }

    /// `25/500 pairs, 1 failed, 3.2 pairs/s, 2 min 28 s left`
    var text: String {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let reached = done + skipped
        var parts = [total.map { "\(reached)/\($0) pairs" } ?? "\(reached) pairs"]
        if failed > 0 { parts.append("\(failed) failed") }
        parts.append("\(rate.fixed(rate < 10 ? 2 : 0)) pairs/s")
        if let total, rate > 0 { parts.append("\(Self.duration(Double(max(0, total - reached)) / rate)) left") }
        return parts.joined(separator: ", ")
    }

    /// `45 s`, `2 min 28 s`, `3 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// Draws the bar, at most ten times a second.
    private mutating func draw() {
        if let lastShown, ContinuousClock.now - lastShown < .milliseconds(100) { return }
        lastShown = .now
        var line = text
        if let total, total > 0 { line = "\(ProgressBar.bar(done + skipped, of: total)) \(line)" }
        TextOutput.write("\r\u{1B}[K\(line)", to: STDERR_FILENO)
    }

    /// Writes a line, twenty times in all and at least once a minute.
    private mutating func note() {
        let step = total.map { ($0 > 0 ? (done + skipped) * 20 / $0 : 0) } ?? 0
        let isDue = step > lastStep || ContinuousClock.now - (lastShown ?? start) >= .seconds(60)
        guard isDue else { return }
        lastStep = step
        lastShown = .now
        TextOutput.note(text)
    }
}
