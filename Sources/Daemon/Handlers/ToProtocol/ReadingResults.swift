import FIxLIPProtocol
import Interactions

/// An explanation as a file of its own.
struct ExplanationFile: Encodable {
    let model: String
    let image: String
    let caption: String
    let players: Players
    let emptyValue: Double
    let fullValue: Double
    let cosine: Double
    let centeredValue: Double
    let scale: Scale
    let target: TargetSummary?
    let values: Values

    init(_ explanation: Explanation, _ values: Values) {
        model = explanation.model.id
        image = explanation.images.map(\.picture.name).joined(separator: ", ")
        caption = explanation.caption
        players = Players(explanation)
        emptyValue = explanation.ends.empty
        fullValue = explanation.ends.full
        cosine = explanation.ends.cosine
        centeredValue = explanation.ends.centered
        scale = Scale(explanation.scale.unit)
        target = explanation.target.map { TargetSummary($0) }
        self.values = values
    }
}

extension ExplanationCompare.Result {
    init(_ comparison: Comparison, _ ids: [String]) {
        let cells = comparison.rows * comparison.columns
        func side(_ part: Comparison.Part, _ id: String) -> ExplanationCompare.Side {
            ExplanationCompare.Side(
                explanation: id, image: part.cells, words: part.words,
                crossModal: comparison.words.indices.map { Array(part.crossModal[$0 * cells..<($0 + 1) * cells]) })
        }
        self.init(
            grid: GridShape(rows: comparison.rows, columns: comparison.columns), words: comparison.words,
            sides: [side(comparison.first, ids[0]), side(comparison.second, ids[1])],
            imageCorrelation: comparison.cellCorrelation, wordCorrelation: comparison.wordCorrelation,
            crossModalCorrelation: comparison.crossModalCorrelation)
    }
}
