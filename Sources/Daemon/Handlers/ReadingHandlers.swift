import FIxLIPProtocol
import Interactions
import JSON
import JSONRPC

extension Services {
    /// `explanation/subset`, `condition`, `compare`, `export`, `import`, `evaluate`, `coalitions`
    func registerReadingMethods(in table: inout MethodTable) {
        table.on(ExplanationCondition.self) { parameters, _ in
            try await read(parameters.explanation) { estimate, _ in
                let row = try estimate.condition(on: parameters.player)
                return ExplanationCondition.Result(
                    player: parameters.player, first: estimate.first[parameters.player],
                    image: Array(row.prefix(estimate.imagePlayers)), text: Array(row.dropFirst(estimate.imagePlayers)))
            }
        }

        table.on(ExplanationSubset.self) { parameters, _ in
            guard (parameters.size == nil) != (parameters.sizes == nil) else {
                throw ParameterError("size", "or \"sizes\" must be given, and not both")
            }
            let sizes = parameters.sizes ?? parameters.size.map { [$0] } ?? []
            guard !sizes.isEmpty else { throw ParameterError("sizes", "must not be empty") }
            let objective: Interactions.SubsetObjective = parameters.objective == .min ? .min : .max
            return try await read(parameters.explanation) { estimate, _ in
                if let wrong = sizes.firstIndex(where: { !(0...estimate.players).contains($0) }) {
                    throw ParameterError(
                        parameters.size == nil ? "sizes[\(wrong)]" : "size",
                        "must be from 0 to the \(estimate.players) players; it is \(sizes[wrong])")
                }
                return ExplanationSubset.Result(
                    subsets: try estimate.subsets(sizes: sizes, objective: objective).map {
                        ExplanationSubset.Subset(size: $0.size, players: $0.members.members, value: $0.predicted)
                    }, exact: estimate.players <= InteractionValues.exactSubsetPlayers)
            }
        }

        table.on(ExplanationCompare.self) { parameters, _ in
            guard parameters.explanations.count == 2 else {
                throw ParameterError("explanations", "must name two; there are \(parameters.explanations.count)")
            }
            let first = try await read(parameters.explanations[0]) {
                (side: ComparisonSide($1, $0), picture: $1.image.picture)
            }
            let second = try await read(parameters.explanations[1]) {
                (side: ComparisonSide($1, $0), picture: $1.image.picture)
            }
            let comparison = try await solver.run {
                let comparison = try Comparison(first.side, second.side)
                guard comparison.sharesWords || first.picture.shows(second.picture) else {
                    throw ParameterError(
                        "explanations",
                        "have no players in common: their pictures differ, and no word is in both captions")
                }
                return comparison
            }
            return ExplanationCompare.Result(comparison, parameters.explanations)
        }

        table.on(ExplanationExport.self) { parameters, _ in
            try await read(parameters.explanation) { estimate, explanation in
                switch parameters.format {
                case .shapiq:
                    let file = ShapiqFile(estimate).json
                    return ExplanationExport.Result(mimeType: "application/json", content: try file.text())
                case .json:
                    let file = try JSONValue(
                        encoding: ExplanationFile(explanation, Values(estimate, Selection(), errorsWanted: true)))
                    return ExplanationExport.Result(mimeType: "application/json", content: try file.text(pretty: true))
                }
            }
        }

        table.on(ExplanationImport.self) { parameters, context in
            let explanation = try await importExplanation(parameters)
            closeIfNobodyHears(of: explanation, context)
            return await opened(explanation)
        }
        table.on(ExplanationEvaluate.self) { parameters, _ in try await evaluate(parameters) }
        table.on(ExplanationCoalitions.self) { parameters, _ in try await coalitions(parameters) }
    }

    /// Reads an explanation's current estimate, with its standard errors, off the cooperative pool.
    private func read<Value: Sendable>(
        _ id: String, _ body: @escaping @Sendable (InteractionValues, Explanation) throws -> Value
    ) async throws -> Value {
        let explanation = try await explanations.find(id)
        let estimate = try await explanation.estimate(Selection(), standardErrors: true, on: solver)
        do {
            return try await solver.run { try body(estimate, explanation) }
        } catch let error as InteractionError {
            throw ApplicationError.estimation(error)
        }
    }
}

/// An explanation as a file of its own.
private struct ExplanationFile: Encodable {
    let model: String
    let image: String
    let caption: String
    let players: Players
    let emptyValue: Double
    let fullValue: Double
    let cosine: Double
    let values: Values

    init(_ explanation: Explanation, _ values: Values) {
        model = explanation.lease.id
        image = explanation.image.picture.name
        caption = explanation.caption
        players = explanation.players
        emptyValue = explanation.ends.empty
        fullValue = explanation.ends.full
        cosine = explanation.ends.cosine
        self.values = values
    }
}

extension ComparisonSide {
    /// Text players belong to the word of the caption that they begin in.
    fileprivate init(_ explanation: Explanation, _ estimate: InteractionValues) {
        let scalars = Array(explanation.caption.unicodeScalars)
        var words: [(text: String, range: Range<Int>)] = []
        var start: Int?
        for index in 0...scalars.count {
            let isBlank = index == scalars.count || scalars[index].properties.isWhitespace
            if isBlank, let begun = start {
                words.append((String(String.UnicodeScalarView(scalars[begun..<index])), begun..<index))
                start = nil
            } else if !isBlank, start == nil {
                start = index
            }
        }
        let wordOfPlayer = explanation.players.text.map { player in
            words.firstIndex { $0.range.upperBound > player.start } ?? max(0, words.count - 1)
        }
        self.init(
            values: estimate, image: explanation.imagePlayers, words: words.map(\.text), wordOfPlayer: wordOfPlayer)
    }
}

extension ExplanationCompare.Result {
    fileprivate init(_ comparison: Comparison, _ ids: [String]) {
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
