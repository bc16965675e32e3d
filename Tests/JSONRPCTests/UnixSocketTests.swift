import Foundation
import JSON
import JSONRPC
import Logging
import TestSupport
import Testing

/// Where the socket is, who may reach it, and who may serve it.
@Suite(.timeLimit(.minutes(10))) struct UnixSocketTests {
    @Test func theStandardPathFollowsTheEnvironment() throws {
        let path = { (environment: [String: String]) in
            try UnixSocketAddress.standard(environment: environment, userID: 42).path
        }
        #expect(try path(["FIXLIPD_SOCKET": "/a/b.sock", "XDG_RUNTIME_DIR": "/run/user/42"]) == "/a/b.sock")
        #expect(
            try path(["FIXLIPD_SOCKET": "", "XDG_RUNTIME_DIR": "/run/user/42"]) == "/run/user/42/fixlipd/fixlipd.sock")
        #expect(try path(["XDG_RUNTIME_DIR": ""]) == "/tmp/fixlipd-42/fixlipd.sock")
        #expect(try path(["XDG_RUNTIME_DIR": "run"]) == "/tmp/fixlipd-42/fixlipd.sock")
        #expect(try path([:]) == "/tmp/fixlipd-42/fixlipd.sock")
    }

    @Test func aPathTooLongSaysTheLimit() throws {
        #expect(try UnixSocketAddress(path: letters(107)).path.count == 107)
        let error = #expect(throws: SocketError.self) { try UnixSocketAddress(path: letters(108)) }
        #expect(error?.description.contains("108 bytes, the system allows 107") == true)
    }

    @Test func folderAndSocketAreForTheOwnerOnly() throws {
        try withFolder { folder in
            let address = try UnixSocketAddress(path: "\(folder)/a/b/s")
            let socket = try ListeningSocket.bind(to: address)
            #expect(mode("\(folder)/a") == 0o700)
            #expect(mode("\(folder)/a/b") == 0o700)
            #expect(mode(address.path) == 0o600)
            #expect(mode(address.lockPath) == 0o600)
            socket.remove()
            #expect(!exists(address.path))
            #expect(!exists(address.lockPath))
            close(socket.descriptor)
        }
    }

    @Test func aFolderThatOthersCanEnterIsRefusedWithTheRemedy() {
        withFolder { folder in
            let open = "\(folder)/it's open"
            mkdir(open, 0o755)
            chmod(open, 0o755)
            let error = bindError("\(open)/s")
            #expect(error?.description.contains("chmod 700 '\(folder)/it'\\''s open'") == true)
            chmod(open, 0o1777)
            #expect(bindError("\(open)/s")?.description.contains("shared by all users") == true)
            chmod(open, 0o700)
            #expect(bindError("\(open)/s") == nil)
        }
    }

    @Test func noOneIsToldToCloseAFolderOfTheSystem() {
        for folder in ["/", "/run", "/srv/"] {
            let error = SocketError.openDirectory(path: folder, mode: 0o755)
            #expect(
                !error.description.contains("chmod") && error.description.contains("a folder of your own"), "\(error)")
        }
        #expect(SocketError.openDirectory(path: "/home/me", mode: 0o755).description.contains("chmod 700 /home/me"))
    }

    @Test func aSocketWhoseFileIsRemovedIsPutBack() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("f\(UUID().uuidString.prefix(8))")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        let server = RPCServer(methods: MethodTable(), logger: Logger(label: "test"))
        try await server.listen(on: address)
        let watch = Task { try await server.keepSocketsInPlace(every: .milliseconds(5)) }
        for path in [address.path, folder] {
            try FileManager.default.removeItem(atPath: path)
            try await wait(while: !FileManager.default.fileExists(atPath: address.path))
            #expect(bindError(address.path) == .alreadyServed(path: address.path, processID: getpid()))
        }
        // With its lock gone too, another daemon may have taken the place.
        watch.cancel()
        _ = await watch.result
        try FileManager.default.removeItem(atPath: folder)
        let other = try ListeningSocket.bind(to: address)
        try await server.keepSocketsInPlace(every: .milliseconds(5))
        await server.stop()
        #expect(exists(address.path) && exists(address.lockPath), "what is another's stays")
        other.remove()
        close(other.descriptor)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func aFolderOfSomeoneElseIsRefusedWithTheRemedy() {
        withFolder { folder in
            let foreign = "\(folder)/foreign"
            mkdir(foreign, 0o700)
            chown(foreign, 12_345, 12_345)
            #expect(bindError("\(foreign)/s") == .foreignDirectory(path: foreign, owner: 12_345, user: 0))
            #expect(bindError("\(foreign)/s")?.description.contains("chown 0 \(foreign)") == true)
            // A link of someone else's, which could come to point anywhere.
            symlink(folder, "\(folder)/link")
            lchown("\(folder)/link", 12_345, 12_345)
            #expect(bindError("\(folder)/link/s") == .foreignDirectory(path: "\(folder)/link", owner: 12_345, user: 0))
        }
    }

    @Test func whatIsNotASocketIsLeftAlone() throws {
        try withFolder { folder in
            let path = "\(folder)/s"
            try "precious".write(toFile: path, atomically: false, encoding: .utf8)
            #expect(bindError(path) == .notASocket(path: path))
            let kept = try String(contentsOfFile: path, encoding: .utf8)
            #expect(kept == "precious")
            #expect(!exists(path + ".lock"))
            #expect(bindError("\(path)/s") == .notADirectory(path: path))
        }
    }

    @Test func aSecondDaemonIsRefusedAndNamesTheFirst() throws {
        try withFolder { folder in
            let address = try UnixSocketAddress(path: "\(folder)/s")
            let first = try ListeningSocket.bind(to: address)
            let error = bindError(address.path)
            #expect(error == .alreadyServed(path: address.path, processID: getpid()))
            #expect(error?.description.contains("(pid \(getpid()))") == true)
            #expect(exists(address.path), "the first daemon's socket must survive")
            first.remove()
            close(first.descriptor)
            let second = try ListeningSocket.bind(to: address)
            second.remove()
            close(second.descriptor)
        }
    }

    /// Two daemons start and stop over and over: never do both have the lock.
    @Test func thereIsNeverMoreThanOne() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        let owners = Counter()
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var served = 0
                    for _ in 0..<500 {
                        guard let socket = try? ListeningSocket.bind(to: address) else { continue }
                        #expect(owners.increment() == 1)
                        served += 1
                        owners.decrement()
                        socket.remove()
                        close(socket.descriptor)
                    }
                    return served
                }
            }
            var total = 0
            for await served in group { total += served }
            #expect(total > 0)
        }
        #expect(!exists(address.path))
        #expect(!exists(address.lockPath))
    }

    @Test func aSocketLeftOverIsReplaced() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        // A daemon that was killed leaves its socket and its lock file, but no lock.
        let stale = try ListeningSocket.bind(to: address)
        #expect(rename(address.path, "\(folder)/kept") == 0)
        stale.remove()
        close(stale.descriptor)
        #expect(rename("\(folder)/kept", address.path) == 0)
        try "999999\n".write(toFile: address.lockPath, atomically: false, encoding: .utf8)

        let serving = Serving(addEcho)
        try await serving.server.listen(on: address)
        let client = try RPCClient(connectingTo: address)
        let reply = try await onThread { try client.call("echo", params: [1]) }
        #expect(reply == [1])
        await serving.server.stop()
        #expect(!exists(address.path))
    }

    @Test func aLiveSocketOfAnotherProgramIsNotTaken() throws {
        try withFolder { folder in
            let address = try UnixSocketAddress(path: "\(folder)/s")
            let other = try ListeningSocket.bind(to: address)
            listen(other.descriptor, 1)
            // It holds no lock: gone with the file, as with a program that takes none.
            #expect(rename(address.path, "\(folder)/kept") == 0)
            other.remove()
            #expect(rename("\(folder)/kept", address.path) == 0)
            #expect(bindError(address.path) == .inUse(path: address.path))
            #expect(exists(address.path))
            close(other.descriptor)
        }
    }

    @Test func aSocketThatReplacedOursIsNotRemoved() throws {
        try withFolder { folder in
            let address = try UnixSocketAddress(path: "\(folder)/s")
            let socket = try ListeningSocket.bind(to: address)
            unlink(address.path)
            try "".write(toFile: address.path, atomically: false, encoding: .utf8)
            socket.remove()
            #expect(exists(address.path))
            close(socket.descriptor)
        }
    }

    @Test func severalClientsAreServedOverASocket() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        let serving = Serving(addEcho)
        try await serving.server.listen(on: address)
        let clients = try (0..<5).map { _ in TestClient(try connected(to: address)) }
        for (index, client) in clients.enumerated() { client.request(index, "echo", "[\(index)]") }
        for (index, client) in clients.enumerated() {
            #expect(await client.next()?["result"] == [.integer(Int64(index))])
        }
        #expect(serving.server.statistics.connectionsOpen == 5)
        await serving.server.stop()
        for client in clients { #expect(await client.next() == nil) }
        #expect(!exists(address.path))
        #expect(!exists(address.lockPath))
        await #expect(throws: RPCError.shuttingDown) { try await serving.server.listen(on: address) }
        #expect(!exists(address.path))
    }

    /// What a daemon does before it ends for want of clients: the next one may start at once, and nobody is turned
    /// away.
    @Test func aRetiredServerLeavesItsSocketToTheNextAndServesThoseWhoCameBefore() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        let (old, next) = (Serving(addEcho), Serving(addEcho))
        try await old.server.listen(on: address)
        let early = TestClient(try connected(to: address))
        early.request(1, "echo", "[1]")
        #expect(await early.next()?["result"] == [1])
        let late = TestClient(try connected(to: address))
        let retired = Task { await old.server.retire() }
        try await wait(while: exists(address.path))
        try await next.server.listen(on: address)
        let client = TestClient(try connected(to: address))
        for client in [early, late, client] {
            client.request(2, "echo", "[2]")
            #expect(await client.next()?["result"] == [2])
        }
        #expect(old.server.statistics.connectionsOpen == 2)
        early.disconnect()
        late.disconnect()
        await retired.value
        #expect(exists(address.path), "the socket is the next server's")
        await next.server.stop()
    }

    /// A channel that is closed after it was accepted and before it is active never tells of its end as others do. The
    /// deadline is one that no test waits for.
    @Test(.timeLimit(.minutes(10)))
    func clientsThatConnectAsTheServerStopsDoNotHoldItUp() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        for round in 0..<200 {
            let serving = Serving(addEcho)
            try await serving.server.listen(on: address)
            let clients = try (0..<8).map { _ in try connected(to: address) }
            for _ in 0..<(round % 20) { await Task.yield() }
            await serving.server.stop(deadline: .seconds(3600))
            #expect(serving.server.statistics.connectionsOpen == 0)
            for client in clients { close(client) }
        }
    }

    @Test func onlyTheOwnerAndRootMayConnect() {
        let policy = PeerPolicy(owner: 1_000)
        #expect(throws: Never.self) { try policy.check(PeerCredentials(processID: 7, userID: 1_000)) }
        #expect(throws: Never.self) { try policy.check(PeerCredentials(processID: 7, userID: 0)) }
        let error = #expect(throws: RPCError.self) { try policy.check(PeerCredentials(processID: 7, userID: 1_001)) }
        #expect(error?.message.contains("user 1001 (process 7)") == true)
    }

    @Test func aSocketFromTheServiceManagerIsServedAndLeftInPlace() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        let bound = try ListeningSocket.bind(to: address)
        listen(bound.descriptor, 8)
        // As the service manager hands it over: not the number it was bound with, and not one that another test has.
        let first = fcntl(bound.descriptor, F_DUPFD, 700)
        close(bound.descriptor)
        #expect(try ListeningSocket.activated(environment: [:]).isEmpty)
        #expect(try ListeningSocket.activated(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"]).isEmpty)
        let environment = ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "1"]
        let sockets = try ListeningSocket.activated(environment: environment, firstDescriptor: first)
        #expect(sockets.map(\.descriptor) == [first])
        let serving = Serving(addEcho)
        try await serving.server.listen(on: sockets[0])
        let client = TestClient(try connected(to: address))
        client.request(1, "echo", "[1]")
        #expect(await client.next()?["result"] == [1])
        await serving.server.stop()
        #expect(exists(address.path), "the service manager made it and removes it")
    }

    @Test func descriptorsThatAreNotListeningSocketsAreRefused() throws {
        let environment = { (count: String) in ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": count] }
        let null = open("/dev/null", O_RDONLY)
        // The last number is beyond what any process may have open.
        for (count, first) in [("1", null), ("1", Int32.max - 1), ("x", null), ("-1", null)] {
            #expect(throws: SocketError.self) {
                try ListeningSocket.activated(environment: environment(count), firstDescriptor: first)
            }
        }
        close(null)
    }

    private func bindError(_ path: String) -> SocketError? {
        do throws(SocketError) {
            let socket = try ListeningSocket.bind(to: try UnixSocketAddress(path: path))
            socket.remove()
            close(socket.descriptor)
            return nil
        } catch {
            return error
        }
    }

    private func mode(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }
}
