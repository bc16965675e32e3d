import Foundation
import JSON
import Testing

/// Byte order marks, names that are no UTF-8, and a system without `/proc`.
@Suite("Bytes of names and texts", .serialized, .timeLimit(.minutes(10)))
final class BytesOfNamesTests {
    let folder: String
    let scene = DaemonProcess.scenes + "/scene-03.png"

    init() throws { folder = try DaemonProcess.makeFolder() }

    deinit {
        _ = try? Command(["stop"], folder: folder)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    @Test("a byte order mark before the first line is none of it")
    func byteOrderMark() throws {
        func output(_ line: String, _ input: String) throws -> String {
            let marked = try Command(shell: line, folder: folder, input: Self.mark + Array(input.utf8))
            let bare = try Command(shell: line, folder: folder, input: Array(input.utf8))
            #expect(marked.status == 0, "\(line): \(marked.errors)")
            #expect(marked.output == bare.output, "\(line)")
            return marked.output
        }
        #expect(try output("fixlipd embed -", scene + "\n").contains(#"{"input":"\#(scene)""#))
        #expect(try output("fixlipd embed --text -", "a dog\n").contains(#"{"input":"a dog""#))
        _ = try output("fixlipd similarity - --text 'a dog'", scene + "\n")
        #expect(
            try output("fixlipd explain '\(scene)' - -b 16 | sed 's/\"elapsed[^,]*,//'", "a dog\n").contains(
                #""a dog""#))
        _ = try output("fixlipd call tokenize -", #"{"texts": ["a dog"]}"#)
        _ = try output(
            "cat > pairs.jsonl; fixlipd evaluate pairs.jsonl -b 16 --metric faithfulness",
            #"{"image": "\#(scene)", "text": "a dog"}"# + "\n")
    }

    /// Files whose names are no UTF-8 are reached by `file:` URIs: read, or refused with the reason, but never "not
    /// found".
    @Test("names that are no UTF-8 are told by their bytes")
    func foreignNames() throws {
        for line in [
            #"cp '\#(scene)' $'caf\xe9.png'; fixlipd embed $'caf\xe9.png'"#,
            #"cp '\#(scene)' $'caf\xe9.png'; printf 'caf\xe9.png\n' | fixlipd embed -"#,
        ] {
            let embedded = try Command(shell: line, folder: folder)
            #expect(embedded.output.hasPrefix(#"{"input":"file://\#(folder)/caf%E9.png""#), "\(embedded.output)")
            #expect(!embedded.output.contains("No such file"))
        }
        let inside = try Command(
            shell: #"mkdir -p $'d\xe9'; cd $'d\xe9'; cp '\#(scene)' a.png; fixlipd embed a.png"#, folder: folder)
        #expect(inside.output.hasPrefix(#"{"input":"a.png""#) && !inside.output.contains("No such file"))
    }

    @Test("bytes that are neither UTF-8 nor a file's name are told as such")
    func noText() throws {
        let caption = try Command(shell: #"fixlipd embed --text $'caf\xe9'"#, folder: folder)
        #expect(caption.status == 1 && caption.errors.contains("is not UTF-8 text, and there is no file of that name"))
        let line = try Command(shell: #"printf 'caf\xe9\n' | fixlipd embed --text -"#, folder: folder)
        #expect(line.status == 1)
        #expect(try EmbeddingLine(printed: line.output).error == "the line is not UTF-8 text")
        let model = try Command(shell: #"mkdir -p $'m\xe9'; fixlipd embed --model $'m\xe9' a.png"#, folder: folder)
        #expect(model.errors.contains("the name of a model's folder must be UTF-8"), "\(model.errors)")
    }

    @Test(
        "without /proc the arguments are there",
        .enabled(if: Self.mayHideProc, "a mount namespace of one's own is not allowed here"))
    func withoutProc() throws {
        let hidden = try Command(
            shell: """
                unshare -rm bash -c 'mount -t tmpfs none /proc && "$0" explian; "$0" embed --no-spawn "$1"' "$program" '\(scene)'
                """, folder: folder)
        #expect(hidden.errors.contains("did you mean 'explain'?"), "\(hidden.errors)")
        #expect(hidden.errors.contains("no daemon runs on \(folder)/f.sock"), "\(hidden.errors)")
    }

    private static let mayHideProc: Bool = {
        let folder = (try? DaemonProcess.makeFolder()) ?? ""
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return (try? Command(shell: "unshare -rm mount -t tmpfs none /proc", folder: folder).status) == 0
    }()

    @Test(
        "XDG_RUNTIME_DIR of another user is told, with what to do",
        .enabled(if: geteuid() == 0, "only root can make a folder of another user"))
    func foreignRuntimeDirectory() throws {
        let refused = try Command(
            shell: "mkdir run; chown 12345 run; fixlipd status", folder: folder,
            environment: ["FIXLIPD_SOCKET": "", "XDG_RUNTIME_DIR": folder + "/run"])
        #expect(refused.status == 1)
        for word in ["XDG_RUNTIME_DIR is \(folder)/run", "user 12345", "$FIXLIPD_SOCKET", "--socket"] {
            #expect(refused.errors.contains(word), "\(refused.errors)")
        }
    }
}
