import CaptionLint
import Captions
import JSON
import JSONRPC

extension Session {
    static let commands = [
        "fixlip.openPage", "fixlip.refine", "fixlip.swapCaptions", "fixlip.compare", "fixlip.markDecorative",
        "fixlip.check",
    ]

    func initialize(_ json: JSONValue) throws -> JSONValue {
        let params = try json.decode(LSP.InitializeParams.self)
        client = ClientFacts(params)
        folders = params.workspaceFolders ?? []
        if folders.isEmpty, let root = params.rootUri { folders = [LSP.WorkspaceFolder(uri: root, name: root)] }
        if folders.isEmpty, let root = params.rootPath, root.hasPrefix("/") {
            folders = [LSP.WorkspaceFolder(uri: DocumentURI.uri(root), name: root)]
        }
        // An editor that sets something wrong is told so when it can show messages.
        initialSettings = json["initializationOptions"]
        let result = LSP.InitializeResult(
            capabilities: LSP.ServerCapabilities(
                positionEncoding: client.encoding.rawValue,
                textDocumentSync: LSP.TextDocumentSyncOptions(
                    openClose: true, change: 2, save: LSP.SaveOptions(includeText: false)),
                hoverProvider: true,
                codeActionProvider: LSP.CodeActionOptions(codeActionKinds: ["quickfix", "refactor", "source"]),
                codeLensProvider: LSP.CodeLensOptions(resolveProvider: false),
                documentLinkProvider: LSP.DocumentLinkOptions(resolveProvider: false),
                executeCommandProvider: LSP.ExecuteCommandOptions(commands: Self.commands),
                workspace: LSP.WorkspaceOptions(
                    workspaceFolders: LSP.WorkspaceFoldersServerCapabilities(
                        supported: true, changeNotifications: true)),
                semanticTokensProvider: LSP.SemanticTokensOptions(
                    legend: SemanticTokenLevels.legend, range: false, full: true),
                inlayHintProvider: true,
                diagnosticProvider: LSP.DiagnosticOptions(
                    identifier: "fixlip", interFileDependencies: false, workspaceDiagnostics: true)),
            serverInfo: LSP.ServerInfo(name: "fixlipd", version: version))
        phase = .running
        return try JSONValue(encoding: result)
    }

    /// The client is ready.
    func begin() {
        if let initialSettings { take(initialSettings) }
        if client.registersWatchers {
            Task { [self] in
                _ = try? await ask(
                    "client/registerCapability",
                    LSP.RegistrationParams(registrations: [
                        LSP.Registration(
                            id: "files", method: "workspace/didChangeWatchedFiles",
                            registerOptions: LSP.DidChangeWatchedFilesRegistrationOptions(
                                watchers: [
                                    LSP.FileSystemWatcher(globPattern: "**/*.{png,jpg,jpeg,webp,PNG,JPG,JPEG,WEBP}"),
                                    LSP.FileSystemWatcher(globPattern: "**/{.fixlip.toml,pyproject.toml}"),
                                ]))
                    ]))
            }
        }
        if client.hasConfiguration { Task { [self] in await fetchConfiguration() } }
    }

    /// The section `fixlip` of the editor's settings.
    private func fetchConfiguration() async {
        let params = LSP.ConfigurationParams(items: [LSP.ConfigurationItem(section: "fixlip")])
        guard let answer = try? await ask("workspace/configuration", params), let section = answer[0],
            section.object != nil
        else { return }
        take(section)
        scheduleAll()
    }

    func configurationChanged(_ params: JSONValue) {
        if client.hasConfiguration {
            Task { [self] in await fetchConfiguration() }
        } else if let section = params["settings"]?["fixlip"], section.object != nil {
            take(section)
            scheduleAll()
        }
    }

    private func take(_ json: JSONValue) {
        guard !json.isNull else { return }
        var new = EditorSettings()
        if let initialSettings { try? new.apply(initialSettings) }
        do throws(SettingsError) {
            try new.apply(json)
            settings = new
            failures = [:]
        } catch {
            show(1, "fixlip: \(error)")
        }
    }

    func foldersChanged(_ event: LSP.WorkspaceFoldersChangeEvent) {
        folders.removeAll { folder in event.removed.contains { $0.uri == folder.uri } }
        folders += event.added
        scheduleAll()
    }
}
