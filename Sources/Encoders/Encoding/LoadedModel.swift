// Encoders: a model folder becomes a model that embeds whole and masked images and texts. It knows no explanation.
// Its rooms use only those named before them: Configuration, Weights, Families, Towers, Encoding, Folders.

import Images
import Tensors
import Tokenizers

/// A model ready to encode: a folder's weights packed for this processor, shared read-only by all threads.
///
/// Methods are synchronous and compute on the calling thread alone, which has an ``EncoderWorkspace`` of its own.
package struct LoadedModel: Sendable {
    /// The folder it was loaded from.
    package let folder: String
    /// How whole images and texts are computed.
    package let precision: Precision
    /// How masked inputs are computed, unless they are asked for precisely.
    package internal(set) var maskPrecision: Precision
    /// Why masks are computed that way, in a few words.
    package internal(set) var precisionReason: String
    /// The factor α of the score α · cosine + β: exp of the stored `logit_scale`.
    package let logitScale: Float
    /// The constant β of the score; 0 for CLIP.
    package let logitBias: Float
    /// Memory held by weights, in bytes, without the table of token embeddings, which stays in the weight file.
    package var residentBytes: Int {
        vision.bytes + text.bytes + (maskVision?.bytes ?? 0) + (maskText?.bytes ?? 0) + patchEmbedding.bytes
            + textEmbedding.bytes
    }
    /// The folder's tokenizer.
    package let tokenizer: any TextTokenizer
    /// The folder's image preprocessing, which makes pixels of this model's size.
    package let preprocessor: ImagePreprocessor
    /// How long loading took.
    package internal(set) var loadMilliseconds: Double

    let configuration: ModelConfiguration
    let patchEmbedding: PatchEmbedding
    let textEmbedding: TextEmbedding
    let vision: VisionTower
    let text: TextTower
    /// The towers for masks where their precision differs.
    var maskVision: VisionTower?
    var maskText: TextTower?
    /// The first states of images without any patch.
    let absent: AbsentStates

    package var family: ModelFamily { configuration.family }
    /// Columns of an embedding.
    package var dimension: Int { configuration.dimension }
    /// Pixels from top to bottom; where ``mostPatches`` says so, of the largest square picture.
    package var imageHeight: Int { configuration.vision.imageSize }
    package var imageWidth: Int { configuration.vision.imageSize }
    /// The most patches of a picture, where the patch grid follows each picture's shape; nil where it is fixed.
    package var mostPatches: Int? { configuration.vision.flexible?.mostPatches }
    /// Rows of the patch grid.
    package var rows: Int { configuration.vision.grid }
    /// Columns of the patch grid.
    package var columns: Int { configuration.vision.grid }
    /// Pixels along a patch's edge.
    package var patchSize: Int { configuration.vision.patchSize }
    /// The longest text, in tokens, special tokens included.
    package var textPositions: Int { configuration.text.positions }
    /// Rows of the token table.
    package var vocabulary: Int { configuration.text.vocabulary }
    /// Images per call that fill a micro-batch; a multiple of it is as good.
    package var imageMicroBatch: Int { EncoderWorkspace.microBatch(tokens: patchEmbedding.mostTokens) }

    /// Multiplications of the smallest matrix product that a whole image takes in a block: threads that share its
    /// encoding have no less to share.
    package var leastProductOfImage: Int {
        patchEmbedding.mostTokens * configuration.vision.transformer.hidden * configuration.vision.transformer.hidden
    }

    /// The same for a whole text.
    package func leastProduct(of text: PreparedText) -> Int {
        text.states.tokens * configuration.text.transformer.hidden * configuration.text.transformer.hidden
    }

    /// A workspace for one compute thread.
    /// - Throws: ``EncodeError/compute(reason:)``.
    package func makeWorkspace() throws(EncodeError) -> EncoderWorkspace {
        do {
            return try EncoderWorkspace(configuration, visionTokens: patchEmbedding.mostTokens)
        } catch {
            throw .compute(reason: error.description)
        }
    }
}
