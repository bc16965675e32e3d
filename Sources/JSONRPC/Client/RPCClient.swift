import Glibc
import JSON

/// A client for command-line programs, on the calling thread, over plain descriptors. Speaks newline-delimited JSON.
/// Used from one thread, either with one request at a time (`call`) or with several (`send` and `nextReply`).
package final class RPCClient {
    private let input: Int32
    private let output: Int32
    private var decoder = FrameDecoder(limits: .init(messageBytes: 1 << 31))
    var arrived: [JSONValue] = []
    private var unsent: ArraySlice<UInt8> = []
    var inputEnded = false
    private var outputBroken = false
    var lastID: Int64 = 0

    /// Connects to the daemon at a socket.
    /// - Throws: `RPCClientError.notRunning`, `.notPermitted`, `.foreignServer`, `.system`.
    package convenience init(connectingTo address: UnixSocketAddress) throws(RPCClientError) {
        let descriptor = try Self.connectedSocket(to: address)
        self.init(input: descriptor, output: descriptor)
    }

    /// Speaks over two descriptors, or one given twice, which this client takes ownership of: a socket, or the pipes
    /// of a child process.
    package init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
        signal(SIGPIPE, SIG_IGN)
        for descriptor in Set([input, output]) {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    deinit {
        for descriptor in Set([input, output]) { Glibc.close(descriptor) }
    }

    /// Sends a request and waits for its reply.
    /// - Parameters:
    ///   - timeout: how long to wait; then the request is cancelled.
    ///   - interrupt: an interrupt cancels the request and waits for the daemon to say so; a second one does not wait.
    ///   - watches: what may end the call too; then it is cancelled, and the daemon is waited for to say so.
    ///   - onNotification: gets each notification that comes meanwhile: method and params.
    /// - Throws: `RPCClientError.remote` for an error reply, `.timedOut`, `.cancelled`, `.disconnected`, `.malformed`.
    package func call(
        _ method: String, params: JSONValue? = nil, timeout: Duration? = nil, interrupt: InterruptWatch? = nil,
        watches: [any CallWatch] = [], onNotification: (String, JSONValue) -> Void = { _, _ in }
    ) throws(RPCClientError) -> JSONValue {
        lastID += 1
        let id = RequestID.integer(lastID)
        try enqueue(method, params: params, id: id)
        let deadline = timeout.map { ContinuousClock.now + $0 }
        var isCancelled = false
        while true {
            while !arrived.isEmpty {
                let message = arrived.removeFirst()
                if let notified = message["method"]?.string {
                    if message["id"] == nil { onNotification(notified, message["params"] ?? .null) }
                } else if let reply = try Self.reply(message, to: id, method, isCancelled: isCancelled) {
                    return reply
                }
            }
            guard !inputEnded else { throw .disconnected(method: method) }
            if let deadline, ContinuousClock.now >= deadline {
                try? cancel(id)
                throw .timedOut(method: method, after: timeout ?? .zero)
            }
            let isOver = try wait(until: deadline, interrupt, isCancelled ? [] : watches)
            let isInterrupted = interrupt?.take() ?? false
            if isInterrupted, isCancelled { throw .cancelled(method: method) }
            if isOver || isInterrupted, !isCancelled {
                isCancelled = true
                try cancel(id)
            }
        }
    }

    /// Sends a notification.
    package func notify(_ method: String, params: JSONValue? = nil) throws(RPCClientError) {
        try enqueue(method, params: params, id: nil)
        while !unsent.isEmpty, !outputBroken { _ = try wait(until: nil, nil, []) }
    }

    private static func reply(
        _ message: JSONValue, to id: RequestID, _ method: String, isCancelled: Bool
    ) throws(RPCClientError) -> JSONValue? {
        let replied = message["id"].flatMap { RequestID($0) }
        // An error without an id is about the connection or a message that could not be read: ours, as we wait.
        guard replied == id || (replied == .null && message["error"] != nil) else { return nil }
        if let error = message["error"] {
            guard let error = RPCError(json: error) else { throw .malformed("the daemon's error reply is malformed") }
            if isCancelled, error.code == RPCError.Code.requestCancelled { throw .cancelled(method: method) }
            throw .remote(error)
        }
        guard let result = message["result"] else { throw .malformed("the daemon's reply has no result") }
        return result
    }

    private func cancel(_ id: RequestID) throws(RPCClientError) {
        try enqueue("$/cancelRequest", params: ["id": id.json], id: nil)
        try write()
    }

    func enqueue(_ method: String, params: JSONValue?, id: RequestID?) throws(RPCClientError) {
        var members: JSONValue = ["jsonrpc": "2.0", "method": .string(method)]
        if case .object(var object) = members {
            if let id { object["id"] = id.json }
            if let params { object["params"] = params }
            members = .object(object)
        }
        do throws(JSONError) {
            unsent.append(contentsOf: Framing.lines.frame(try members.serialized()))
        } catch {
            throw .malformed("the params of '\(method)' cannot be written as JSON: \(error)")
        }
    }

    /// Waits for input, for room for output, for an interrupt, a watch or the deadline, and moves what can be moved.
    /// - Returns: whether a watch ends the call.
    func wait(
        until deadline: ContinuousClock.Instant?, _ interrupt: InterruptWatch?, _ watches: [any CallWatch]
    ) throws(RPCClientError) -> Bool {
        var watched = [
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: unsent.isEmpty || outputBroken ? -1 : output, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: interrupt?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        let first = watched.count
        watched += watches.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let ready = poll(&watched, nfds_t(watched.count), deadline.map { Self.milliseconds(until: $0) } ?? -1)
        if ready < 0, errno != EINTR { throw .system(call: "poll", path: "", errno: errno) }
        guard ready > 0 else { return false }
        if watched[1].revents != 0 { try write() }
        if watched[0].revents != 0 { try read() }
        var isOver = false
        for (watch, state) in zip(watches, watched[first...]) where state.revents != 0 {
            isOver = watch.endsCall() || isOver
        }
        return isOver
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = (deadline - ContinuousClock.now).components
        let milliseconds = left.seconds.multipliedReportingOverflow(by: 1_000)
        guard !milliseconds.overflow else { return .max }
        return Int32(clamping: max(0, milliseconds.partialValue + left.attoseconds / 1_000_000_000_000_000 + 1))
    }

    func write() throws(RPCClientError) {
        while !unsent.isEmpty, !outputBroken {
            let count = unsent.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count >= 0 {
                unsent = unsent.dropFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno == EPIPE || errno == ECONNRESET {
                outputBroken = true  // The daemon may have said why before it closed.
            } else if errno != EINTR {
                throw .system(call: "write", path: "", errno: errno)
            }
        }
        if unsent.isEmpty { unsent = [] }
    }

    private func read() throws(RPCClientError) {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let count = Glibc.read(input, &buffer, buffer.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        let events: [FrameDecoder.Event]
        if count > 0 {
            events = buffer.withUnsafeBytes { decoder.decode(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        } else {
            inputEnded = true
            events = decoder.finish()
        }
        for event in events {
            switch event {
            case .failure(let error): throw .malformed("the daemon's output cannot be read: \(error)")
            case .message(let bytes):
                do throws(JSONError) {
                    arrived.append(try JSONValue(parsing: bytes))
                } catch {
                    throw .malformed("the daemon's output is not JSON: \(error)")
                }
            }
        }
    }
}

/// Something that a waiting call looks at beside its reply: input that may make the call pointless.
package protocol CallWatch: AnyObject {
    /// Readable when there is something to look at; -1 when nothing is to be waited for.
    var descriptor: Int32 { get }

    /// Called when the descriptor is readable; reads what is there.
    /// - Returns: whether the call is to be cancelled.
    func endsCall() -> Bool
}
