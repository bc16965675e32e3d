import Foundation

/// What this machine has left for a process.
package enum MachineMemory {
    /// Bytes that a process may still take: the least of what the machine, the control group and the address space have
    /// left.
    package static var available: Int {
        var least = Int.max
        if let machine = field("MemAvailable:", of: text("/proc/meminfo")) { least = min(least, machine * 1024) }
        least = min(least, leftInControlGroup(cgroup: text("/proc/self/cgroup"), read: text))
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max),
            let size = field("VmSize:", of: text("/proc/self/status"))
        {
            least = min(least, max(0, Int(limit.rlim_cur) - size * 1024))
        }
        return least
    }

    /// What the limits of a process's control group and of those around it leave (cgroup v2, `memory.max`); pages of
    /// files count as free, since the kernel gives them up.
    /// - Parameter cgroup: the text of `/proc/self/cgroup`: `0::/path`.
    package static func leftInControlGroup(cgroup: String, read: (String) -> String) -> Int {
        guard let line = cgroup.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return .max }
        var parts = line.dropFirst("0::/".count).split(separator: "/").map(String.init)
        var least = Int.max
        while true {
            let folder = (["/sys/fs/cgroup"] + parts).joined(separator: "/")
            if let limit = Int(read(folder + "/memory.max").trimmingCharacters(in: .whitespacesAndNewlines)) {
                let used = field("anon", of: read(folder + "/memory.stat")) ?? 0
                least = min(least, max(0, limit - used))
            }
            guard parts.popLast() != nil else { return least }
        }
    }

    /// The number that follows a name at the beginning of a line.
    private static func field(_ name: String, of text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if let first = words.first, first == name, words.count > 1 { return Int(words[1]) }
        }
        return nil
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
