import Foundation
import Tensors

extension MemoryNeed {
    /// - Parameters:
    ///   - bytesPerWeight: the bytes of a weight in a packed matrix, in the towers for masks as well.
    init(_ model: ModelConfiguration, bytesPerWeight: Double) {
        let vision = model.vision.transformer
        let text = model.text.transformer
        let dimension = Double(model.dimension)
        let patch = 3 * pow(Double(model.vision.patchSize), 2)
        let patches = Double(model.vision.patches)
        let hidden = Double(vision.hidden)
        let textHidden = Double(text.hidden)
        let positions = Double(model.text.positions)
        // The projections are packed as f32 in every precision.
        let projections =
            4 * dimension
            * ((model.family.vision.projection == nil ? 0 : hidden)
                + (model.family.text.projection == nil ? 0 : textHidden))
        let head =
            model.family.vision.pooling == .attention
            ? 3 * hidden * hidden + model.vision.headTransformer.mlpWeights : 0
        matrices =
            bytesPerWeight * (vision.blockWeights * Double(vision.layers) + text.blockWeights * Double(text.layers))
            + bytesPerWeight * head + projections + 4 * patch * hidden
        let states = 4 * 4 * hidden
        tables = 4 * Double(model.vision.positions) * hidden + 4 * positions * textHidden + patches * states
        loading =
            2 * (4 + bytesPerWeight)
            * max(
                vision.largestMatrix, text.largestMatrix, dimension * max(hidden, textHidden), patch * hidden,
                positions * textHidden)
        // Where the grid follows the picture, the states of an image without patches come with it.
        let own = model.vision.flexible == nil ? 2.0 : 3.0
        image = 3 * 4 * pow(Double(model.vision.imageSize), 2) + patches * (4 * patch + own * states)
        self.text = 4 * 4 * 2 * positions * textHidden
        let tokens = patches + (model.family.vision.hasClassToken ? 1 : 0)
        let rows = (
            vision: max(tokens, Double(EncoderWorkspace.targetRows)),
            text: max(positions, Double(EncoderWorkspace.targetRows))
        )
        let pooledTexts =
            model.family.text.attention == .causal ? rows.text : Double(EncoderWorkspace.mostInputs)
        let shapes = (vision: model.visionShape, text: model.textShape)
        workspace =
            4
            * max(
                rows.vision * shapes.vision.rowValues
                    + Double(EncoderWorkspace.mostInputs) * shapes.vision.pooledValues,
                rows.text * shapes.text.rowValues + pooledTexts * shapes.text.pooledValues)
    }

    /// - Throws: ``ModelError/memory(folder:need:threads:available:)`` where it is more than there is.
    func check(
        folder: String, available: Int = MachineMemory.available,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) throws(ModelError) {
        guard total(threads: threads) <= Double(available) else {
            throw .memory(folder: folder, need: self, threads: threads, available: available)
        }
    }
}

extension TransformerConfiguration {
    fileprivate var mlpWeights: Double { (isGated ? 3 : 2) * Double(hidden) * Double(intermediate) }
    fileprivate var blockWeights: Double { 4 * Double(hidden) * Double(hidden) + mlpWeights }
    /// Weights of the largest product, of which q, k and v are one.
    fileprivate var largestMatrix: Double { Double(hidden) * Double(max(3 * hidden, (isGated ? 2 : 1) * intermediate)) }
}

extension TowerShape {
    /// Values that a row of ``TowerBuffers`` has in all of them.
    fileprivate var rowValues: Double { Double(TowerBuffers.columns(transformer).reduce(0, +)) }
    /// The same for a row of ``PooledBuffers``.
    fileprivate var pooledValues: Double { Double(PooledBuffers.columns(self).reduce(0, +)) }
}
