/// The arithmetic the towers run in. `auto` takes the fastest the processor has that keeps the numbers.
public enum PrecisionChoice: String, Choice { case auto, f32, bf16, int8 }

public struct ImageShape: Codable, Sendable, Equatable {
    /// Pixels the model sees.
    public var width: Int
    public var height: Int
    /// Patches.
    public var rows: Int
    public var columns: Int
    public init(width: Int, height: Int, rows: Int, columns: Int) {
        self.width = width
        self.height = height
        self.rows = rows
        self.columns = columns
    }
}

public struct TextShape: Codable, Sendable, Equatable {
    public var positions: Int
    public var vocabulary: Int
    public init(positions: Int, vocabulary: Int) {
        self.positions = positions
        self.vocabulary = vocabulary
    }
}

/// A model in memory.
public struct ModelStatus: Codable, Sendable {
    public var id: String
    public var path: String
    public var architecture: String
    public var precision: String
    public var maskPrecision: String
    /// Why masks are computed so.
    public var precisionReason: String?
    public var bytes: Int
    public var lastUsedSecondsAgo: Double
    /// Seconds until it is unloaded if nobody uses it; null when it stays.
    public var expiresInSeconds: Double?
    /// Whole seconds since 1970 by the wall clock.
    public var lastUsed: Int?
    /// When it is unloaded if nobody uses it, in whole seconds since 1970; null when it stays.
    public var expiresAt: Int?
    public var inUse: Int
    public init(
        id: String, path: String, architecture: String, precision: String, maskPrecision: String,
        precisionReason: String?,
        bytes: Int, lastUsedSecondsAgo: Double, expiresInSeconds: Double?, lastUsed: Int?, expiresAt: Int?, inUse: Int
    ) {
        self.id = id
        self.path = path
        self.architecture = architecture
        self.precision = precision
        self.maskPrecision = maskPrecision
        self.precisionReason = precisionReason
        self.bytes = bytes
        self.lastUsedSecondsAgo = lastUsedSecondsAgo
        self.expiresInSeconds = expiresInSeconds
        self.lastUsed = lastUsed
        self.expiresAt = expiresAt
        self.inUse = inUse
    }
}

/// Loads a model, or touches it if it is there.
public enum ModelsLoad: RequestMethod {
    public static let name = "models/load"

    public struct Parameters: Codable, Sendable {
        public var model: String?
        public var precision: PrecisionChoice?
        /// Seconds without use after which it is unloaded; −1 keeps it.
        public var keepAlive: Double?
        public init(model: String? = nil, precision: PrecisionChoice? = nil, keepAlive: Double? = nil) {
            self.model = model
            self.precision = precision
            self.keepAlive = keepAlive
        }
    }

    public struct Result: Codable, Sendable {
        public var id: String
        public var path: String
        public var architecture: String
        public var dimension: Int
        public var image: ImageShape
        public var text: TextShape
        public var precision: String
        public var maskPrecision: String
        /// Why masks are computed so.
        public var precisionReason: String?
        public var logitScale: Float
        public var logitBias: Float
        public var bytes: Int
        public var loadMilliseconds: Double
        public init(
            id: String, path: String, architecture: String, dimension: Int, image: ImageShape, text: TextShape,
            precision: String, maskPrecision: String, precisionReason: String?, logitScale: Float, logitBias: Float,
            bytes: Int, loadMilliseconds: Double
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

/// The models in memory, the built-in ones, and those in the local hub cache.
public enum ModelsList: RequestMethod {
    public static let name = "models/list"
    public typealias Parameters = NoParameters

    public struct Available: Codable, Sendable {
        public var id: String
        public var path: String
        /// `builtin` or `cache`.
        public var origin: String
        public var loadable: Bool
        /// Why it cannot be loaded.
        public var reason: String?
        public init(
            id: String, path: String, origin: String, loadable: Bool, reason: String?
        ) {
            self.id = id
            self.path = path
            self.origin = origin
            self.loadable = loadable
            self.reason = reason
        }
    }

    public struct Result: Codable, Sendable {
        public var loaded: [ModelStatus]
        public var available: [Available]
        public init(loaded: [ModelStatus], available: [Available]) {
            self.loaded = loaded
            self.available = available
        }
    }
}

/// Gives a model's memory back once nothing uses it.
public enum ModelsUnload: RequestMethod {
    public static let name = "models/unload"
    public struct Parameters: Codable, Sendable {
        public var model: String
        public init(model: String) { self.model = model }
    }
    public struct Result: Codable, Sendable {
        public var unloaded: [String]
        public init(unloaded: [String]) { self.unloaded = unloaded }
    }
}
