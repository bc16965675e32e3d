import Foundation

/// How many files and connections the process may have open (getrlimit(2)).
enum DescriptorLimit {
    /// Raises the limit to what the user may have: shells often give 1,024, of which clients could take most.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
