import Foundation

/// Cuts a byte stream into messages, whatever the pieces it comes in.
///
/// A pure value: it knows no sockets. Work is linear in the input: each byte is looked at once, so that a line of many
/// megabytes that arrives in small pieces costs no more than one that arrives whole.
package struct FrameDecoder: Sendable {
    /// What the decoder found.
    package enum Event: Equatable, Sendable {
        /// The bytes of one message, without its framing.
        case message([UInt8])
        /// The stream is broken; nothing that follows is decoded.
        case failure(FramingError)
    }

    /// How long a message and a header section may be, in bytes.
    package struct Limits: Sendable, Equatable {
        package var messageBytes: Int
        package var headerBytes: Int

        package init(messageBytes: Int = 64 << 20, headerBytes: Int = 4 << 10) {
            self.messageBytes = messageBytes
            self.headerBytes = headerBytes
        }
    }

    private enum State: Sendable {
        case undecided
        case line
        case header
        case body(length: Int)
        case failed
    }

    /// `nil` until the first byte.
    package private(set) var framing: Framing?
    package let limits: Limits

    private var state = State.undecided
    /// What has come of the unfinished line, header section or body, or of a byte order mark.
    private var partial: [UInt8] = []
    private var isMarkSkipped = false

    /// Some programs begin every text with it (RFC 3629, section 6).
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Decodes the next piece of the stream. Complexity: O(`bytes.count`), amortised.
    package mutating func decode(_ bytes: UnsafeRawBufferPointer) -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .undecided: recognise(&rest, &events)
            case .line: takeLine(&rest, &events)
            case .header: takeHeader(&rest, &events)
            case .body(let length): takeBody(length: length, &rest, &events)
            case .failed: return events
            }
        }
        return events
    }

    /// The same for an array.
    package mutating func decode(_ bytes: [UInt8]) -> [Event] {
        bytes.withUnsafeBytes { decode($0) }
    }

    /// Ends the stream: a last line needs no newline, an unfinished header section or body is a failure.
    package mutating func finish() -> [Event] {
        defer {
            state = .failed
            partial = []
        }
        switch state {
        case .failed: return []
        case .undecided: return partial.first.map { [.failure(.unrecognisedFirstByte($0))] } ?? []
        case .line: return isBlank(partial) ? [] : [.message(partial)]
        case .header:
            return partial.isEmpty ? [] : [.failure(.truncated(received: partial.count, expected: nil))]
        case .body(let length):
            return [.failure(.truncated(received: partial.count, expected: length))]
        }
    }

    /// What has come of an unfinished line, header section or body.
    package var unfinishedBytes: Int { partial.count }

    /// Gives the stream up because of `error`, and frees what has come of an unfinished message.
    package mutating func giveUp(_ error: FramingError) -> Event {
        fail(error)
    }

    /// Decides on the framing by the first byte, which it leaves there; a byte order mark before it is skipped.
    private mutating func recognise(_ rest: inout Slice<UnsafeRawBufferPointer>, _ events: inout [Event]) {
        let byte = rest[rest.startIndex]
        if !isMarkSkipped, byte == Self.byteOrderMark[partial.count] {
            partial.append(byte)
            rest = rest.dropFirst()
            isMarkSkipped = partial.count == Self.byteOrderMark.count
            if isMarkSkipped { partial = [] }
            return
        }
        let first = partial.first ?? byte
        framing = Framing(firstByte: first)
        switch framing {
        case .lines: state = .line
        case .headers: state = .header
        case nil: events.append(fail(.unrecognisedFirstByte(first)))
        }
    }

    private mutating func takeLine(_ rest: inout Slice<UnsafeRawBufferPointer>, _ events: inout [Event]) {
        let raw = UnsafeRawBufferPointer(rebasing: rest)
        let newline = raw.baseAddress.flatMap { start in
            memchr(start, 0x0A, raw.count).map { UnsafeRawPointer($0) - start }
        }
        let length = newline ?? raw.count
        guard partial.count + length <= limits.messageBytes else {
            events.append(fail(.messageTooLarge(announced: nil, limit: limits.messageBytes)))
            return
        }
        partial.append(contentsOf: raw[..<length])
        rest = rest.dropFirst(length)
        guard newline != nil else { return }
        rest = rest.dropFirst()
        if !isBlank(partial) { events.append(.message(partial)) }
        partial = []
    }

    private mutating func takeHeader(_ rest: inout Slice<UnsafeRawBufferPointer>, _ events: inout [Event]) {
        while let byte = rest.popFirst() {
            guard partial.count < limits.headerBytes else {
                return events.append(fail(.headerTooLarge(limit: limits.headerBytes)))
            }
            if byte == UInt8(ascii: "\n"), partial.last != UInt8(ascii: "\r") {
                return events.append(fail(.malformedHeader("a line must end with CR LF, not with LF alone")))
            }
            partial.append(byte)
            guard byte == UInt8(ascii: "\n"), partial.count == 2 || partial.suffix(4) == [13, 10, 13, 10] else {
                continue
            }
            do throws(FramingError) {
                let length = try HeaderSection(parsing: partial).contentLength
                guard length <= limits.messageBytes else {
                    throw .messageTooLarge(announced: length, limit: limits.messageBytes)
                }
                partial = []
                state = .body(length: length)
                if length == 0 { finishBody(&events) }
            } catch {
                events.append(fail(error))
            }
            return
        }
    }

    private mutating func takeBody(
        length: Int, _ rest: inout Slice<UnsafeRawBufferPointer>, _ events: inout [Event]
    ) {
        let piece = rest.prefix(length - partial.count)
        partial.append(contentsOf: piece)
        rest = rest.dropFirst(piece.count)
        if partial.count == length { finishBody(&events) }
    }

    private mutating func finishBody(_ events: inout [Event]) {
        events.append(.message(partial))
        partial = []
        state = .header
    }

    private mutating func fail(_ error: FramingError) -> Event {
        state = .failed
        partial = []
        return .failure(error)
    }
}

private func isBlank(_ line: [UInt8]) -> Bool {
    line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
}
