import Foundation
import Tensors

/// The memory that a model takes, by its sizes alone: what is asked before anything is allocated for it.
///
/// A configuration may name any size, and a sparse weight file of that size costs nothing on the disk. Sums are
/// `Double`, since products of such sizes go beyond 64-bit integers.
package struct MemoryNeed: Sendable {
    /// The packed matrices of both towers.
    let matrices: Double
    /// Position tables, and the first states of an image without patches.
    let tables: Double
    /// What loading takes beside them at its peak: the largest tensor as f32 and packed, on both threads that load.
    let loading: Double
    /// Of one image in hand: its pixels, patches and first states.
    let image: Double
    /// Of one text in hand.
    let text: Double
    /// Of one compute thread.
    let workspace: Double

    /// - Parameters:
    ///   - bytesPerWeight: of a packed matrix, the towers for masks included.
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

    /// With one image, one text, and `threads` compute threads.
    func total(threads: Int) -> Double {
        matrices + tables + max(loading, image + text + workspace * Double(threads))
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
    /// The same of a row of ``PooledBuffers``.
    fileprivate var pooledValues: Double { Double(PooledBuffers.columns(self).reduce(0, +)) }
}

/// What this machine has left for a process.
package enum MachineMemory {
    /// Bytes that may still be taken: of the machine, of the control group, of the address space.
    package static var available: Int {
        var least = Int.max
        if let machine = field("MemAvailable:", of: text("/proc/meminfo")) { least = min(least, machine * 1024) }
        least = min(least, leftInControlGroup(cgroup: text("/proc/self/cgroup"), read: text))
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max),
            let size = field("VmSize:", of: text("/proc/self/status"))
        {
            least = min(least, max(0, Int(limit.rlim_cur) - size * 1024))
        }
        return least
    }

    /// What the limits of a process's control group and of those around it leave (cgroup v2, `memory.max`); pages of
    /// files count as free, since the kernel gives them up.
    /// - Parameter cgroup: of `/proc/self/cgroup`: `0::/path`.
    package static func leftInControlGroup(cgroup: String, read: (String) -> String) -> Int {
        guard let line = cgroup.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return .max }
        var parts = line.dropFirst("0::/".count).split(separator: "/").map(String.init)
        var least = Int.max
        while true {
            let folder = (["/sys/fs/cgroup"] + parts).joined(separator: "/")
            if let limit = Int(read(folder + "/memory.max").trimmingCharacters(in: .whitespacesAndNewlines)) {
                let used = field("anon", of: read(folder + "/memory.stat")) ?? 0
                least = min(least, max(0, limit - used))
            }
            guard parts.popLast() != nil else { return least }
        }
    }

    /// The number that follows a name at the beginning of a line.
    private static func field(_ name: String, of text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if let first = words.first, first == name, words.count > 1 { return Int(words[1]) }
        }
        return nil
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
