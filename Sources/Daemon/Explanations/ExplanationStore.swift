import Foundation

/// Owns the open explanations. One that nobody used for a while is closed, so that clients that vanish leave nothing.
/// What an explanation holds is given back when it is closed and nothing works on it any more.
package actor ExplanationStore {
    private struct Entry {
        let explanation: Explanation
        var lastUse: Double
    }

    private let idleLimit: Double
    private let now: @Sendable () -> Double
    private var entries: [String: Entry] = [:]
    private var counter = 0
    private var sweep: Task<Void, Never>?

    package init(
        idleLimit: Double, now: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) {
        self.idleLimit = idleLimit
        self.now = now
    }

    /// A handle nobody has had yet; it carries random bits so that one from before a restart is not taken for another.
    func makeID() -> String {
        counter += 1
        return "x\(counter)-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    }

    func insert(_ explanation: Explanation) {
        entries[explanation.id] = Entry(explanation: explanation, lastUse: now())
        scheduleSweep()
    }

    /// - Throws: `ApplicationError` of kind `explanationNotFound`.
    package func find(_ id: String) throws -> Explanation {
        guard let entry = entries[id] else {
            throw ApplicationError(
                .explanationNotFound,
                "there is no open explanation '\(id)'; it was closed, or idle for more than \(Int(idleLimit)) s, or belongs to an earlier run of the daemon: open it again"
            )
        }
        entries[id]?.lastUse = now()
        return entry.explanation
    }

    /// Notes that an explanation was used, so that it counts as idle from here on.
    func touch(_ id: String) { entries[id]?.lastUse = now() }

    /// Forgets an explanation at once and ends what refines it.
    func close(_ id: String) async throws {
        let explanation = try find(id)
        entries[id] = nil
        _ = await explanation.stop()
    }

    /// Runs `body`, which works on an explanation: it counts as used until the end of that.
    package func using<Value: Sendable>(
        _ explanation: Explanation, refiningBy control: RefinementControl? = nil,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let id = explanation.id
        return try await explanation.withUse(refiningBy: control) {
            // Before the use ends: nobody may find it idle for long and unused in between.
            do {
                let value = try await body()
                await touch(id)
                return value
            } catch {
                await touch(id)
                throw error
            }
        }
    }

    var all: [Explanation] { entries.values.map(\.explanation).sorted { $0.id < $1.id } }

    private func scheduleSweep() {
        guard sweep == nil else { return }
        sweep = Task { [weak self, idleLimit] in
            while (try? await Task.sleep(for: .seconds(max(0.05, idleLimit / 4)))) != nil {
                guard await self?.closeIdle() == true else { return }
            }
        }
    }

    /// - Returns: whether any are left to watch.
    private func closeIdle() async -> Bool {
        for (id, entry) in entries where now() - entry.lastUse > idleLimit {
            if await entry.explanation.isBusy {
                touch(id)
            } else if now() - (entries[id]?.lastUse ?? now()) > idleLimit {
                try? await close(id)
            }
        }
        if entries.isEmpty { sweep = nil }
        return !entries.isEmpty
    }
}
