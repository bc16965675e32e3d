import JSONRPC

/// `$/progress` of one piece of work, begun with its first report once the client has agreed; the work does not wait
/// for that. The person may cancel it.
actor Progress {
    private let session: Session
    private let title: String
    private let total: Int
    private var token: String?
    private var isAsked = false
    private var hasBegun = false
    private var hasEnded = false

    init(session: Session, title: String, total: Int) {
        self.session = session
        self.title = title
        self.total = max(1, total)
    }

    /// - Parameter task: what ends when the person cancels.
    func report(_ done: Int, task: Task<Void, Never>?) async {
        if !isAsked, await session.client.showsProgress {
            isAsked = true
            Task { await self.create(task) }
        }
        guard let token, !hasEnded else { return }
        if !hasBegun {
            hasBegun = true
            await session.progress(token, LSP.WorkDoneProgressBegin(title: title, percentage: 0))
        }
        await session.progress(
            token,
            LSP.WorkDoneProgressReport(message: "\(done)/\(total)", percentage: min(100, 100 * done / total)))
    }

    func end() async {
        hasEnded = true
        guard let token else { return }
        self.token = nil
        if hasBegun { await session.progress(token, LSP.WorkDoneProgressEnd()) }
        await session.forgetProgress(token)
    }

    private func create(_ task: Task<Void, Never>?) async {
        let new = await session.newProgress(task)
        do {
            _ = try await session.ask(
                "window/workDoneProgress/create", LSP.WorkDoneProgressCreateParams(token: new))
            if !hasEnded { return token = new }
        } catch {
            // The client shows no progress.
        }
        await session.forgetProgress(new)
    }
}

extension Session {
    private struct ProgressParams<Value: Encodable>: Encodable {
        var token: String
        var value: Value
    }

    func newProgress(_ task: Task<Void, Never>?) -> String {
        progressNumber += 1
        let token = "fixlip-\(progressNumber)"
        progressTasks[token] = task
        return token
    }

    func progress(_ token: String, _ value: some Encodable) {
        notify("$/progress", ProgressParams(token: token, value: value))
    }

    func cancelProgress(_ token: String) { progressTasks[token]?.cancel() }

    func forgetProgress(_ token: String) { progressTasks[token] = nil }
}
