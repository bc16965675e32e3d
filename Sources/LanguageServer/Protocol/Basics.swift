import Captions

/// Types of the Language Server Protocol 3.17, by their names there, with the members that are used here.
package enum LSP {
    package typealias Position = TextPosition
    package typealias Range = TextRange

    package struct Location: Codable, Sendable, Equatable {
        var uri: String
        var range: Range
    }

    package struct TextDocumentIdentifier: Codable, Sendable, Equatable {
        var uri: String
    }

    package struct VersionedTextDocumentIdentifier: Codable, Sendable, Equatable {
        var uri: String
        var version: Int
    }

    package struct TextDocumentItem: Codable, Sendable, Equatable {
        var uri: String
        var languageId: String
        var version: Int
        var text: String
    }

    package struct TextEdit: Codable, Sendable, Equatable {
        var range: Range
        var newText: String
    }

    package struct WorkspaceEdit: Codable, Sendable, Equatable {
        var changes: [String: [TextEdit]]?
    }

    package struct Command: Codable, Sendable, Equatable {
        var title: String
        var command: String
        var arguments: [CommandTarget]?
    }

    package struct MarkupContent: Codable, Sendable, Equatable {
        /// `markdown` or `plaintext`.
        var kind: String
        var value: String
    }

    package struct WorkspaceFolder: Codable, Sendable, Equatable {
        var uri: String
        var name: String
    }

    package struct CodeDescription: Codable, Sendable, Equatable {
        var href: String
    }

    package struct DiagnosticRelatedInformation: Codable, Sendable, Equatable {
        var location: Location
        var message: String
    }

    package struct Diagnostic: Codable, Sendable, Equatable {
        var range: Range
        /// 1 error, 2 warning, 3 information, 4 hint.
        var severity: Int?
        var code: String?
        var codeDescription: CodeDescription?
        var source: String?
        var message: String
        var relatedInformation: [DiagnosticRelatedInformation]?
    }

    /// What a command is about: the caption at a place of a document. An argument of ours, no type of the protocol's.
    package struct CommandTarget: Codable, Sendable, Equatable {
        var uri: String
        var position: Position
        /// The place of another caption, for commands about two.
        var other: Position?
    }
}
