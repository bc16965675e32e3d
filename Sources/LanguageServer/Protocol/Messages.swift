extension LSP {
    package struct DidOpenTextDocumentParams: Codable, Sendable {
        var textDocument: TextDocumentItem
    }

    package struct DidChangeTextDocumentParams: Codable, Sendable {
        var textDocument: VersionedTextDocumentIdentifier
        var contentChanges: [ContentChange]
    }

    /// `TextDocumentContentChangeEvent` in both its forms: without a range the text is the whole document.
    package struct ContentChange: Codable, Sendable {
        var range: Range?
        var text: String
    }

    package struct DidCloseTextDocumentParams: Codable, Sendable {
        var textDocument: TextDocumentIdentifier
    }

    package struct DidSaveTextDocumentParams: Codable, Sendable {
        var textDocument: TextDocumentIdentifier
    }

    package struct DidChangeWorkspaceFoldersParams: Codable, Sendable {
        var event: WorkspaceFoldersChangeEvent
    }

    package struct WorkspaceFoldersChangeEvent: Codable, Sendable {
        var added: [WorkspaceFolder]
        var removed: [WorkspaceFolder]
    }

    /// Parameters of every request about a document.
    package struct DocumentParams: Codable, Sendable {
        var textDocument: TextDocumentIdentifier
    }

    package struct HoverParams: Codable, Sendable {
        var textDocument: TextDocumentIdentifier
        var position: Position
    }

    package struct InlayHintParams: Codable, Sendable {
        var textDocument: TextDocumentIdentifier
        var range: Range
    }

    package struct CodeActionParams: Codable, Sendable {
        var textDocument: TextDocumentIdentifier
        var range: Range
        var context: CodeActionContext
    }

    package struct CodeActionContext: Codable, Sendable {
        var diagnostics: [Diagnostic]
        var only: [String]?
    }

    package struct DocumentDiagnosticParams: Codable, Sendable {
        var textDocument: TextDocumentIdentifier
        var previousResultId: String?
    }

    package struct WorkspaceDiagnosticParams: Codable, Sendable {
        var previousResultIds: [PreviousResultId]
    }

    package struct PreviousResultId: Codable, Sendable {
        var uri: String
        var value: String
    }

    package struct ExecuteCommandParams: Codable, Sendable {
        var command: String
        var arguments: [CommandTarget]?
    }

    package struct PublishDiagnosticsParams: Codable, Sendable {
        var uri: String
        var version: Int?
        var diagnostics: [Diagnostic]
    }

    package struct RelatedFullDocumentDiagnosticReport: Codable, Sendable {
        var kind = "full"
        var resultId: String?
        var items: [Diagnostic]
    }

    package struct RelatedUnchangedDocumentDiagnosticReport: Codable, Sendable {
        var kind = "unchanged"
        var resultId: String
    }

    package struct WorkspaceFullDocumentDiagnosticReport: Codable, Sendable {
        var kind = "full"
        var resultId: String?
        var items: [Diagnostic]
        var uri: String
        /// Null for a document that is not open.
        var version: VersionOrNull
    }

    /// An integer or null, which is not left out.
    package struct VersionOrNull: Codable, Sendable {
        var number: Int?

        init(_ number: Int?) { self.number = number }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            number = container.decodeNil() ? nil : try container.decode(Int.self)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if let number { try container.encode(number) } else { try container.encodeNil() }
        }
    }

    package struct WorkspaceDiagnosticReport: Codable, Sendable {
        var items: [WorkspaceFullDocumentDiagnosticReport]
    }

    package struct Hover: Codable, Sendable {
        var contents: MarkupContent
        var range: Range?
    }

    package struct InlayHint: Codable, Sendable, Equatable {
        var position: Position
        var label: String
        var tooltip: String?
        var paddingLeft: Bool?
    }

    package struct SemanticTokens: Codable, Sendable {
        var data: [Int]
    }

    package struct CodeAction: Codable, Sendable {
        var title: String
        var kind: String?
        var diagnostics: [Diagnostic]?
        var isPreferred: Bool?
        var edit: WorkspaceEdit?
        var command: Command?
    }

    package struct CodeLens: Codable, Sendable {
        var range: Range
        var command: Command?
    }

    package struct DocumentLink: Codable, Sendable {
        var range: Range
        var target: String?
        var tooltip: String?
    }

    package struct ShowMessageParams: Codable, Sendable {
        /// 1 error, 2 warning, 3 information, 4 log.
        var type: Int
        var message: String
    }

    package struct ShowDocumentParams: Codable, Sendable {
        var uri: String
        var external: Bool?
        var takeFocus: Bool?
    }

    package struct ShowDocumentResult: Codable, Sendable {
        var success: Bool
    }

    package struct ApplyWorkspaceEditParams: Codable, Sendable {
        var label: String?
        var edit: WorkspaceEdit
    }

    package struct ApplyWorkspaceEditResult: Codable, Sendable {
        var applied: Bool
        var failureReason: String?
    }

    package struct ConfigurationParams: Codable, Sendable {
        var items: [ConfigurationItem]
    }

    package struct ConfigurationItem: Codable, Sendable {
        var scopeUri: String?
        var section: String?
    }

    package struct WorkDoneProgressCreateParams: Codable, Sendable {
        var token: String
    }

    package struct RegistrationParams: Codable, Sendable {
        var registrations: [Registration]
    }

    package struct Registration: Codable, Sendable {
        var id: String
        var method: String
        var registerOptions: DidChangeWatchedFilesRegistrationOptions?
    }

    package struct DidChangeWatchedFilesRegistrationOptions: Codable, Sendable {
        var watchers: [FileSystemWatcher]
    }

    package struct FileSystemWatcher: Codable, Sendable {
        var globPattern: String
    }

    package struct WorkDoneProgressBegin: Codable, Sendable {
        var kind = "begin"
        var title: String
        var message: String?
        var percentage: Int?
    }

    package struct WorkDoneProgressReport: Codable, Sendable {
        var kind = "report"
        var message: String?
        var percentage: Int?
    }

    package struct WorkDoneProgressEnd: Codable, Sendable {
        var kind = "end"
        var message: String?
    }
}
