/// Memory of one compute thread for ``Rows``; zero at first.
package final class RowMemory {
    let bytes: Int
    fileprivate let start: UnsafeMutableRawPointer

    package init(bytes: Int) {
        self.bytes = bytes
        start = .allocate(byteCount: bytes, alignment: RowLayout.alignment)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit { start.deallocate() }
}

/// Places ``Rows`` in memory, one behind the other. Rows of several layouts of one memory lie over each other: only
/// those of one may be in use at a time.
package struct RowLayout {
    /// A cache line, which is also the widest vector.
    static let alignment = 64

    let memory: RowMemory
    private var taken = 0

    package init(in memory: RowMemory) { self.memory = memory }

    /// What such rows take.
    package static func bytes(_ format: RowFormat = .f32, capacity: Int, columns: Int) -> Int {
        max(alignment, (capacity * columns * format.bytes + alignment - 1) / alignment * alignment)
    }

    mutating func take(_ bytes: Int) -> UnsafeMutableRawPointer {
        precondition(taken + bytes <= memory.bytes, "the memory is full")
        defer { taken += bytes }
        return memory.start + taken
    }
}
