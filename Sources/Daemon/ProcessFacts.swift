import Foundation

/// What the kernel says about this process (proc(5), `/proc/self/status`).
struct ProcessFacts: Sendable {
    let residentBytes: Int
    let threads: Int

    init() {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        func number(_ field: String) -> Int {
            for line in status.split(separator: "\n") where line.hasPrefix(field) {
                return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
            }
            return 0
        }
        residentBytes = number("VmRSS:") * 1024
        threads = number("Threads:")
    }
}
