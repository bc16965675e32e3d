import JSON
import Tensors

/// One object of a configuration file, read key by key with defaults; errors name the file and the key's path.
struct ConfigurationReader {
    let file: String
    /// The path to this object, such as `vision_config`; empty at the top.
    let path: String
    let values: JSONValue

    func fails(_ key: String, _ reason: String) -> ModelError {
        .configuration(file: file, key: keyPath(key), reason: reason)
    }

    /// The error of a value that means something, but nothing that this library does.
    func unsupported(_ key: String, _ reason: String) -> ModelError {
        .unsupported(file: file, what: "\"\(keyPath(key))\": \(reason)")
    }

    private func keyPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func value(_ key: String) -> JSONValue? {
        guard let value = values[key] else { return nil }
        if case .null = value { return nil }
        return value
    }

    /// A positive integer.
    func size(_ key: String, default missing: Int) throws(ModelError) -> Int {
        guard let value = value(key) else { return missing }
        guard let size = value.int, Self.sizes.contains(size) else {
            throw fails(key, "an integer from 1 to \(Self.sizes.upperBound) is needed, not \(value)")
        }
        return size
    }

    /// A size that is given as a ratio to `width`, rounded down as Python's `int` does.
    func size(_ ratioKey: String, times width: Int, default missing: Float) throws(ModelError) -> Int {
        let ratio = try real(ratioKey, default: missing)
        guard let size = Int(exactly: (Float(width) * ratio).rounded(.down)), Self.sizes.contains(size) else {
            throw fails(ratioKey, "\(ratio) times the width \(width) is not from 1 to \(Self.sizes.upperBound)")
        }
        return size
    }

    private static let sizes = 1...1 << 24

    func integer(_ key: String, default missing: Int) throws(ModelError) -> Int {
        guard let value = value(key) else { return missing }
        guard let integer = value.int else { throw fails(key, "an integer is needed, not \(value)") }
        return integer
    }

    func real(_ key: String, default missing: Float) throws(ModelError) -> Float {
        guard let value = value(key) else { return missing }
        guard let real = value.double.map(Float.init), real.isFinite else {
            throw fails(key, "a number is needed, not \(value)")
        }
        return real
    }

    func flag(_ key: String, default missing: Bool) throws(ModelError) -> Bool {
        guard let value = value(key) else { return missing }
        guard let flag = value.bool else { throw fails(key, "true or false is needed, not \(value)") }
        return flag
    }

    func string(_ key: String) throws(ModelError) -> String? {
        guard let value = value(key) else { return nil }
        guard let string = value.string else { throw fails(key, "a string is needed, not \(value)") }
        return string
    }

    /// The names that Hugging Face configurations use; several mean the same function.
    private static let activations: [String: Activation] = [
        "quick_gelu": .quickGELU, "gelu": .gelu, "gelu_python": .gelu, "gelu_pytorch_tanh": .geluTanh,
        "gelu_new": .geluTanh, "gelu_fast": .geluTanh, "gelu_accurate": .geluTanh,
    ]

    func activation(_ key: String, default missing: Activation) throws(ModelError) -> Activation {
        guard let name = try string(key) else { return missing }
        guard let activation = Self.activations[name] else {
            throw unsupported(
                key, "\"\(name)\" is not supported; \(Self.activations.keys.sorted().joined(separator: ", ")) are")
        }
        return activation
    }

    /// A nested object. Where there is a legacy one (such as `text_config_dict`), it is taken instead: the reference
    /// library fills it up with defaults and lets it override all of the other.
    func nested(_ key: String, legacy: String) throws(ModelError) -> ConfigurationReader {
        for name in [legacy, key] {
            guard let value = value(name) else { continue }
            guard value.object != nil else { throw fails(name, "an object is needed") }
            return ConfigurationReader(file: file, path: name, values: value)
        }
        return ConfigurationReader(file: file, path: key, values: .object([:]))
    }
}

extension JSONValue {
    /// What a model's file of configuration holds.
    /// - Throws: ``ModelError/unreadable(file:reason:)``.
    init(configuration file: String) throws(ModelError) {
        do {
            try self.init(contentsOf: file)
        } catch .unreadable(_, let reason) {
            throw .unreadable(file: file, reason: reason)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
    }
}
