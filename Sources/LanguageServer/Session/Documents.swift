import CaptionLint
import Captions
import JSONRPC

extension Session {
    func opened(_ item: LSP.TextDocumentItem) {
        lastGeneration += 1
        documents[item.uri] = OpenDocument(
            uri: item.uri, languageId: item.languageId, version: item.version, text: DocumentText(item.text),
            generation: lastGeneration)
        schedule(item.uri, isHasty: true)
    }

    func changed(_ params: LSP.DidChangeTextDocumentParams) {
        let uri = params.textDocument.uri
        guard var document = documents[uri] else { return log("\(uri) was changed and is not open") }
        for change in params.contentChanges {
            document.text.replace(change.range, with: change.text, encoding: client.encoding)
            document.lastLine = change.range?.start.line ?? 0
        }
        document.version = params.textDocument.version
        lastGeneration += 1
        document.generation = lastGeneration
        document.isRead = false
        documents[uri] = document
        schedule(uri)
    }

    func closed(_ item: LSP.TextDocumentIdentifier) {
        analyses.removeValue(forKey: item.uri)?.cancel()
        guard documents.removeValue(forKey: item.uri) != nil, !client.pullsDiagnostics else { return }
        notify(
            "textDocument/publishDiagnostics", LSP.PublishDiagnosticsParams(uri: item.uri, diagnostics: []))
    }

    func scheduleAll() {
        for uri in documents.keys.sorted() { schedule(uri, isHasty: true) }
    }

    /// Begins to look at a document again; what was begun before is given up.
    /// - Parameter isHasty: whether not to wait for the text to rest.
    func schedule(_ uri: String, isHasty: Bool = false) {
        guard let document = documents[uri] else { return }
        analyses[uri]?.cancel()
        let generation = document.generation
        let pause = isHasty ? 0 : settings.debounceMilliseconds
        analyses[uri] = Task { [self] in
            if pause > 0 { try? await Task.sleep(for: .milliseconds(pause)) }
            do {
                try await analyse(uri, generation)
            } catch is CancellationError {
                // A newer state is being looked at.
            } catch {
                log("\(uri): \(error)")
            }
        }
    }

    /// The analyst of a model, whose knowledge is shared by all documents.
    func analyst(_ model: String?) -> Analyst {
        let name = model ?? ""
        if let analyst = analysts[name] { return analyst }
        let analyst = Analyst(link: link, model: model)
        analysts[name] = analyst
        return analyst
    }

    /// Settings for a document: the editor's, with those of its project over them.
    func settings(for path: String?) -> LintSettings {
        guard let path, let slash = path.lastIndex(of: "/") else { return settings.rules }
        do throws(SettingsError) {
            let file = try SettingsFile.nearest(to: String(path[..<slash]))
            return try file?.over(settings.rules) ?? settings.rules
        } catch {
            if toldFailures.insert(error.description).inserted { show(1, "fixlip: \(error)") }
            return settings.rules
        }
    }

    /// Where `/images/cat.png` begins.
    func roots(_ settings: LintSettings) -> [String] {
        let paths = folders.compactMap { DocumentURI.path($0.uri) }
        return settings.roots.flatMap { root in
            root.hasPrefix("/") ? [root] : paths.map { $0 + "/" + root }
        } + paths
    }

    /// Reads a state of a document; one in which captions are not looked for has none.
    func read(_ document: OpenDocument, _ settings: LintSettings) async throws -> ReadDocument {
        do {
            return try await reader.read(
                DocumentReader.Source(
                    text: document.text.string, languageId: document.language,
                    path: document.path.map { _ in document.uri }, encoding: client.encoding,
                    roots: roots(settings)))
        } catch is CaptionError {
            return ReadDocument()
        }
    }
}
