import CaptionLint
import Captions
import FIxLIPProtocol
import JSON
import JSONRPC

/// One client: its documents, its requests, and what is known of its captions.
///
/// Messages are received in order, and a notification has its whole effect before the next message is looked at.
/// A request runs as a task of its own on the documents as they were when it came, and is answered once: whoever takes
/// it out of the table answers it.
actor Session {
    enum Phase: Sendable {
        case new, running, shutDown, exited
    }

    let output: ServerOutput
    let version: String
    let link: DaemonLink
    let pages: String
    let reader = DocumentReader()

    var phase = Phase.new
    var client = ClientFacts()
    var folders: [LSP.WorkspaceFolder] = []
    var settings = EditorSettings()
    /// What the client set with `initialize`.
    var initialSettings: JSONValue?
    var documents: [String: OpenDocument] = [:]
    var analyses: [String: Task<Void, Never>] = [:]
    var lastGeneration = 0
    /// What models said, by model.
    var analysts: [String: Analyst] = [:]
    /// Why models were not asked lately, by model.
    var failures: [String: (message: String, at: ContinuousClock.Instant)] = [:]
    /// Failures of which the person was told, so that each is told once.
    var toldFailures: Set<String> = []
    var pageNumber = 0
    /// What the client is about to be told to ask again.
    var dueRefreshes: Set<String> = []
    var progressNumber = 0
    var progressTasks: [String: Task<Void, Never>] = [:]

    private var running: [RequestID: Task<Void, Never>] = [:]
    private var asked: [Int: CheckedContinuation<JSONValue, any Error>] = [:]
    private var lastAsked = 0

    init(output: ServerOutput, version: String, link: DaemonLink, pages: String) {
        self.output = output
        self.version = version
        self.link = link
        self.pages = pages
    }

    // MARK: Messages

    func receive(_ bytes: [UInt8]) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            return output.send(OutgoingMessage.error(.parseError("\(error)"), id: .null))
        }
        if value["method"] == nil, value["result"] != nil || value["error"] != nil { return replied(value) }
        switch IncomingItem(value) {
        case .request(let id, let method, let params): request(id, method, params ?? [:])
        case .notification(let method, let params): notified(method, params ?? [:])
        case .response: break
        case .invalid(let id, let error): output.send(OutgoingMessage.error(error, id: id))
        }
    }

    private func request(_ id: RequestID, _ method: String, _ params: JSONValue) {
        func refuse(_ error: RPCError) { output.send(OutgoingMessage.error(error, id: id)) }
        switch (phase, method) {
        case (.new, "initialize"): break
        case (.new, _): return refuse(RPCError(code: -32002, message: "'initialize' has not been sent"))
        case (.running, "initialize"): return refuse(.invalidRequest("'initialize' was sent already"))
        case (.running, _): break
        case (.shutDown, _), (.exited, _): return refuse(.invalidRequest("'shutdown' was sent already"))
        }
        guard running[id] == nil else { return refuse(.invalidRequest("the id \(id) is that of a running request")) }
        // These change what the next message finds.
        if method == "initialize" || method == "shutdown" {
            do {
                let result = try method == "initialize" ? initialize(params) : shutDown()
                return output.send(.object(["jsonrpc": "2.0", "id": id.json, "result": result]))
            } catch {
                return refuse(Self.told(error, method))
            }
        }
        let uri = params["textDocument"]?["uri"]?.string
        let document = uri.flatMap { documents[$0] }
        running[id] = Task {
            do {
                answer(id, .success(try await result(method, params, document)))
            } catch {
                answer(id, .failure(Self.told(error, method)))
            }
        }
    }

    /// Answers a request, unless that was done.
    private func answer(_ id: RequestID, _ result: Result<JSONValue, RPCError>) {
        guard running.removeValue(forKey: id) != nil else { return }
        switch result {
        case .success(let value): output.send(.object(["jsonrpc": "2.0", "id": id.json, "result": value]))
        case .failure(let error): output.send(OutgoingMessage.error(error, id: id))
        }
    }

    private static func told(_ error: any Error, _ method: String) -> RPCError {
        switch error {
        case let error as RPCError: error
        case let error as JSONError: .invalidParams("invalid params of '\(method)': \(error)")
        case is CancellationError: .requestCancelled
        case let error as ModelFailure: RPCError(code: -32803, message: error.message)
        default: .internalError("'\(method)' failed: \(error)")
        }
    }

    private func notified(_ method: String, _ params: JSONValue) {
        if method == "exit" {
            let isOrderly = phase == .shutDown
            phase = .exited
            wasOrderly = isOrderly
            return
        }
        guard phase == .running else { return }
        do {
            switch method {
            case "$/cancelRequest":
                guard let id = params["id"].flatMap({ RequestID($0) }), let task = running[id] else { return }
                answer(id, .failure(.requestCancelled))
                task.cancel()
            case "initialized": begin()
            case "textDocument/didOpen": opened(try params.decode(LSP.DidOpenTextDocumentParams.self).textDocument)
            case "textDocument/didChange": changed(try params.decode(LSP.DidChangeTextDocumentParams.self))
            case "textDocument/didClose": closed(try params.decode(LSP.DidCloseTextDocumentParams.self).textDocument)
            case "textDocument/didSave":
                schedule(try params.decode(LSP.DidSaveTextDocumentParams.self).textDocument.uri, isHasty: true)
            case "workspace/didChangeConfiguration": configurationChanged(params)
            case "workspace/didChangeWatchedFiles": scheduleAll()
            case "workspace/didChangeWorkspaceFolders":
                foldersChanged(try params.decode(LSP.DidChangeWorkspaceFoldersParams.self).event)
            case "window/workDoneProgress/cancel":
                if let token = params["token"]?.string { cancelProgress(token) }
            default: break
            }
        } catch {
            log("'\(method)' is passed over: \(error)")
        }
    }

    private var wasOrderly = false

    private func shutDown() -> JSONValue {
        phase = .shutDown
        for task in analyses.values { task.cancel() }
        analyses = [:]
        return .null
    }

    /// Gives everything up.
    /// - Returns: whether the client ended as it should.
    func end() -> Bool {
        for task in running.values { task.cancel() }
        for task in analyses.values { task.cancel() }
        for continuation in asked.values { continuation.resume(throwing: CancellationError()) }
        asked = [:]
        link.close()
        reader.close()
        return wasOrderly
    }

    // MARK: What the client is asked

    /// Sends a request to the client and waits for its answer.
    /// - Throws: the client's `RPCError`; `CancellationError` at the end.
    func ask(_ method: String, _ params: some Encodable) async throws -> JSONValue {
        lastAsked += 1
        let id = lastAsked
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": .integer(Int64(id)), "method": .string(method),
            "params": try JSONValue(encoding: params),
        ]
        return try await withCheckedThrowingContinuation { continuation in
            guard phase == .running else { return continuation.resume(throwing: CancellationError()) }
            asked[id] = continuation
            output.send(message)
        }
    }

    /// A request whose answer changes nothing.
    func ask(_ method: String) {
        lastAsked += 1
        output.send(.object(["jsonrpc": "2.0", "id": .integer(Int64(lastAsked)), "method": .string(method)]))
    }

    private func replied(_ message: JSONValue) {
        guard let id = message["id"]?.int, let continuation = asked.removeValue(forKey: id) else { return }
        if let error = message["error"] {
            continuation.resume(
                throwing: RPCError(json: error) ?? RPCError.internalError("the client's error cannot be read"))
        } else {
            continuation.resume(returning: message["result"] ?? .null)
        }
    }

    func notify(_ method: String, _ params: some Encodable) {
        guard phase == .running, let json = try? JSONValue(encoding: params) else { return }
        output.notify(method, json)
    }

    func show(_ type: Int, _ message: String) {
        notify("window/showMessage", LSP.ShowMessageParams(type: type, message: message))
    }

    func log(_ message: String) {
        notify("window/logMessage", LSP.ShowMessageParams(type: 4, message: message))
    }
}
