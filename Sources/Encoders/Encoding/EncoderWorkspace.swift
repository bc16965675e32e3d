import Tensors

/// The memory and primitives with which one compute thread runs one model. Made by ``LoadedModel/makeWorkspace()``.
///
/// A workspace belongs to one thread at a time. It takes its memory on first use and keeps it.
package final class EncoderWorkspace {
    /// Rows of a micro-batch: enough for products to be efficient, few enough to stay in the cache.
    static let targetRows = 400
    /// The most inputs of a micro-batch.
    static let mostInputs = 64

    let context: ComputeContext
    let capacities: (vision: Int, text: Int)
    private let model: ModelConfiguration
    private var vision: [RowFormat: TowerBuffers] = [:]
    private var text: [RowFormat: TowerBuffers] = [:]
    var sequences: [TokenSequence] = []
    var tree = PrefixTree()
    var ends: [Int] = []

    init(_ model: ModelConfiguration, visionTokens: Int) throws(TensorError) {
        context = try ComputeContext()
        self.model = model
        capacities = (
            Self.rounded(Self.microBatch(tokens: visionTokens) * visionTokens),
            Self.rounded(max(Self.targetRows, model.text.positions))
        )
    }

    static func microBatch(tokens: Int) -> Int { min(16, max(1, targetRows / tokens)) }

    /// Many rows are computed in eights, so that few primitives serve inputs of all lengths; with few, that would be
    /// work lost.
    static func rounded(_ rows: Int) -> Int { rows > 104 ? (rows + 7) / 8 * 8 : (rows + 1) / 2 * 2 }

    /// Runs `body`, in which what is encoded with this workspace fails with ``EncodeError/cancelled`` once
    /// `isCancelled`, which is asked many times a layer, says so.
    package func asking<Value, Failure: Error>(
        _ isCancelled: @escaping () -> Bool, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        context.isCancelled = isCancelled
        defer { context.isCancelled = { false } }
        return try body()
    }

    /// Runs `body`, of which what is encoded with this workspace is shared out over the threads that serve `team`.
    package func leading<Value, Failure: Error>(
        _ team: ComputeTeam, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try context.leading(team, body)
    }

    func visionBuffers(_ format: RowFormat) -> TowerBuffers {
        if let known = vision[format] { return known }
        let made = TowerBuffers(
            model.visionShape, format: format, capacity: capacities.vision, pooled: Self.mostInputs, in: memory)
        vision[format] = made
        return made
    }

    func textBuffers(_ format: RowFormat) -> TowerBuffers {
        if let known = text[format] { return known }
        let made = TowerBuffers(
            model.textShape, format: format, capacity: capacities.text, pooled: pooledTexts, in: memory)
        text[format] = made
        return made
    }

    /// Rows of texts that are pooled at once.
    private var pooledTexts: Int { model.family.text.attention == .causal ? capacities.text : Self.mostInputs }

    /// The memory of both towers, which all formats share.
    private lazy var memory = RowMemory(
        bytes: max(
            TowerBuffers.bytes(model.visionShape, capacity: capacities.vision, pooled: Self.mostInputs),
            TowerBuffers.bytes(model.textShape, capacity: capacities.text, pooled: pooledTexts)))
}
