import LinearAlgebra

/// R² of v(x_m, t_l) predicted by the order-2 (or 1) model from all masks but x_m and t_l, over the sampled pairs.
///
/// A side that is enumerated leaves nothing out: its expansion is exact. Of a sampled text at most 64 masks are left out in turn.
func crossedLeaveOneOut(
    _ game: BilinearGame, order: Int, image: SideSample, imageFit: RidgeFit, text: SideSample, textSolution: RidgeSolution
) -> Double? {
    let parts = LeaveOneOut(textSolution)
    let used = min(text.coalitions.count, text.isExact ? 4096 : 64)
    let width = text.embeddings.columns
    func head(_ matrix: Matrix<Double>) -> Matrix<Double> {
        Matrix(rows: used, columns: width, elements: Array(matrix.elements[..<(used * width)]))
    }
    // Text predictions up to order 0, 1 and 2.
    let upTo0 = head(parts.intercept)
    var upTo1 = upTo0
    let linear = head(parts.linear)
    for k in upTo1.elements.indices { upTo1.elements[k] += linear.elements[k] }
    var upTo2 = upTo1
    if order == 2 {
        let pair = head(parts.pair)
        for k in upTo2.elements.indices { upTo2.elements[k] += pair.elements[k] }
    }
    // v̂ = f̂_0·ĥ_≤r + f̂_1·ĥ_≤(r−1) + f̂_2·ĥ_0.
    let forIntercept = order == 2 ? upTo2 : upTo1
    let forLinear = order == 2 ? upTo1 : upTo0
    let predictedByIntercept = LeaveOneOut(RidgeSolution(imageFit, image.embeddings.times(forIntercept, transposeOther: true)))
    let predictedByLinear = LeaveOneOut(RidgeSolution(imageFit, image.embeddings.times(forLinear, transposeOther: true)))
    let predictedByPair = order == 2
        ? LeaveOneOut(RidgeSolution(imageFit, image.embeddings.times(upTo0, transposeOther: true))) : nil
    let truth = image.embeddings.times(head(text.embeddings), transposeOther: true)

    var total = 0.0
    var mean = 0.0
    var square = 0.0
    var residual = 0.0
    for m in 0..<truth.rows {
        for l in 0..<used {
            let weight = image.weights[m] * text.weights[l]
            let y = truth[m, l]
            var predicted = predictedByIntercept.intercept[m, l] + predictedByLinear.linear[m, l]
            if let predictedByPair { predicted += predictedByPair.pair[m, l] }
            total += weight
            mean += weight * y
            square += weight * y * y
            residual += weight * (y - predicted) * (y - predicted)
        }
    }
    guard total > 0 else { return nil }
    mean /= total
    let variance = square / total - mean * mean
    guard variance > 0, residual.isFinite else { return nil }
    return 1 - residual / total / variance
}
