// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// The arithmetic of the towers: `"auto"` takes bf16 where the processor has it, else f32, with 8-bit products for
/// masked inputs where they are faster and the model loses little by them (`precisionReason` says so); `"int8"` encodes
/// masked inputs with 8-bit products and whole ones in f32.
package enum PrecisionChoice: String, Choice {
    case auto, f32, bf16, int8
}

/// How arrays of 32-bit floats are written: `"float"`, as arrays of JSON numbers, or `"base64"`, as one string, the
/// base64 of little-endian IEEE 754 32-bit floats.
package enum FloatEncoding: String, Choice {
    case float, base64
}

/// What happens when one item is bad: `"fail"` fails the request with an error that names the item's index in
/// `data.index`; `"item"` answers null for that item and lists it in `errors`.
package enum ItemErrorPolicy: String, Choice {
    case fail, item
}

/// What values are measured in: `"logits"`, the model's scale times the cosine; `"cosine"`, the inner product of the
/// two embeddings of length 1 itself.
package enum Scale: String, Choice {
    case logits, cosine
}

/// Which interaction index: weighted Banzhaf with parameter `p`, or faithful Shapley.
package enum IndexChoice: String, Choice {
    case banzhaf, shapley
}

/// What stands for an absent patch: `"mean"`, the mean colour, as in the paper; `"drop"`, nothing: its token leaves the
/// sequence, which is a different game at about half the cost.
package enum MaskingChoice: String, Choice {
    case mean, drop
}

/// How values are estimated. `"ridge"`: regression with shrinkage per order, tuned by leave-one-out. `"leastSquares"`:
/// the paper's weighted least squares over all pairs of masks.
package enum EstimatorChoice: String, Choice {
    case ridge, leastSquares
}

/// How masks are drawn. `"crossed"`: image and text masks are drawn apart, and every image mask meets every text mask.
/// `"joint"`: coalitions of all players are drawn, each one image mask with one text mask, as the paper's reference
/// implementation does; `budget.imageMasks` is then the number of pairs, and `budget.textMasks` is left out. Since 1.1.
package enum SamplingChoice: String, Choice {
    case crossed, joint
}

/// An SVG picture, an HTML page that needs no other file, text for terminals, Markdown, or the SVG picture as PNG or
/// PDF, for which librsvg has to be installed where the daemon runs.
package enum RenderFormat: String, Choice {
    case svg, html, ansi, markdown, png, pdf
}

/// What a drawing shows: everything; one text player; one image player; the strongest pairs of each kind; or one plot
/// alone: what adds up, step by step or as forces; the strongest pairs as a network; single players and pairs by
/// strength, and who is in them.
package enum RenderView: String, Choice {
    case overview, token, patch, pairs, waterfall, force, network, upset
}

/// What the terminal can show; without colours, signs and bars carry the meaning.
package enum TerminalColors: String, Choice {
    case trueColor, ansi256, none
}

/// How values of patches lie over the picture in SVG, PNG, PDF and HTML: flowing into each other, or patch by patch.
/// Players that form no grid are drawn patch by patch.
package enum RenderMap: String, Choice {
    case smooth, cells
}

/// Why a refinement ended: `budget`, the masks asked for are there; `deadline`; `standardError` or `stable`, a rule of
/// `until` holds; `stopped`, by `explanation/stop`; `exhausted`, every image mask there is has been encoded.
package enum StopReason: String, Choice {
    case budget, deadline, standardError, stable, stopped, exhausted
}

/// The largest or the smallest predicted value.
package enum SubsetObjective: String, Choice {
    case max, min
}

/// What is measured. `"faithfulness"`: how well the values predict unseen coalitions. `"insertionDeletion"`: how fast
/// the value falls as players are removed in the explanation's order. `"pointingGame"`: how much of the words' pairs
/// lies in the quadrants they belong to. `"mapCorrelation"` (since 1.1): how much the values of the image players with
/// the whole text shown are like those of an estimate on many masks of another seed.
package enum EvaluationMetric: String, Choice {
    case faithfulness, insertionDeletion, pointingGame, mapCorrelation
}

/// How coalitions are drawn: `"bernoulli"`, every player by itself with probability `p`; `"shapley"`, sizes by the
/// Shapley kernel, without `p`.
package enum CoalitionSampling: String, Choice {
    case bernoulli, shapley
}

/// Whose coalitions are drawn: `"all"`, of image and text players together; `"image"`, of image players, each shown
/// with the whole text, which is what a map of the image is to say.
package enum EvaluatedPlayers: String, Choice {
    case all, image
}

/// A quarter of the image. Of an odd grid the middle row and column belong to none.
package enum QuadrantChoice: String, Choice {
    case topLeft, topRight, bottomLeft, bottomRight
}
