import CaptionLint
import Captions
import FIxLIPProtocol
import JSONRPC

extension Session {
    /// Captions of one document that are explained without being asked for.
    static let mostExplained = 64
    /// How long a model that cannot be had is left alone.
    static let patience = Duration.seconds(30)

    /// Looks at a state of a document: what needs no model first, then scores, then explanations, coarse ones before
    /// fine ones. What is known is told after each step.
    func analyse(_ uri: String, _ generation: Int) async throws {
        guard let document = documents[uri], document.generation == generation else { return }
        let settings = settings(for: document.path)
        let read = try await read(document, settings)
        guard
            update(
                uri, generation,
                { document in
                    document.read = read
                    document.isRead = true
                    document.settings = settings
                    document.evidence = DocumentEvidence()
                })
        else { return }
        let hasCaptions = read.captions.contains { $0.absence == nil }
        let analyst = analyst(settings.model)
        if hasCaptions, settings.needsModel { learn(uri, generation, analyst) }
        tell(uri)
        guard hasCaptions, settings.needsModel, mayAsk(settings.model) else { return }
        do {
            try await analyst.look(read.captions, images: read.images)
            modelAnswered(settings.model)
            learn(uri, generation, analyst)
            tell(uri)
            try await explain(uri, generation, analyst, settings)
        } catch let failure as ModelFailure {
            modelFailed(settings.model, failure)
        }
    }

    /// Explains captions, those near the last change first.
    private func explain(
        _ uri: String, _ generation: Int, _ analyst: Analyst, _ settings: LintSettings
    ) async throws {
        guard let document = documents[uri], document.generation == generation else { return }
        let captions = document.read.captions
        let order = captions.indices.filter {
            captions[$0].absence == nil && document.read.images[$0].state == .readable
        }
        .sorted {
            abs(captions[$0].range.start.line - document.lastLine)
                < abs(captions[$1].range.start.line - document.lastLine)
        }.prefix(Self.mostExplained)
        let levels = [max(32, settings.budget / 8), settings.budget]
        let progress = Progress(session: self, title: "Explaining captions", total: order.count * levels.count)
        var done = 0
        do {
            for (number, level) in levels.enumerated() where number == 0 || level > levels[0] {
                for index in order {
                    let isNew = try await analyst.explain(
                        captions[index], image: document.read.images[index], budget: level)
                    done += 1
                    guard isNew else { continue }
                    await progress.report(done, task: analyses[uri])
                    guard learn(uri, generation, analyst) else { throw CancellationError() }
                    tell(uri)
                }
            }
        } catch {
            await progress.end()
            throw error
        }
        await progress.end()
    }

    /// Takes over what the analyst knows.
    /// - Returns: whether the document is still in this state.
    @discardableResult
    func learn(_ uri: String, _ generation: Int, _ analyst: Analyst) -> Bool {
        update(uri, generation) { document in
            document.evidence = analyst.known(document.read.captions, images: document.read.images)
        }
    }

    @discardableResult
    private func update(_ uri: String, _ generation: Int, _ change: (inout OpenDocument) -> Void) -> Bool {
        guard var document = documents[uri], document.generation == generation, !Task.isCancelled else { return false }
        change(&document)
        documents[uri] = document
        return true
    }

    /// Judges a document by what is known of it, and tells the client where that changed anything.
    func tell(_ uri: String) {
        guard var document = documents[uri], document.isRead else { return }
        let findings = Judge.findings(
            document.read.captions, images: document.read.images, evidence: document.evidence,
            settings: document.settings, encoding: client.encoding)
        let isNew = findings != document.findings || document.resultId == 0
        if isNew {
            document.findings = findings
            document.resultId += 1
        }
        let isTold = document.toldVersion == document.version
        document.toldVersion = document.version
        documents[uri] = document
        if isNew || !isTold, !client.pullsDiagnostics {
            notify(
                "textDocument/publishDiagnostics",
                LSP.PublishDiagnosticsParams(
                    uri: uri, version: document.version, diagnostics: diagnostics(of: document)))
        }
        refreshSoon(diagnostics: isNew, weights: !document.evidence.captions.isEmpty)
    }

    /// Has the client ask again for what changed. Changes that follow one another within moments are one.
    private func refreshSoon(diagnostics: Bool, weights: Bool) {
        var due: [String] = []
        if diagnostics, client.pullsDiagnostics, client.refreshesDiagnostics { due.append("diagnostic") }
        if weights, client.refreshesInlayHints { due.append("inlayHint") }
        if weights, client.refreshesSemanticTokens { due.append("semanticTokens") }
        if weights, client.refreshesCodeLenses { due.append("codeLens") }
        let isWaiting = !dueRefreshes.isEmpty
        dueRefreshes.formUnion(due)
        guard !isWaiting, !dueRefreshes.isEmpty else { return }
        Task { [self] in
            try? await Task.sleep(for: .milliseconds(30))
            refresh()
        }
    }

    private func refresh() {
        let due = dueRefreshes.sorted()
        dueRefreshes = []
        guard phase == .running else { return }
        for feature in due { ask("workspace/\(feature)/refresh") }
    }

    // MARK: Models that cannot be had

    private func mayAsk(_ model: String?) -> Bool {
        guard let failure = failures[model ?? ""] else { return true }
        return ContinuousClock.now - failure.at > Self.patience
    }

    private func modelAnswered(_ model: String?) {
        if let failure = failures.removeValue(forKey: model ?? "") { toldFailures.remove(failure.message) }
    }

    /// Tells the person once, however many captions wait for the model.
    private func modelFailed(_ model: String?, _ failure: ModelFailure) {
        failures[model ?? ""] = (failure.message, ContinuousClock.now)
        guard toldFailures.insert(failure.message).inserted else { return }
        show(2, "fixlip: captions are not judged by a model: \(failure.message)")
    }
}
