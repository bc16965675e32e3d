import Foundation
import Testing

/// The log says why the daemon ended.
@Suite("The daemon's end", .serialized, .timeLimit(.minutes(10)))
final class DaemonEndTests {
    let folder: String

    init() throws { folder = try DaemonProcess.makeFolder() }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The log of a daemon that a line of bash starts and ends.
    private func log(_ line: String) throws -> String {
        let run = try Command(
            shell: """
                serve() { coproc "$program" serve --ready-fd 1 "$@" 2>log; read -ru "${COPROC[0]}"; daemon=$COPROC_PID; }
                \(line); wait; cat log
                """, folder: folder)
        return run.output
    }

    @Test("a signal, with the process that sent it")
    func signals() throws {
        for signal in ["TERM", "INT", "HUP"] {
            let text = try log(#"serve; echo "$$ is bash"; kill -\#(signal) "$daemon""#)
            let sender = text.prefix { $0.isNumber }
            #expect(text.contains("ending: SIG\(signal) from process \(sender) (bash), user \(geteuid())"), "\(text)")
            #expect(text.contains("stopped"))
        }
    }

    @Test("server/stop, idleness and the end of input")
    func others() throws {
        #expect(try log("serve; fixlipd stop").contains("ending: server/stop"))
        #expect(try log("serve --idle-exit 0.1").contains("ending: no client for 0.1 s (--idle-exit)"))
        let standardIO = try Command(shell: "fixlipd serve --stdio < /dev/null", folder: folder)
        #expect(standardIO.status == 0 && standardIO.errors.contains("ending: standard input ended"))
    }

    @Test("a log that nobody can read does not end the daemon", arguments: ["--preload", "--log-level trace"])
    func unreadLog(options: String) throws {
        // The reader of standard error is gone before the first line.
        let run = try Command(
            shell: """
                { fixlipd serve --stdio \(options) <<< '{"jsonrpc": "2.0", "id": 1, "method": "server/ping"}'; echo "status $?"; } \
                2> >(exec true)
                """, folder: folder)
        #expect(run.output.contains(#""id":1"#) && run.output.contains("status 0"), "\(run.output)")
    }
}
