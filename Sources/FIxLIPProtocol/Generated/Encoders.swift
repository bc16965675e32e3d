// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// `tokenize`: How a model reads texts.
package enum Tokenize: RequestMethod {
    package static let name = "tokenize"

    /// Parameters of `tokenize`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// The texts, each of at most 65,536 Unicode scalars.
        package var texts: [String]

        package static let mostTexts = 10_000

        package init(model: String? = nil, texts: [String]) {
            self.model = model
            self.texts = texts
        }
    }

    /// Result of `tokenize`.
    package struct Result: Codable, Sendable, Equatable {
        /// One per text, in order.
        package var texts: [Tokenize.Tokens]

        package init(texts: [Tokenize.Tokens]) {
            self.texts = texts
        }
    }

    /// How a model reads one text.
    package struct Tokens: Codable, Sendable, Equatable {
        /// What the model gets, special tokens and padding included.
        package var ids: [Int]
        /// The vocabulary's entry for each id.
        package var tokens: [String]
        /// One per id, in Unicode scalars of the given text; empty ranges for special tokens.
        package var offsets: [[Int]]
        /// The tokens that are text players of an explanation with `"players": {"text": "tokens"}`.
        package var players: [Tokenize.Player]
        /// Whether the text was longer than the model's positions and was cut.
        package var truncated: Bool

        package init(ids: [Int], tokens: [String], offsets: [[Int]], players: [Tokenize.Player], truncated: Bool) {
            self.ids = ids
            self.tokens = tokens
            self.offsets = offsets
            self.players = players
            self.truncated = truncated
        }
    }

    /// A token that is a text player of explanations.
    package struct Player: Codable, Sendable, Equatable {
        /// Its spelling in the vocabulary, such as `rose</w>` or `▁rose`. The text players of explanations have the
        /// caption's own text instead.
        package var token: String
        /// Where it begins, in Unicode scalars of the given text.
        package var start: Int
        /// Where it ends, excluded.
        package var end: Int
        /// Its vocabulary ids.
        package var ids: [Int]

        package init(token: String, start: Int, end: Int, ids: [Int]) {
            self.token = token
            self.start = start
            self.end = end
            self.ids = ids
        }
    }
}

/// `embed/image`: Embeddings of images.
package enum EmbedImage: RequestMethod {
    package static let name = "embed/image"
    package typealias Result = Embeddings

    /// Parameters of `embed/image`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// The images; the daemon splits them into batches.
        package var images: [ImageInput]
        /// Whether embeddings are scaled to length 1.
        package var normalize: Bool?
        /// How arrays of 32-bit floats are written.
        package var encoding: FloatEncoding?
        /// What happens when one item is bad.
        package var onError: ItemErrorPolicy?

        package static let defaultNormalize: Bool = true
        package static let defaultEncoding: FloatEncoding = .float
        package static let defaultOnError: ItemErrorPolicy = .fail

        package static let mostImages = 10_000

        package init(
            model: String? = nil, images: [ImageInput], normalize: Bool? = nil, encoding: FloatEncoding? = nil,
            onError: ItemErrorPolicy? = nil
        ) {
            self.model = model
            self.images = images
            self.normalize = normalize
            self.encoding = encoding
            self.onError = onError
        }
    }
}

/// `embed/text`: Embeddings of texts.
package enum EmbedText: RequestMethod {
    package static let name = "embed/text"
    package typealias Result = Embeddings

    /// Parameters of `embed/text`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// The texts, each of at most 65,536 Unicode scalars; the daemon splits them into batches.
        package var texts: [String]
        /// Whether embeddings are scaled to length 1.
        package var normalize: Bool?
        /// How arrays of 32-bit floats are written.
        package var encoding: FloatEncoding?
        /// What happens when one item is bad.
        package var onError: ItemErrorPolicy?

        package static let defaultNormalize: Bool = true
        package static let defaultEncoding: FloatEncoding = .float
        package static let defaultOnError: ItemErrorPolicy = .fail

        package static let mostTexts = 10_000

        package init(
            model: String? = nil, texts: [String], normalize: Bool? = nil, encoding: FloatEncoding? = nil,
            onError: ItemErrorPolicy? = nil
        ) {
            self.model = model
            self.texts = texts
            self.normalize = normalize
            self.encoding = encoding
            self.onError = onError
        }
    }
}

/// `similarity`: Cosines, logits and probabilities of images against texts.
package enum Similarity: RequestMethod {
    package static let name = "similarity"

    /// Parameters of `similarity`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// The images; with `"all"`, at most 1,000,000 pairs with the texts.
        package var images: [ImageInput]
        /// The texts, each of at most 65,536 Unicode scalars.
        package var texts: [String]
        /// Which pairs are compared.
        package var pairing: Similarity.Pairing?
        /// What happens when one item is bad.
        package var onError: ItemErrorPolicy?

        package static let defaultPairing: Similarity.Pairing = .all
        package static let defaultOnError: ItemErrorPolicy = .fail

        package static let mostImages = 10_000
        package static let mostTexts = 10_000

        package init(
            model: String? = nil, images: [ImageInput], texts: [String], pairing: Similarity.Pairing? = nil,
            onError: ItemErrorPolicy? = nil
        ) {
            self.model = model
            self.images = images
            self.texts = texts
            self.pairing = pairing
            self.onError = onError
        }
    }

    /// Which pairs are compared. `"all"`: every image with every text. `"zip"`: the first image with the first text,
    /// and so on.
    package enum Pairing: String, Choice {
        case all, zip
    }

    /// Result of `similarity`. Tables are `[images][texts]`, or one row of pairs with `"zip"`; null where an item
    /// failed.
    package struct Result: Codable, Sendable, Equatable {
        /// Id of the model.
        package var model: String
        /// Cosines, -1 to 1.
        package var cosine: [[Float?]]
        /// logitScale · cosine + logitBias.
        package var logits: [[Float?]]
        /// CLIP: softmax of each row's logits, null with `"zip"`, where a pair has nothing to compare with. SigLIP:
        /// sigmoid of each logit.
        package var probabilities: [[Float?]]
        /// Items that failed; absent where none did.
        package var errors: [Similarity.SideError]?
        /// Indexes of texts that were longer than the model's positions and were cut; absent where none was.
        package var truncated: [Int]?

        package init(
            model: String, cosine: [[Float?]], logits: [[Float?]], probabilities: [[Float?]],
            errors: [Similarity.SideError]? = nil, truncated: [Int]? = nil
        ) {
            self.model = model
            self.cosine = cosine
            self.logits = logits
            self.probabilities = probabilities
            self.errors = errors
            self.truncated = truncated
        }
    }

    /// One bad item of a `similarity` request that went on without it.
    package struct SideError: Codable, Sendable, Equatable {
        /// Which list `index` counts in.
        package var of: String
        /// Which item, from 0.
        package var index: Int
        /// The code the request would have failed with.
        package var code: Int
        /// The code's word.
        package var kind: String
        /// What was wrong and what to do.
        package var message: String

        package init(of: String, index: Int, code: Int, kind: String, message: String) {
            self.of = of
            self.index = index
            self.code = code
            self.kind = kind
            self.message = message
        }
    }
}

/// `classify`: Which class each image is of.
package enum Classify: RequestMethod {
    package static let name = "classify"

    /// Parameters of `classify`: exactly one of `classes` and `labels`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// The images; at most 1,000,000 pairs with the classes.
        package var images: [ImageInput]
        /// The classes, each by its prompts; at most 100,000 prompts in all.
        package var classes: [TargetClass]?
        /// The classes by name: each takes every template for a prompt; at most 100,000 prompts in all.
        package var labels: [String]?
        /// How a label becomes a prompt. Left out, `{}`: the label itself.
        package var templates: Templates?
        /// How many classes of each image are told, the most probable first; left out, all.
        package var topK: Int?

        package static let mostImages = 10_000
        package static let mostClasses = 5_000
        package static let mostLabels = 5_000
        package static let mostTopK = 10_000

        package init(
            model: String? = nil, images: [ImageInput], classes: [TargetClass]? = nil, labels: [String]? = nil,
            templates: Templates? = nil, topK: Int? = nil
        ) {
            self.model = model
            self.images = images
            self.classes = classes
            self.labels = labels
            self.templates = templates
            self.topK = topK
        }
    }

    /// Result of `classify`.
    package struct Result: Codable, Sendable, Equatable {
        /// Id of the model.
        package var model: String
        /// The classes' names, in the order given.
        package var classes: [String]
        /// Of each image, its classes, the most probable first.
        package var images: [[ClassScore]]

        package init(model: String, classes: [String], images: [[ClassScore]]) {
            self.model = model
            self.classes = classes
            self.images = images
        }
    }
}
