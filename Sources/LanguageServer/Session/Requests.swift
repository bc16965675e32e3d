import CaptionLint
import Captions
import JSON
import JSONRPC

extension Session {
    /// The text was changed while a request about it was worked on.
    static let contentModified = RPCError(code: -32801, message: "the document was changed")

    /// The result of a request.
    /// - Parameter document: the one it is about, as it was when the request came.
    func result(_ method: String, _ params: JSONValue, _ document: OpenDocument?) async throws -> JSONValue {
        switch method {
        case "workspace/executeCommand":
            let call = try params.decode(LSP.ExecuteCommandParams.self)
            return try await execute(call.command, call.arguments?.first)
        case "workspace/diagnostic":
            _ = try params.decode(LSP.WorkspaceDiagnosticParams.self)
            return try await workspaceDiagnostics()
        case "textDocument/diagnostic", "textDocument/hover", "textDocument/inlayHint", "textDocument/codeAction",
            "textDocument/codeLens", "textDocument/documentLink", "textDocument/semanticTokens/full":
            let uri = try params.decode(LSP.DocumentParams.self).textDocument.uri
            guard let document else { throw RPCError.invalidParams("\(uri) is not open") }
            return try await result(method, params, about: try await readState(document))
        default: throw RPCError.methodNotFound(method)
        }
    }

    private func result(_ method: String, _ params: JSONValue, about document: OpenDocument) async throws -> JSONValue {
        switch method {
        case "textDocument/diagnostic":
            return try await report(try params.decode(LSP.DocumentDiagnosticParams.self), document)
        case "textDocument/hover":
            let position = try params.decode(LSP.HoverParams.self).position
            return try await hover(position, in: document).map { try JSONValue(encoding: $0) } ?? .null
        case "textDocument/inlayHint":
            let range = try params.decode(LSP.InlayHintParams.self).range
            return try JSONValue(encoding: settings.inlayHints ? InlayHints.hints(of: document, in: range) : [])
        case "textDocument/codeAction":
            let actions = codeActions(try params.decode(LSP.CodeActionParams.self), in: document)
            if client.hasCodeActionLiterals { return try JSONValue(encoding: actions) }
            return try JSONValue(encoding: actions.compactMap { commandAlone($0, document) })
        case "textDocument/codeLens":
            return try JSONValue(encoding: settings.codeLenses ? codeLenses(of: document) : [])
        case "textDocument/documentLink":
            return try JSONValue(encoding: documentLinks(of: document))
        default:
            let data =
                settings.semanticTokens ? SemanticTokenLevels.data(of: document, encoding: client.encoding) : []
            return try JSONValue(encoding: LSP.SemanticTokens(data: data))
        }
    }

    /// For clients that know commands only: edits become commands that apply them.
    private func commandAlone(_ action: LSP.CodeAction, _ document: OpenDocument) -> LSP.Command? {
        if let command = action.command { return command }
        guard let place = action.diagnostics?.first?.range.start else { return nil }
        let name = action.title.hasPrefix("Swap") ? "fixlip.swapCaptions" : "fixlip.markDecorative"
        return LSP.Command(
            title: action.title, command: name, arguments: [LSP.CommandTarget(uri: document.uri, position: place)])
    }

    /// A document whose text was read: at once, though its analysis may wait for the text to rest.
    /// - Throws: ``contentModified`` where it was changed meanwhile.
    func readState(_ document: OpenDocument) async throws -> OpenDocument {
        guard let current = documents[document.uri], current.generation == document.generation else {
            throw Self.contentModified
        }
        if current.isRead { return current }
        let settings = settings(for: current.path)
        let read = try await read(current, settings)
        guard var current = documents[document.uri], current.generation == document.generation else {
            throw Self.contentModified
        }
        if !current.isRead {
            current.read = read
            current.isRead = true
            current.settings = settings
            current.evidence = analyst(settings.model).known(read.captions, images: read.images)
            documents[current.uri] = current
            tell(current.uri)
        }
        return documents[current.uri] ?? current
    }

    // MARK: Diagnostics on demand

    /// Where the client does not let itself be told to ask again, the answer waits for all that is to be found.
    private func report(_ params: LSP.DocumentDiagnosticParams, _ document: OpenDocument) async throws -> JSONValue {
        var document = document
        if !client.refreshesDiagnostics {
            await analyses[document.uri]?.value
            guard let current = documents[document.uri], current.generation == document.generation else {
                throw Self.contentModified
            }
            document = current
        }
        let resultId = "\(document.resultId)"
        if params.previousResultId == resultId {
            return try JSONValue(encoding: LSP.RelatedUnchangedDocumentDiagnosticReport(resultId: resultId))
        }
        return try JSONValue(
            encoding: LSP.RelatedFullDocumentDiagnosticReport(
                resultId: resultId, items: diagnostics(of: document)))
    }

    /// Findings of the open documents and, where the settings want it, of the other documents of the workspace by the
    /// rules that need no model.
    private func workspaceDiagnostics() async throws -> JSONValue {
        var reports: [LSP.WorkspaceFullDocumentDiagnosticReport] = []
        for uri in documents.keys.sorted() {
            guard let document = documents[uri] else { continue }
            let read = try await readState(document)
            reports.append(
                LSP.WorkspaceFullDocumentDiagnosticReport(
                    resultId: "\(read.resultId)", items: diagnostics(of: read), uri: uri,
                    version: LSP.VersionOrNull(read.version)))
        }
        if settings.wholeWorkspace {
            let paths = folders.compactMap { DocumentURI.path($0.uri) }
            for path in try await reader.files(in: paths) {
                let uri = DocumentURI.uri(path)
                guard documents[uri] == nil else { continue }
                if let items = try await closedDiagnostics(path, uri) {
                    reports.append(
                        LSP.WorkspaceFullDocumentDiagnosticReport(
                            items: items, uri: uri, version: LSP.VersionOrNull(nil)))
                }
            }
        }
        return try JSONValue(encoding: LSP.WorkspaceDiagnosticReport(items: reports))
    }

    private func closedDiagnostics(_ path: String, _ uri: String) async throws -> [LSP.Diagnostic]? {
        guard let language = Languages.language(ofFile: path), let text = try? await reader.text(ofFile: path) else {
            return nil
        }
        var document = OpenDocument(
            uri: uri, languageId: language, version: 0, text: DocumentText(text), generation: 0)
        document.settings = settings(for: path)
        document.read = try await read(document, document.settings)
        document.findings = Judge.findings(
            document.read.captions, images: document.read.images, settings: document.settings,
            encoding: client.encoding)
        return diagnostics(of: document)
    }
}
