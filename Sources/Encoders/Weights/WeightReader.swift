import Tensors

/// Where a tower's tensors come from, by their names in the Hugging Face layout.
protocol TensorSource: Sendable {
    /// A tensor as f32, checked to have this shape.
    func tensor(_ name: String, shape: [Int]) throws(ModelError) -> SourceTensor
    /// Whether there is a tensor of this name.
    func contains(_ name: String) -> Bool
    /// The shape of a tensor, or nil if there is none.
    func shape(_ name: String) -> [Int]?
}

/// Weights in the Hugging Face layout of some family.
struct HuggingFaceTensors: TensorSource {
    let files: WeightFiles
    /// A tensor's name in the file.
    let name: @Sendable (String) -> String

    /// The name that the file has: releases of the library differ in whether blocks are `layers` or `layer`.
    private func stored(_ name: String) -> String {
        let name = self.name(name)
        guard !files.contains(name) else { return name }
        let other = name.replacing(".encoder.layers.", with: ".encoder.layer.")
        return files.contains(other) ? other : name
    }

    func tensor(_ name: String, shape: [Int]) throws(ModelError) -> SourceTensor {
        do {
            return .stored(try files.tensor(stored(name), shape: shape))
        } catch {
            throw .weights(reason: error.description)
        }
    }

    func contains(_ name: String) -> Bool { files.contains(stored(name)) }

    func shape(_ name: String) -> [Int]? { files.shape(stored(name)) }
}

/// The tensors of another source, until nobody wants them any more.
struct CancellableTensors: TensorSource {
    let source: any TensorSource
    let isCancelled: @Sendable () -> Bool

    /// - Throws: ``ModelError/cancelled``; what the source throws.
    func tensor(_ name: String, shape: [Int]) throws(ModelError) -> SourceTensor {
        if isCancelled() { throw .cancelled }
        return try source.tensor(name, shape: shape)
    }

    func contains(_ name: String) -> Bool { source.contains(name) }

    func shape(_ name: String) -> [Int]? { source.shape(name) }
}

/// A tensor of some source: in a file, or built from others.
///
/// Reading throws ``ModelError/weights(reason:)`` when the file cannot be read, was changed since it was opened, or
/// holds a value that is not a finite number: one in a query's weights gives finite, wrong embeddings without a word.
enum SourceTensor: Sendable {
    case stored(WeightTensor)
    case values([Float])

    func floats() throws(ModelError) -> [Float] {
        switch self {
        case .stored(let tensor): try floats(0..<tensor.count)
        case .values(let values): values
        }
    }

    /// Reads all values into `buffer`, which has room for exactly them.
    func read(into buffer: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
        switch self {
        case .stored(let tensor):
            try weights { () throws(WeightFileError) in
                try tensor.read(into: buffer)
                try tensor.checkFinite(UnsafeBufferPointer(buffer))
            }
        case .values(let values): _ = buffer.update(fromContentsOf: values)
        }
    }

    /// The values `elements` of the row-by-row order.
    func floats(_ elements: Range<Int>) throws(ModelError) -> [Float] {
        switch self {
        case .stored(let tensor):
            try weights { () throws(WeightFileError) in
                let values = try tensor.floats(elements)
                try values.withUnsafeBufferPointer { values throws(WeightFileError) in
                    try tensor.checkFinite(values, from: elements.lowerBound)
                }
                return values
            }
        case .values(let values): Array(values[elements])
        }
    }

    private func weights<Result>(_ read: () throws(WeightFileError) -> Result) throws(ModelError) -> Result {
        do throws(WeightFileError) {
            return try read()
        } catch {
            throw .weights(reason: error.description)
        }
    }
}

/// Reads layers from a source under a prefix, and packs them.
struct WeightReader {
    let source: any TensorSource
    let prefix: String
    let format: RowFormat

    func under(_ name: String) -> WeightReader {
        WeightReader(source: source, prefix: prefix + name + ".", format: format)
    }

    func floats(_ name: String, _ shape: Int...) throws(ModelError) -> [Float] {
        try source.tensor(prefix + name, shape: shape).floats()
    }

    func norm(_ name: String, _ columns: Int, epsilon: Float) throws(ModelError) -> LayerNorm {
        LayerNorm(
            weight: try floats(name + ".weight", columns), bias: try floats(name + ".bias", columns), epsilon: epsilon)
    }

    /// A linear layer; `parts` are stacked one below the other.
    func linear(
        _ parts: [LinearPart], outputs: Int, inputs: Int, bias: Bool = true
    ) throws(ModelError) -> Linear {
        // All shapes are seen to be right before memory is taken for them.
        let tensors = try parts.map { part throws(ModelError) in
            try source.tensor(prefix + part.name + ".weight", shape: [outputs, inputs])
        }
        var biases: [Float] = []
        // The memory is not set to zero first: parts are read straight to where they are packed from.
        let weights = UnsafeMutableBufferPointer<Float>.allocate(capacity: parts.count * outputs * inputs)
        defer { weights.deallocate() }
        for (index, part) in parts.enumerated() {
            let values = UnsafeMutableBufferPointer(
                rebasing: weights[index * outputs * inputs..<(index + 1) * outputs * inputs])
            try tensors[index].read(into: values)
            if part.scale != 1 {
                for i in values.indices { values[i] *= part.scale }
            }
            if let width = part.pairedHeads { LinearPart.separatePairs(values, width: width, columns: inputs) }
            guard bias else { continue }
            var own = part.hasBias ? try floats(part.name + ".bias", outputs) : [Float](repeating: 0, count: outputs)
            for i in own.indices { own[i] *= part.scale }
            if let width = part.pairedHeads {
                own.withUnsafeMutableBufferPointer { LinearPart.separatePairs($0, width: width, columns: 1) }
            }
            biases += own
        }
        do {
            return try Linear(
                weights: UnsafeBufferPointer(weights), bias: bias ? biases : nil, outputs: parts.count * outputs,
                inputs: inputs, format: format)
        } catch {
            throw .compute(reason: error.description)
        }
    }

    func linear(_ name: String, outputs: Int, inputs: Int, bias: Bool = true) throws(ModelError) -> Linear {
        try linear([LinearPart(name: name)], outputs: outputs, inputs: inputs, bias: bias)
    }

    func projection(_ traits: ProjectionTraits, from inputs: Int, to outputs: Int) throws(ModelError) -> Linear {
        guard let inner = traits.inner else {
            return try linear(traits.name, outputs: outputs, inputs: inputs, bias: traits.hasBias)
        }
        // P (T x + t) = (P T) x + P t, summed in double precision.
        let after = try floats(traits.name + ".weight", outputs, inner.columns)
        let before = try floats(inner.name + ".weight", inner.columns, inputs)
        let bias = try floats(inner.name + ".bias", inner.columns)
        var weights = [Float](repeating: 0, count: outputs * inputs)
        var biases = [Float](repeating: 0, count: outputs)
        var sums = [Double](repeating: 0, count: inputs)
        for output in 0..<outputs {
            for input in 0..<inputs { sums[input] = 0 }
            var sum = 0.0
            for middle in 0..<inner.columns {
                let factor = Double(after[output * inner.columns + middle])
                sum += factor * Double(bias[middle])
                for input in 0..<inputs { sums[input] += factor * Double(before[middle * inputs + input]) }
            }
            for input in 0..<inputs { weights[output * inputs + input] = Float(sums[input]) }
            biases[output] = Float(sum)
        }
        return try pack(weights, bias: biases, outputs: outputs, inputs: inputs)
    }

    func pack(_ weights: [Float], bias: [Float]?, outputs: Int, inputs: Int) throws(ModelError) -> Linear {
        do {
            return try Linear(weights: weights, bias: bias, outputs: outputs, inputs: inputs, format: format)
        } catch {
            throw .compute(reason: error.description)
        }
    }
}
