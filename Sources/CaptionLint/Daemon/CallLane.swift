import FIxLIPProtocol
import Foundation
import JSONRPC
import Synchronization

/// One connection to the daemon with a thread of its own, which makes one call after another.
///
/// The connection is made for the first call, and again after the daemon went away. A call that is cancelled while it
/// waits is not made; one that is being made is cancelled at the daemon.
final class CallLane: Sendable {
    typealias Connect = @Sendable () throws -> RPCClient
    typealias Work = @Sendable (RPCClient, LaneTicket) throws -> Void

    private struct Job: Sendable {
        let ticket: LaneTicket
        let work: Work
        let fail: @Sendable (any Error) -> Void
    }

    private struct State: Sendable {
        var waiting: [Job] = []
        var isClosed = false
    }

    private let connect: Connect
    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let alarm: WakePipe

    init(_ name: String, connect: @escaping Connect) throws {
        self.connect = connect
        alarm = try WakePipe()
        startThread(name) { [self] in run() }
    }

    /// Stops making calls, ends the thread and closes the connection.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for job in waiting {
            job.ticket.cancel()
            job.fail(CancellationError())
        }
        alarm.ring()
        ready.signal()
    }

    /// Makes a call when those before it are done.
    /// - Throws: `RPCClientError`; what connecting throws; `CancellationError`.
    func call<Method: RequestMethod>(
        _ method: Method.Type, _ parameters: Method.Parameters,
        onProgress: (@Sendable (RefinementProgress) -> Void)? = nil
    ) async throws -> Method.Result {
        let ticket = LaneTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Method.Result, any Error>) in
                let once = Once(continuation)
                let job = Job(ticket: ticket) { client, ticket in
                    let watch = TicketWatch(ticket: ticket, alarm: self.alarm)
                    do throws(RPCClientError) {
                        once.resume(
                            .success(
                                try client.call(method, parameters, watches: [watch]) { onProgress?($0) }))
                    } catch .cancelled {
                        once.resume(.failure(CancellationError()))
                    } catch .disconnected {
                        throw RPCClientError.disconnected(method: Method.name)
                    } catch {
                        once.resume(.failure(error))
                    }
                } fail: {
                    once.resume(.failure($0))
                }
                let isTaken = state.withLock { state in
                    if !state.isClosed { state.waiting.append(job) }
                    return !state.isClosed
                }
                if isTaken { ready.signal() } else { once.resume(.failure(CancellationError())) }
            }
        } onCancel: {
            ticket.cancel()
            alarm.ring()
        }
    }

    private func run() {
        var client: RPCClient?
        while true {
            ready.wait()
            let next = state.withLock { state in
                (job: state.waiting.isEmpty ? nil : state.waiting.removeFirst(), isClosed: state.isClosed)
            }
            guard let job = next.job else {
                if next.isClosed { return }
                continue
            }
            perform(job, &client)
        }
    }

    private func perform(_ job: Job, _ client: inout RPCClient?) {
        for attempt in 1...2 {
            guard !job.ticket.isCancelled else { return job.fail(CancellationError()) }
            do {
                let connected = try client ?? connect()
                client = connected
                return try job.work(connected, job.ticket)
            } catch {
                client = nil
                // What was asked changes nothing at the daemon, so a new daemon can be asked the same.
                if case RPCClientError.disconnected = error, attempt == 1 { continue }
                return job.fail(error)
            }
        }
    }
}

/// Whether a call is still wanted.
final class LaneTicket: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .sequentiallyConsistent) }
    func cancel() { flag.store(true, ordering: .sequentiallyConsistent) }
}

/// A pipe whose only use is to wake a poll.
final class WakePipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    /// - Throws: `RPCClientError.system` when descriptors have run out.
    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw RPCClientError.system(call: "pipe", path: "", errno: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(readEnd)
        Glibc.close(writeEnd)
    }

    func ring() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    func drain() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}

/// Ends a call whose ticket was cancelled. A ring that was meant for an earlier call is passed over.
private final class TicketWatch: CallWatch {
    private let ticket: LaneTicket
    private let alarm: WakePipe

    init(ticket: LaneTicket, alarm: WakePipe) {
        self.ticket = ticket
        self.alarm = alarm
        // Cancelled between two looks: the ring may have been drained by the call before.
        if ticket.isCancelled { alarm.ring() }
    }

    var descriptor: Int32 { alarm.readEnd }

    func endsCall() -> Bool {
        alarm.drain()
        return ticket.isCancelled
    }
}

/// A continuation that is resumed once, whoever comes first.
private final class Once<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ continuation: CheckedContinuation<Value, any Error>) { self.continuation = Mutex(continuation) }

    func resume(_ result: Result<Value, any Error>) {
        let held = continuation.withLock { held in
            defer { held = nil }
            return held
        }
        held?.resume(with: result)
    }
}
