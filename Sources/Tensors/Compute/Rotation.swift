import COneDNN

/// The angles by which rotary positions turn queries and keys (Su et al. 2021): of each place, for each
/// pair of a head's columns.
package struct Rotation: Sendable {
    /// Columns of a head, of which i and width / 2 + i are a pair.
    package let width: Int
    package let places: Int
    /// `[places, width / 2]`
    private let cosines: [Float]
    private let sines: [Float]

    /// - Parameter angles: `[places, width / 2]`, in radians.
    package init(angles: [Double], width: Int, cosine: (Double) -> Double, sine: (Double) -> Double) {
        precondition(width > 0 && width % 2 == 0 && angles.count % (width / 2) == 0)
        self.width = width
        places = angles.count / (width / 2)
        cosines = angles.map { Float(cosine($0)) }
        sines = angles.map { Float(sine($0)) }
    }

    fileprivate func withPointers(_ body: (UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void) {
        cosines.withUnsafeBufferPointer { cosines in
            sines.withUnsafeBufferPointer { sines in body(cosines.baseAddress, sines.baseAddress) }
        }
    }
}

extension ComputeContext {
    /// Turns the first `rows` rows of `values` in place, in the first `heads` heads.
    /// - Parameter places: the place of each row; a row with a negative one is left as it is.
    package func rotate(_ values: Rows, rows: Int, heads: Int, by rotation: Rotation, places: [Int32]) {
        precondition(values.format == .f32 && heads * rotation.width <= values.columns)
        precondition(rows <= values.capacity && rows <= places.count)
        precondition(places[..<rows].allSatisfy { $0 < rotation.places })
        withPointer { context in
            places.withUnsafeBufferPointer { places in
                rotation.withPointers { cosines, sines in
                    cdnn_rotate(
                        context, values.floats.baseAddress, Int64(values.columns), Int64(rows), Int64(heads),
                        Int64(rotation.width), cosines, sines, places.baseAddress)
                }
            }
        }
    }

    /// destination = g · σ(g) · x for the first `rows` rows, of which `source` holds g and then x side by side (SwiGLU;
    /// Shazeer 2020).
    package func gate(_ source: Rows, rows: Int, into destination: Rows) {
        precondition(source.format == .f32 && destination.format == .f32)
        precondition(source.columns == 2 * destination.columns)
        precondition(rows <= source.capacity && rows <= destination.capacity)
        withPointer { context in
            cdnn_gate(
                context, source.floats.baseAddress, Int64(rows), Int64(destination.columns),
                destination.floats.baseAddress)
        }
    }
}
