import Glibc

/// What a test waited for did not come about.
package struct WaitedTooLong: Error {
    package let what: String
}

/// How long a test waits for what another thread, task or process brings about.
private let patience = Duration.seconds(120)

/// Blocks the calling thread until something holds that another process brings about.
/// - Throws: `WaitedTooLong` after two minutes.
package func until(_ what: String, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + patience
    while try !condition() {
        guard ContinuousClock.now < end else { throw WaitedTooLong(what: what) }
        usleep(10_000)
    }
}

/// Waits, without holding a thread, while something holds that another task changes.
/// - Throws: `WaitedTooLong` after two minutes.
package func wait(
    while condition: @autoclosure () async throws -> Bool, isolation: isolated (any Actor)? = #isolation,
    file: StaticString = #fileID, line: UInt = #line
) async throws {
    let end = ContinuousClock.now + patience
    while try await condition() {
        guard ContinuousClock.now < end else { throw WaitedTooLong(what: "\(file):\(line)") }
        await Task.yield()
    }
}
