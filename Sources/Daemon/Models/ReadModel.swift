import Encoders
import FIxLIPProtocol
import Foundation

/// Names, sizes and times of a model folder's weight and configuration files.
struct WeightsIdentity: Sendable, Equatable, CustomStringConvertible {
    let description: String

    init(folder: String) {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        description = files.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix("config.json") }.sorted().map {
            name in
            let facts = try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: folder + "/" + name).resolvingSymlinksInPath().path)
            let size = (facts?[.size] as? Int) ?? 0
            let time = (facts?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return "\(name) \(size) \(time)"
        }.joined(separator: "; ")
    }
}

/// A model with the identity of the files that it was read from.
struct ReadModel: Sendable {
    let model: LoadedModel
    let weights: WeightsIdentity

    /// Blocks: not for the cooperative pool.
    /// - Throws: `ApplicationError`: as `LoadedModel.load`; of kind `modelCorrupt` where files were replaced
    ///   meanwhile, because nobody could say which of them were read.
    init(
        folder: String, precision: Precision,
        reading: (String, Precision) throws(ModelError) -> LoadedModel = { folder, precision throws(ModelError) in
            try LoadedModel.load(folder: folder, precision: precision)
        }
    ) throws(ApplicationError) {
        weights = WeightsIdentity(folder: folder)
        do throws(ModelError) {
            model = try reading(folder, precision)
        } catch {
            throw ApplicationError(error)
        }
        guard weights == WeightsIdentity(folder: folder) else {
            throw ApplicationError(
                .modelCorrupt, "the files of \(folder) were replaced while they were read; load the model again")
        }
    }
}
