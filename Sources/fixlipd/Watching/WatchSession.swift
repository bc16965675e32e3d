import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSONRPC

/// Explains one caption after the other until there can be no more.
final class WatchSession {
    private let command: Watch
    private let lines: CaptionLines
    private let files: FileWatch
    private let display: any WatchDisplay
    private let interrupt: InterruptWatch
    /// One connection refines; the other one draws meanwhile. Nil after the daemon went away.
    private var clients: (refining: RPCClient, drawing: RPCClient)?
    private var budget: Int?
    private var lastFailed = false

    init(command: Watch, lines: CaptionLines, display: any WatchDisplay) throws {
        try checkIsLocal(command.image)
        self.command = command
        self.lines = lines
        self.display = display
        budget = command.refinement.budget
        interrupt = try InterruptWatch(signals: [SIGINT, SIGTERM, SIGHUP])
        files = try FileWatch(paths: ([command.image] + (command.textFile.map { [$0] } ?? [])).map(absolutePath))
    }

    /// - Throws: status 130 after an interrupt, 1 if the last caption could not be explained; errors that another
    ///   caption would not mend.
    func run() throws {
        var caption: String? = command.text.isEmpty ? nil : command.caption
        if let file = command.textFile { caption = read(file) }
        while true {
            if let caption { try explain(caption) }
            if interrupt.take() { throw ExitCode(130) }
            guard let next = try next(after: caption) else { break }
            caption = next
        }
        if lastFailed { throw ExitCode(1) }
    }

    /// The next caption, which may be the last one again; nil if there can be none.
    private func next(after caption: String?) throws -> String? {
        while true {
            if let line = lines.take() {
                if line.contains(where: { !$0.isWhitespace }) { return line }
                if caption != nil {
                    budget = (budget ?? Budget.defaultImageMasks) * 2
                    return caption
                }
                display.begin()
            }
            if files.take() {
                if let file = command.textFile {
                    if let text = read(file) { return text }
                } else if let caption {
                    return caption
                }
            }
            if lines.isAtEnd { return nil }
            var watched = [lines.idleDescriptor, files.descriptor, interrupt.descriptor]
                .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&watched, nfds_t(watched.count), -1) > 0 else { continue }
            if interrupt.take() { throw ExitCode(130) }
            if watched[0].revents != 0 { lines.read() }
            if watched[1].revents != 0 { _ = files.endsCall() }
        }
    }

    /// The file's text on one line; nil, and a word about it, if it cannot be read or has none.
    private func read(_ file: String) -> String? {
        do throws(FileFailure) {
            guard let text = String(validating: try contents(of: file), as: UTF8.self) else {
                fail("", PipelineFailure("\(file): is not UTF-8 text"))
                return nil
            }
            let words = text.split(whereSeparator: \.isWhitespace)
            if !words.isEmpty { return words.joined(separator: " ") }
            fail("", PipelineFailure("\(file): has no words"))
        } catch {
            fail("", PipelineFailure("\(file): \(error.reason)"))
        }
        return nil
    }

    /// Explains a caption, unless input comes that replaces it.
    private func explain(_ caption: String) throws {
        display.begin()
        lastFailed = false
        do {
            let clients = try connected()
            let match = try command.options.parameters(image: command.image, text: caption, model: command.model)
            let opened = try clients.refining.call(ExplanationOpen.self, match, interrupt: interrupt, watches: watches)
            defer { _ = try? clients.refining.call(ExplanationClose.self, .init(explanation: opened.explanation)) }
            guard !opened.players.text.isEmpty else { return fail(caption, PipelineFailure("\(WordlessCaption())")) }
            try refine(opened, caption, clients)
        } catch RPCClientError.cancelled {
            // Another caption has come, or an interrupt, which the caller sees.
            if lines.isWaiting || files.hasChanged { return }
            throw ExitCode(130)
        } catch let error as RPCClientError {
            if case .disconnected = error {
                clients = nil
                fail(caption, PipelineFailure("the daemon went away; another caption, or Enter, connects again"))
            } else {
                fail(caption, try PipelineFailure(error))
            }
        }
    }

    private var watches: [any CallWatch] { [lines, files] }

    private func refine(
        _ opened: ExplanationOpen.Result, _ caption: String, _ clients: (refining: RPCClient, drawing: RPCClient)
    ) throws {
        let (image, top) = (command.image, command.top)
        func show(_ estimate: WatchedEstimate) throws {
            try display.show(estimate) { width in
                let look = RenderOptions(format: .ansi, topK: top, width: width, colors: TextOutput.colors)
                return try clients.drawing.call(
                    ExplanationRender.self, .init(explanation: opened.explanation, options: look)
                ).content
            }
        }
        var failure: (any Error)?
        var rules = command.refinement.rules(budget: budget)
        rules.deadlineMilliseconds = command.deadline.milliseconds
        rules.progressToken = .string("watch")
        let layout = display.layout ?? EstimateLayout(pairs: PairSelection.none)
        let refined = try clients.refining.call(
            ExplanationRefine.self,
            .init(explanation: opened.explanation, rules: rules, values: Selection(layout: layout)),
            interrupt: interrupt, watches: watches
        ) { report in
            guard report.kind == .report else { return }
            do {
                try show(WatchedEstimate(image: image, text: caption, opened: opened, report: report))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        try show(WatchedEstimate(image: image, text: caption, opened: opened, result: refined))
    }

    private func connected() throws -> (refining: RPCClient, drawing: RPCClient) {
        if let clients { return clients }
        let made = (refining: try command.daemon.connect(), drawing: try command.daemon.connect())
        clients = made
        return made
    }

    private func fail(_ caption: String, _ failure: PipelineFailure) {
        lastFailed = true
        try? display.show(WatchFailure(image: command.image, text: caption, failure: failure))
    }
}
