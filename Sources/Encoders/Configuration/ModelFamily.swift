import Images
import Tokenizers

/// What a kind of model does unlike other kinds: everything but its sizes that code needs to know of a model.
///
/// It is a value, built once from the configuration. Towers, tokenizers, checks and handlers ask it for traits; nothing
/// asks for its name but replies and messages.
package struct ModelFamily: Sendable, Equatable {
    /// How a probability comes from logits.
    package enum ProbabilityRule: Sendable, Equatable {
        /// Softmax over an image's texts, so that a single pair has no probability (CLIP; Radford et al. 2021, 2.3).
        case softmax
        /// The logistic function of a pair's logit (SigLIP; Zhai et al. 2023, 3.2).
        case sigmoid
    }

    /// Whether β of the score α · cosine + β is stored.
    enum ScoreBias: Sendable, Equatable {
        case required
        /// 0 where the weights have no `logit_bias`.
        case optional
    }

    /// Its name in replies, which is that of `model_type` in the Hugging Face layout.
    package var name: String
    package var probability: ProbabilityRule
    let scoreBias: ScoreBias
    package var vision: VisionTraits
    var text: TextTraits
    /// Whose files, special tokens and players the tokenizer has.
    var tokenizer: TokenizerLoader.Family
    /// What fills up texts, where the family's tokenizer does not.
    package var padding = TextPadding.none
    /// Whose defaults fill in what the preprocessor's configuration leaves out.
    let preprocessor: ImagePreprocessor.Family
}

/// A linear layer from a tower's width to the embedding's.
struct ProjectionTraits: Sendable, Equatable {
    /// Its tensors' name in the Hugging Face layout, without `.weight`.
    let name: String
    let hasBias: Bool
    /// A layer with a bias that stands before it, and is multiplied into it.
    var inner: Inner?
    /// A layer without a bias that stands before it, with GELU between.
    var activated: Inner?

    struct Inner: Sendable, Equatable {
        let name: String
        let columns: Int
    }
}

/// How a vision tower begins and ends.
package struct VisionTraits: Sendable, Equatable {
    package enum Pooling: Sendable, Equatable {
        /// The state of the class token.
        case classToken
        /// A learned probe attends to all tokens.
        case attention
        /// The mean of the patches, each normalised.
        case mean
        /// The mean of the patches, normalised itself.
        case meanThenNorm
    }

    enum PatchLayout: Sendable, Equatable {
        /// `[hidden, 3, edge, edge]`
        case convolution
        /// `[hidden, edge · edge · 3]`: a pixel's channels side by side.
        case channelsLast
    }

    package var pooling: Pooling
    /// Whether a class token stands before the patches. Without one an image of no patches is left with nothing to
    /// attend to, so that it keeps all patches in their absent state.
    package let hasClassToken: Bool
    /// Whether an image without any patch can be read.
    var needsNoPatches: Bool { hasClassToken && pooling != .mean && pooling != .meanThenNorm }
    /// Whether the embedded tokens are normalised before the first block.
    let normalizesEmbeddings: Bool
    /// Whether the patch convolution has a bias.
    let hasPatchBias: Bool
    /// How the weights of the patches' embedding are stored.
    var patchLayout = PatchLayout.convolution
    /// From the pooled state to the embedding; nil where that state is the embedding.
    let projection: ProjectionTraits?
}

/// How a text tower attends, and where it is read.
struct TextTraits: Sendable, Equatable {
    enum Attention: Sendable, Equatable {
        /// Each token attends to itself and those before it.
        case causal
        /// Each token attends to all.
        case full
    }

    enum Pooling: Sendable, Equatable {
        /// The first token of this id; the first token of all where there is none.
        case token(id: Int)
        /// The first token of the text's largest id.
        case largestId
        case firstPosition
        case lastPosition
        /// The mean over all tokens.
        case mean
    }

    let attention: Attention
    let pooling: Pooling
    /// Whether every text has as many tokens as there are positions.
    let isPadded: Bool
    /// Whether the embedded tokens are normalised before the first block.
    var normalizesEmbeddings = false
    /// Whether every token has the embedding of a segment's kind too; a text is all of the first.
    var hasTokenTypes = false
    /// The norm of the pooled state, by its name after `text_model.`; nil where there is none.
    var finalNorm: String? = "final_layer_norm"
    /// From the pooled state to the embedding; nil where that state is the embedding.
    let projection: ProjectionTraits?

    /// The position that is pooled; of a mean the first, which is not a player either.
    /// - Parameter ids: the ids of a text; one at least.
    func pooledPosition(_ ids: [Int]) -> Int {
        switch pooling {
        case .token(let id): ids.firstIndex(of: id) ?? 0
        case .largestId: ids.indices.max { (ids[$0], -$0) < (ids[$1], -$1) } ?? 0
        case .firstPosition, .mean: 0
        case .lastPosition: ids.count - 1
        }
    }
}
