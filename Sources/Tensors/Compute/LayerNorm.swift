/// Layer normalisation: (x − mean) / √(variance + ε) · weight + bias, over a row.
package struct LayerNorm: Sendable {
    package let weight: [Float]
    package let bias: [Float]
    package let epsilon: Float

    package init(weight: [Float], bias: [Float], epsilon: Float) {
        precondition(weight.count == bias.count)
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }
}
