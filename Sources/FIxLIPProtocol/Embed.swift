/// Embeddings of images.
public enum EmbedImage: RequestMethod {
    public static let name = "embed/image"
    public struct Parameters: Codable, Sendable {
        public var model: String?
        public var images: [ImageInput]
        public var normalize: Bool?
        public var encoding: FloatEncoding?
        public var onError: ItemErrorPolicy?
    }
    public typealias Result = Embeddings
}

/// Embeddings of texts.
public enum EmbedText: RequestMethod {
    public static let name = "embed/text"
    public struct Parameters: Codable, Sendable {
        public var model: String?
        public var texts: [String]
        public var normalize: Bool?
        public var encoding: FloatEncoding?
        public var onError: ItemErrorPolicy?
    }
    public typealias Result = Embeddings
}

public struct Embeddings: Codable, Sendable {
    public var model: String
    public var dimension: Int
    /// One row of `dimension` floats per item, null where the item failed.
    public var embeddings: [EncodedFloats?]
    public var errors: [ItemError]?
    /// Indexes of texts that were longer than the model's positions and were cut.
    public var truncated: [Int]?
    public init(
        model: String, dimension: Int, embeddings: [EncodedFloats?], errors: [ItemError]? = nil,
        truncated: [Int]? = nil
    ) {
        self.model = model
        self.dimension = dimension
        self.embeddings = embeddings
        self.errors = errors
        self.truncated = truncated
    }
}

/// Cosine, logit and probability of images against texts.
public enum Similarity: RequestMethod {
    public static let name = "similarity"

    public enum Pairing: String, Choice { case all, zip }

    public struct Parameters: Codable, Sendable {
        public var model: String?
        public var images: [ImageInput]
        public var texts: [String]
        public var pairing: Pairing?
        public var onError: ItemErrorPolicy?
    }

    /// `[images][texts]`, or one row of pairs when `pairing` is `zip`; null where an item failed.
    public struct Result: Codable, Sendable {
        public var model: String
        public var cosine: [[Float?]]
        public var logits: [[Float?]]
        public var probabilities: [[Float?]]
        /// Items that failed: `index` counts within `of`.
        public var errors: [SideError]?
        public var truncated: [Int]?
        public init(
            model: String, cosine: [[Float?]], logits: [[Float?]], probabilities: [[Float?]],
            errors: [SideError]? = nil, truncated: [Int]? = nil
        ) {
            self.model = model
            self.cosine = cosine
            self.logits = logits
            self.probabilities = probabilities
            self.errors = errors
            self.truncated = truncated
        }
    }

    public struct SideError: Codable, Sendable {
        /// `images` or `texts`.
        public var of: String
        public var index: Int
        public var code: Int
        public var kind: String
        public var message: String
        public init(of: String, _ error: ItemError) {
            self.of = of
            index = error.index
            code = error.code
            kind = error.kind
            message = error.message
        }
    }
}
