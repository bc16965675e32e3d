import Foundation
import JSON
import ShownText

/// Why a model cannot be found or loaded. Every case names the file or folder at fault.
package enum ModelError: Error, Sendable, CustomStringConvertible {
    /// Nothing of this name is a folder, and the hub cache has no such model.
    case notFound(name: String, advice: String)
    /// The folder lacks a file without which no model is loaded.
    case missingFile(folder: String, file: String, advice: String)
    case unreadable(file: String, reason: String)
    /// A key of a configuration file has a value that makes no sense or that is not supported.
    case configuration(file: String, key: String, reason: String)
    /// A kind of model that this library does not know.
    case unsupported(file: String, what: String)
    /// A weight file is broken, lacks a tensor, or has one of another shape.
    case weights(reason: String)
    /// Tokenizer files are missing or broken, or do not fit the model.
    case tokenizer(reason: String)
    /// The preprocessor's configuration is missing or broken, or does not fit the model.
    case preprocessor(reason: String)
    /// What the model takes by its sizes, in bytes, is more than there is.
    case memory(folder: String, need: MemoryNeed, threads: Int, available: Int)
    /// The numerical library failed.
    case compute(reason: String)
    /// Nobody wants the model any more.
    case cancelled

    package var description: String {
        switch self {
        case .notFound(let name, let advice): "no model \"\(name)\": \(advice)"
        case .missingFile(let folder, let file, let advice): "\(folder) has no \(file); \(advice)"
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .configuration(let file, let key, let reason): "\(file): \"\(key)\": \(reason.excerpt)"
        case .unsupported(let file, let what): "\(file): \(what.excerpt)"
        case .memory(let folder, let need, let threads, let available):
            "\(folder): a model of these sizes takes \(Self.gigabytes(need.total(threads: threads))) "
                + "(\(Self.gigabytes(need.matrices)) for its matrices, \(Self.gigabytes(need.tables)) for its tables, "
                + "\(Self.gigabytes(need.workspace)) for each of \(threads) compute threads), but "
                + "\(Self.gigabytes(Double(available))) are free here"
        case .cancelled: "the loading was cancelled"
        case .weights(let reason), .tokenizer(let reason), .preprocessor(let reason), .compute(let reason): reason
        }
    }
    private static func gigabytes(_ bytes: Double) -> String { String(format: "%.1f GB", bytes / 1e9) }
}
