import Foundation

/// How many files and connections the process may have open (getrlimit(2)).
enum DescriptorLimit {
    /// What the daemon needs beside one for each connection: its own, those of loaded models, pictures and kept games.
    static let reserve = 64

    /// Raises the limit to what the user may have: shells often give 1,024, of which clients could take most.
    /// - Returns: the limit; nil where it is not known.
    static func raise() -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        let old = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = old }
        return Int(clamping: limit.rlim_cur)
    }
}
