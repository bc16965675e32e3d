extension LSP {
    package struct ClientInfo: Codable, Sendable, Equatable {
        var name: String
        var version: String?
    }

    package struct InitializeParams: Codable, Sendable {
        var processId: Int?
        var clientInfo: ClientInfo?
        var rootUri: String?
        var rootPath: String?
        var workspaceFolders: [WorkspaceFolder]?
        var capabilities: ClientCapabilities?
    }

    package struct ClientCapabilities: Codable, Sendable {
        var general: GeneralClientCapabilities?
        var workspace: WorkspaceClientCapabilities?
        var textDocument: TextDocumentClientCapabilities?
        var window: WindowClientCapabilities?
    }

    package struct GeneralClientCapabilities: Codable, Sendable {
        var positionEncodings: [String]?
    }

    package struct WorkspaceClientCapabilities: Codable, Sendable {
        var applyEdit: Bool?
        var configuration: Bool?
        var workspaceFolders: Bool?
        var didChangeConfiguration: DidChangeConfigurationClientCapabilities?
        var didChangeWatchedFiles: DidChangeWatchedFilesClientCapabilities?
        var semanticTokens: SemanticTokensWorkspaceClientCapabilities?
        var codeLens: CodeLensWorkspaceClientCapabilities?
        var inlayHint: InlayHintWorkspaceClientCapabilities?
        var diagnostics: DiagnosticWorkspaceClientCapabilities?
    }

    package struct DidChangeConfigurationClientCapabilities: Codable, Sendable {
        var dynamicRegistration: Bool?
    }

    package struct DidChangeWatchedFilesClientCapabilities: Codable, Sendable {
        var dynamicRegistration: Bool?
    }

    package struct SemanticTokensWorkspaceClientCapabilities: Codable, Sendable {
        var refreshSupport: Bool?
    }

    package struct CodeLensWorkspaceClientCapabilities: Codable, Sendable {
        var refreshSupport: Bool?
    }

    package struct InlayHintWorkspaceClientCapabilities: Codable, Sendable {
        var refreshSupport: Bool?
    }

    package struct DiagnosticWorkspaceClientCapabilities: Codable, Sendable {
        var refreshSupport: Bool?
    }

    package struct TextDocumentClientCapabilities: Codable, Sendable {
        var publishDiagnostics: PublishDiagnosticsClientCapabilities?
        var diagnostic: DiagnosticClientCapabilities?
        var hover: HoverClientCapabilities?
        var codeAction: CodeActionClientCapabilities?
    }

    package struct PublishDiagnosticsClientCapabilities: Codable, Sendable {
        var relatedInformation: Bool?
        var versionSupport: Bool?
        var codeDescriptionSupport: Bool?
    }

    package struct DiagnosticClientCapabilities: Codable, Sendable {
        var dynamicRegistration: Bool?
    }

    package struct HoverClientCapabilities: Codable, Sendable {
        var contentFormat: [String]?
    }

    package struct CodeActionClientCapabilities: Codable, Sendable {
        var codeActionLiteralSupport: ClientCodeActionLiteralOptions?
    }

    package struct ClientCodeActionLiteralOptions: Codable, Sendable {
        var codeActionKind: ClientCodeActionKindOptions?
    }

    package struct ClientCodeActionKindOptions: Codable, Sendable {
        var valueSet: [String]?
    }

    package struct WindowClientCapabilities: Codable, Sendable {
        var workDoneProgress: Bool?
        var showDocument: ShowDocumentClientCapabilities?
    }

    package struct ShowDocumentClientCapabilities: Codable, Sendable {
        var support: Bool
    }

    package struct InitializeResult: Codable, Sendable {
        var capabilities: ServerCapabilities
        var serverInfo: ServerInfo?
    }

    package struct ServerInfo: Codable, Sendable {
        var name: String
        var version: String?
    }

    package struct ServerCapabilities: Codable, Sendable {
        var positionEncoding: String?
        var textDocumentSync: TextDocumentSyncOptions?
        var hoverProvider: Bool?
        var codeActionProvider: CodeActionOptions?
        var codeLensProvider: CodeLensOptions?
        var documentLinkProvider: DocumentLinkOptions?
        var executeCommandProvider: ExecuteCommandOptions?
        var workspace: WorkspaceOptions?
        var semanticTokensProvider: SemanticTokensOptions?
        var inlayHintProvider: Bool?
        var diagnosticProvider: DiagnosticOptions?
    }

    package struct TextDocumentSyncOptions: Codable, Sendable {
        var openClose: Bool?
        /// 0 none, 1 whole documents, 2 changes.
        var change: Int?
        var save: SaveOptions?
    }

    package struct SaveOptions: Codable, Sendable {
        var includeText: Bool?
    }

    package struct CodeActionOptions: Codable, Sendable {
        var codeActionKinds: [String]?
    }

    package struct CodeLensOptions: Codable, Sendable {
        var resolveProvider: Bool?
    }

    package struct DocumentLinkOptions: Codable, Sendable {
        var resolveProvider: Bool?
    }

    package struct ExecuteCommandOptions: Codable, Sendable {
        var commands: [String]
    }

    package struct WorkspaceOptions: Codable, Sendable {
        var workspaceFolders: WorkspaceFoldersServerCapabilities?
    }

    package struct WorkspaceFoldersServerCapabilities: Codable, Sendable {
        var supported: Bool?
        var changeNotifications: Bool?
    }

    package struct SemanticTokensLegend: Codable, Sendable {
        var tokenTypes: [String]
        var tokenModifiers: [String]
    }

    package struct SemanticTokensOptions: Codable, Sendable {
        var legend: SemanticTokensLegend
        var range: Bool?
        var full: Bool?
    }

    package struct DiagnosticOptions: Codable, Sendable {
        var identifier: String?
        var interFileDependencies: Bool
        var workspaceDiagnostics: Bool
    }
}
