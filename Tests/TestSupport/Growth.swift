import Glibc

/// How the time of a piece of work grows with its size.
///
/// Four times the size takes linear work four times as long and quadratic work sixteen times. The clock is the
/// processor time of the calling thread, which a busy machine changes far less than it changes the time on the wall.
package struct Growth: CustomStringConvertible {
    /// Seconds for n, 2n and 4n.
    package let seconds: [Double]

    /// Nearer to linear than to quadratic, over the whole range or at each of its two steps.
    var isLinear: Bool {
        seconds[2] < 9 * seconds[0] || seconds[2] < 3 * seconds[1] && seconds[1] < 3 * seconds[0]
    }

    package var description: String { "\(seconds[0]) s, \(seconds[1]) s and \(seconds[2]) s for n, 2n and 4n" }

    /// Measures work of the sizes n, 2n and 4n until it is found to be linear, five times at most: noise makes one
    /// measurement slow, whereas work that grows faster is slow in each.
    ///
    /// Work that takes less than 30 ms at 4n is not worth the question.
    /// - Returns: the last measurement of work that grows faster than its size; `nil` if it does not.
    package static func ofSuperlinear(size: Int, _ work: (Int) throws -> Void) rethrows -> Growth? {
        var last: Growth?
        for _ in 0..<5 {
            let large = try threadSeconds { try work(4 * size) }
            if large < 0.03 { return nil }
            let small = try threadSeconds { try work(size) }
            let middle = try threadSeconds { try work(2 * size) }
            let growth = Growth(seconds: [small, middle, large])
            if growth.isLinear { return nil }
            last = growth
        }
        return last
    }

    private static func threadSeconds(_ work: () throws -> Void) rethrows -> Double {
        let start = threadTime()
        try work()
        return threadTime() - start
    }

    private static func threadTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
