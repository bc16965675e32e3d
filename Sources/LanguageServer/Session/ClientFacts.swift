import CaptionLint
import Captions
import JSON

/// What the client said that it can do, and what was agreed on.
struct ClientFacts: Sendable {
    var encoding = PositionEncoding.utf16
    var pullsDiagnostics = false
    var refreshesDiagnostics = false
    var refreshesInlayHints = false
    var refreshesSemanticTokens = false
    var refreshesCodeLenses = false
    var showsProgress = false
    var showsDocuments = false
    var appliesEdits = false
    var hasConfiguration = false
    var registersWatchers = false
    var hasRelatedInformation = false
    var hasCodeActionLiterals = false
    var readsMarkdown = false
    /// Whether pictures as `data:` URIs are shown in hovers.
    var showsPictures = false

    init() {}

    init(_ params: LSP.InitializeParams) {
        let capabilities = params.capabilities
        let offered = capabilities?.general?.positionEncodings ?? []
        // Bytes are what documents are kept in.
        encoding = [.utf8, .utf16, .utf32].first { offered.contains($0.rawValue) } ?? .utf16
        let workspace = capabilities?.workspace
        pullsDiagnostics = capabilities?.textDocument?.diagnostic != nil
        refreshesDiagnostics = workspace?.diagnostics?.refreshSupport ?? false
        refreshesInlayHints = workspace?.inlayHint?.refreshSupport ?? false
        refreshesSemanticTokens = workspace?.semanticTokens?.refreshSupport ?? false
        refreshesCodeLenses = workspace?.codeLens?.refreshSupport ?? false
        showsProgress = capabilities?.window?.workDoneProgress ?? false
        showsDocuments = capabilities?.window?.showDocument?.support ?? false
        appliesEdits = workspace?.applyEdit ?? false
        hasConfiguration = workspace?.configuration ?? false
        registersWatchers = workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false
        hasRelatedInformation = capabilities?.textDocument?.publishDiagnostics?.relatedInformation ?? false
        hasCodeActionLiterals = capabilities?.textDocument?.codeAction?.codeActionLiteralSupport != nil
        readsMarkdown = capabilities?.textDocument?.hover?.contentFormat?.contains("markdown") ?? false
        let name = params.clientInfo?.name.lowercased() ?? ""
        showsPictures = readsMarkdown && (name.hasPrefix("visual studio code") || name.hasPrefix("vscod"))
    }
}

/// Settings of the server alone, beside those of the rules.
struct EditorSettings: Sendable, Equatable {
    var rules = LintSettings()
    var inlayHints = true
    var codeLenses = true
    var semanticTokens = true
    /// Whether documents that are not open are looked at, when the client asks about the workspace.
    var wholeWorkspace = false
    /// Pictures in hovers; nil leaves it to what is known of the client.
    var pictures: Bool?
    /// How long the text must rest before anything is computed.
    var debounceMilliseconds = 60

    private static let names = [
        "inlayHints", "codeLens", "semanticTokens", "wholeWorkspace", "pictures", "debounce",
    ]

    /// Takes over what the client sets.
    /// - Throws: `SettingsError`, and then nothing is taken.
    mutating func apply(_ json: JSONValue) throws(SettingsError) {
        var new = self
        var rest = json
        func take(_ name: String) throws(SettingsError) -> Bool? {
            guard let value = rest[name] else { return nil }
            guard let flag = value.bool else { throw SettingsError("'\(name)' must be true or false") }
            return flag
        }
        new.inlayHints = try take("inlayHints") ?? inlayHints
        new.codeLenses = try take("codeLens") ?? codeLenses
        new.semanticTokens = try take("semanticTokens") ?? semanticTokens
        new.wholeWorkspace = try take("wholeWorkspace") ?? wholeWorkspace
        new.pictures = try take("pictures") ?? pictures
        if let value = rest["debounce"] {
            guard let number = value.int, (0...10_000).contains(number) else {
                throw SettingsError("'debounce' must be a whole number of milliseconds from 0 to 10000")
            }
            new.debounceMilliseconds = number
        }
        if case .object(var members) = rest {
            for name in Self.names { members[name] = nil }
            // Editors' extensions keep settings of their own in the same section.
            rest = .object(members)
        }
        try new.rules.apply(rest, refusingUnknown: false)
        self = new
    }
}
