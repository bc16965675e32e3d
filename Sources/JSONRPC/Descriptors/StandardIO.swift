import Glibc

/// The process's standard input and output, taken for the protocol.
package struct StandardIO: Sendable {
    package let input: Int32
    package let output: Int32

    /// Takes descriptors 0 and 1 away from everything else: what is printed goes to standard error from here on, and
    /// reads of standard input find its end. Call first in `main`, before anything can print.
    /// - Throws: `SocketError.system` when descriptors cannot be made.
    package static func takeOver() throws(SocketError) -> StandardIO {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw .system(call: "open", path: "/dev/null", errno: errno) }
        defer { close(null) }
        if fcntl(STDERR_FILENO, F_GETFD) < 0 { try duplicate(null, onto: STDERR_FILENO) }
        let input = try take(STDIN_FILENO, or: null)
        let output = try take(STDOUT_FILENO, or: null)
        try duplicate(null, onto: STDIN_FILENO)
        try duplicate(STDERR_FILENO, onto: STDOUT_FILENO)
        return StandardIO(input: input, output: output)
    }

    /// For tests and bridges: any two descriptors, which need not be pipes. They are not closed.
    package init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
    }

    /// A descriptor above the standard three, not inherited by children; `null` stands in for one that is closed.
    private static func take(_ descriptor: Int32, or null: Int32) throws(SocketError) -> Int32 {
        let source = fcntl(descriptor, F_GETFD) < 0 ? null : descriptor
        let copy = fcntl(source, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw .system(call: "dup", path: "descriptor \(descriptor)", errno: errno) }
        return copy
    }

    private static func duplicate(_ source: Int32, onto target: Int32) throws(SocketError) {
        guard source != target else { return }
        guard dup2(source, target) == target else {
            throw .system(call: "dup2", path: "descriptor \(target)", errno: errno)
        }
    }
}

enum SocketPair {
    /// Two connected Unix stream sockets.
    static func make() throws(SocketError) -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, streamSocket | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw .system(call: "socketpair", path: "", errno: errno)
        }
        return (pair[0], pair[1])
    }
}
