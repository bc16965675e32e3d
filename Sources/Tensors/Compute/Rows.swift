import COneDNN

/// How the values of ``Rows`` are stored.
package enum RowFormat: Sendable {
    case f32
    case bf16
    /// Unsigned 8-bit integers with a scale and a zero point per row: x = scale · (q − zero).
    case u8

    var bytes: Int {
        switch self {
        case .f32: 4
        case .bf16: 2
        case .u8: 1
        }
    }
}

/// `[capacity, columns]` values of one compute thread, dense, row by row. Operations use the leading rows.
package final class Rows {
    package let format: RowFormat
    package let capacity: Int
    package let columns: Int
    private let memory: RowMemory
    private let values: UnsafeMutableRawPointer
    private let scaleAndZero: UnsafeMutablePointer<Float>

    /// Rows in memory of their own, zero at first.
    package convenience init(_ format: RowFormat = .f32, capacity: Int, columns: Int) {
        var layout = RowLayout(in: RowMemory(bytes: RowLayout.bytes(format, capacity: capacity, columns: columns)))
        self.init(format, capacity: capacity, columns: columns, in: &layout)
    }

    /// Rows in the next part of some memory, which holds whatever was written there before.
    /// - Precondition: there is room for them.
    package init(_ format: RowFormat = .f32, capacity: Int, columns: Int, in layout: inout RowLayout) {
        self.format = format
        self.capacity = capacity
        self.columns = columns
        memory = layout.memory
        values = layout.take(RowLayout.bytes(format, capacity: capacity, columns: columns))
        let parameters = format == .u8 ? 2 * capacity : 1
        scaleAndZero = .allocate(capacity: parameters)
        scaleAndZero.initialize(repeating: 0, count: parameters)
    }

    deinit { scaleAndZero.deallocate() }

    /// The values, `[capacity × columns]`.
    /// - Precondition: the format is ``RowFormat/f32``.
    package var floats: UnsafeMutableBufferPointer<Float> {
        precondition(format == .f32)
        return UnsafeMutableBufferPointer(
            start: values.assumingMemoryBound(to: Float.self), count: capacity * columns)
    }

    /// Copies row `index` of a `[_, columns]` array to row `row`.
    package func copyRow(_ index: Int, of source: [Float], to row: Int) {
        precondition(format == .f32 && row < capacity && (index + 1) * columns <= source.count)
        source.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let size = columns * 4
            (values + row * size).copyMemory(from: base + index * size, byteCount: size)
        }
    }

    /// Copies `count` rows of a `[_, columns]` array, from row `index` on, to rows `row`, `row + 1`, ….
    package func copyRows(from index: Int = 0, count: Int, of source: [Float], to row: Int = 0) {
        precondition(format == .f32 && row + count <= capacity && (index + count) * columns <= source.count)
        source.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let size = columns * 4
            (values + row * size).copyMemory(from: base + index * size, byteCount: count * size)
        }
    }

    /// Copies a row of other f32 rows with as many columns to row `row`.
    package func copyRow(_ index: Int, of source: Rows, to row: Int) {
        precondition(format == .f32 && source.format == .f32 && columns == source.columns)
        precondition(row < capacity && index < source.capacity)
        let size = columns * 4
        (values + row * size).copyMemory(from: source.values + index * size, byteCount: size)
    }

    /// The first `count` rows as an array, `[count × columns]`.
    package func array(rows count: Int) -> [Float] {
        Array(floats[0..<count * columns])
    }

    /// What the C interface sees.
    var view: cdnn_rows {
        let format: cdnn_format =
            switch format {
            case .f32: CDNN_F32
            case .bf16: CDNN_BF16
            case .u8: CDNN_U8
            }
        return cdnn_rows(
            format: format, columns: Int64(columns), values: values, scale: scaleAndZero,
            zero: self.format == .u8 ? scaleAndZero + capacity : scaleAndZero)
    }
}
