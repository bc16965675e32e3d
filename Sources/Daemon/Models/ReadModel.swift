import Encoders
import Foundation

/// Names, sizes and times of a model folder's weight and configuration files.
package struct WeightsIdentity: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// Blocks: not for the cooperative pool.
    init(folder: String) {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        description = files.filter {
            $0.hasSuffix(".safetensors") || $0.hasSuffix(".bin") || $0.hasSuffix("config.json")
        }.sorted().map {
            name in
            let facts = try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: folder + "/" + name).resolvingSymlinksInPath().path)
            let size = (facts?[.size] as? Int) ?? 0
            let time = (facts?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return "\(name) \(size) \(time)"
        }.joined(separator: "; ")
    }

    /// Names are compared by their bytes: those that are only equivalent are other names.
    package static func == (a: WeightsIdentity, b: WeightsIdentity) -> Bool {
        a.description.utf8.elementsEqual(b.description.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }
}

/// A model with the identity of the files that it was read from.
package struct ReadModel: Sendable {
    /// How a folder's model is loaded.
    package typealias Reading = (
        _ folder: String, _ precision: Precision, _ isCancelled: @escaping @Sendable () -> Bool
    ) throws(ModelError) -> LoadedModel

    package let model: LoadedModel
    package let weights: WeightsIdentity

    /// Blocks: not for the cooperative pool.
    /// - Parameter isCancelled: asked every few milliseconds, from several threads.
    /// - Throws: `ApplicationError`: as `LoadedModel.load`; of kind `modelCorrupt` where files were replaced
    ///   meanwhile, because nobody could say which of them were read. `CancellationError`.
    package init(
        folder: ModelPath, precision: Precision, isCancelled: @escaping @Sendable () -> Bool = { false },
        reading: Reading = { folder, precision, isCancelled throws(ModelError) in
            try LoadedModel.load(folder: folder, precision: precision, isCancelled: isCancelled)
        }
    ) throws {
        weights = WeightsIdentity(folder: folder.string)
        do throws(ModelError) {
            model = try reading(folder.string, precision, isCancelled)
        } catch {
            throw ApplicationError.loading(error)
        }
        guard weights == WeightsIdentity(folder: folder.string) else {
            throw ApplicationError(
                .modelCorrupt, "the files of \(folder) were replaced while they were read; load the model again")
        }
    }
}
