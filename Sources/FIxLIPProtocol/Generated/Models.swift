// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// `models/load`: Loads a model, or touches it if it is there.
package enum ModelsLoad: RequestMethod {
    package static let name = "models/load"

    /// Parameters of `models/load`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// Left out, what the daemon was started with, which is `"auto"` unless set.
        package var precision: PrecisionChoice?
        /// Seconds without use after which it is unloaded; -1 keeps it. Left out, what it has, or the daemon's default
        /// (300).
        package var keepAlive: Double?

        package init(model: String? = nil, precision: PrecisionChoice? = nil, keepAlive: Double? = nil) {
            self.model = model
            self.precision = precision
            self.keepAlive = keepAlive
        }
    }

    /// Result of `models/load`.
    package struct Result: Codable, Sendable, Equatable {
        /// The name to use for it.
        package var id: String
        /// Its folder.
        package var path: String
        /// The family of a model.
        package var architecture: String
        /// Numbers per embedding.
        package var dimension: Int
        /// What a model sees of an image.
        package var image: ImageShape
        /// What a model reads of a text.
        package var text: TextShape
        /// For whole inputs.
        package var precision: String
        /// For masked inputs.
        package var maskPrecision: String
        /// Why masks are computed so.
        package var precisionReason: String?
        /// Factor from cosine to logit.
        package var logitScale: Float
        /// Added to the logit; 0 for CLIP.
        package var logitBias: Float
        /// Memory of its weights.
        package var bytes: Int
        /// How long loading took, in milliseconds, whether now or earlier.
        package var loadMilliseconds: Double

        package init(
            id: String, path: String, architecture: String, dimension: Int, image: ImageShape, text: TextShape,
            precision: String, maskPrecision: String, precisionReason: String? = nil, logitScale: Float,
            logitBias: Float, bytes: Int, loadMilliseconds: Double
        ) {
            self.id = id
            self.path = path
            self.architecture = architecture
            self.dimension = dimension
            self.image = image
            self.text = text
            self.precision = precision
            self.maskPrecision = maskPrecision
            self.precisionReason = precisionReason
            self.logitScale = logitScale
            self.logitBias = logitBias
            self.bytes = bytes
            self.loadMilliseconds = loadMilliseconds
        }
    }
}

/// `models/list`: The models in memory and those that could be loaded.
package enum ModelsList: RequestMethod {
    package static let name = "models/list"
    package typealias Parameters = NoParameters

    /// Result of `models/list`.
    package struct Result: Codable, Sendable, Equatable {
        /// In memory, most recently used first.
        package var loaded: [ModelStatus]
        /// Built-in models, then those of the local hub cache.
        package var available: [ModelsList.Available]

        package init(loaded: [ModelStatus], available: [ModelsList.Available]) {
            self.loaded = loaded
            self.available = available
        }
    }

    /// A model that could be loaded.
    package struct Available: Codable, Sendable, Equatable {
        /// The name to load it by.
        package var id: String
        /// Its folder.
        package var path: String
        /// Comes with the daemon, or lies in the local hub cache.
        package var origin: String
        /// Whether the daemon can run it.
        package var loadable: Bool
        /// Why it cannot be loaded.
        package var reason: String?
        /// What it is, where it can be loaded. Since 1.1.
        package var summary: ModelSummary?

        package init(
            id: String, path: String, origin: String, loadable: Bool, reason: String? = nil,
            summary: ModelSummary? = nil
        ) {
            self.id = id
            self.path = path
            self.origin = origin
            self.loadable = loadable
            self.reason = reason
            self.summary = summary
        }
    }
}

/// `models/unload`: Gives a model's memory back.
package enum ModelsUnload: RequestMethod {
    package static let name = "models/unload"

    /// Parameters of `models/unload`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String

        package init(model: String) {
            self.model = model
        }
    }

    /// Result of `models/unload`.
    package struct Result: Codable, Sendable, Equatable {
        /// Ids of the models that left memory: one per precision it was loaded at.
        package var unloaded: [String]

        package init(unloaded: [String]) {
            self.unloaded = unloaded
        }
    }
}
