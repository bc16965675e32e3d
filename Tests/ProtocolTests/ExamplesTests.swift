import FIxLIPProtocol
import JSON
import Testing

/// The examples in `protocol/examples` are read by the types of the sources, strictly, and written back as they were.
@Suite(.timeLimit(.minutes(10)))
struct Examples {
    private func roundTrip<Value: Codable>(_ type: Value.Type, _ name: String) throws {
        let examples = try ContractFiles.validExamples(name)
        #expect(!examples.isEmpty, "\(name) has no examples")
        for example in examples {
            let value = try example.value.decode(type, strict: true)
            let written = try JSONValue(encoding: value)
            #expect(same(written, example.value), "\(name)/\(example.name)")
        }
    }

    @Test func parameters() throws {
        try roundTrip(ModelsLoad.Parameters.self, "ModelsLoadParams")
        try roundTrip(ModelsUnload.Parameters.self, "ModelsUnloadParams")
        try roundTrip(Tokenize.Parameters.self, "TokenizeParams")
        try roundTrip(EmbedText.Parameters.self, "EmbedTextParams")
        try roundTrip(DocumentCaptions.Parameters.self, "DocumentCaptionsParams")
        try roundTrip(ExplanationReference.self, "ExplanationReference")
        try roundTrip(ExplanationRefine.Parameters.self, "ExplanationRefineParams")
        try roundTrip(ExplanationValues.Parameters.self, "ExplanationValuesParams")
        try roundTrip(ExplanationSubset.Parameters.self, "ExplanationSubsetParams")
        try roundTrip(ExplanationCondition.Parameters.self, "ExplanationConditionParams")
        try roundTrip(ExplanationCompare.Parameters.self, "ExplanationCompareParams")
        try roundTrip(ExplanationExport.Parameters.self, "ExplanationExportParams")
        try roundTrip(ExplanationEvaluate.Parameters.self, "ExplanationEvaluateParams")
        try roundTrip(ExplanationCoalitions.Parameters.self, "ExplanationCoalitionsParams")
        try roundTrip(ExplanationRender.Parameters.self, "ExplanationRenderParams")
        try roundTrip(NoParameters.self, "NoParams")
    }

    /// `initialize` ignores what it does not know: clients of LSP send members of their own.
    @Test func parametersOfInitialize() throws {
        let known = try #require(try ContractFiles.schema("InitializeParams")["properties"]?.object)
        for example in try ContractFiles.validExamples("InitializeParams") {
            let given = try #require(example.value.object)
            let value = try example.value.decode(Initialize.Parameters.self)
            let written = try JSONValue(encoding: value)
            #expect(same(written, .object(given.filter { known[$0.key] != nil })), "\(example.name)")
        }
    }

    /// Requests other than `initialize` refuse members that they do not know, so that a misspelt one is told.
    @Test func unknownParametersAreRefused() throws {
        let colour = try JSONValue(parsing: #"{"colour": "red"}"#)
        #expect(throws: JSONError.self) { try colour.decode(NoParameters.self, strict: true) }
        let evaluate = try JSONValue(
            parsing: #"{"explanation": "x1-1a2b3c", "metric": "faithfulness", "colour": "red"}"#)
        #expect(throws: JSONError.self) { try evaluate.decode(ExplanationEvaluate.Parameters.self, strict: true) }
    }

    /// A bare string is a short form of an image; it is written back as an object.
    @Test func parametersWithImages() throws {
        func reads<Value: Codable>(_ type: Value.Type, _ name: String) throws {
            for example in try ContractFiles.validExamples(name) {
                let value = try example.value.decode(type, strict: true)
                _ = try JSONValue(encoding: value).decode(type, strict: true)
            }
        }
        try reads(ImageInput.self, "ImageInput")
        try reads(EmbedImage.Parameters.self, "EmbedImageParams")
        try reads(Similarity.Parameters.self, "SimilarityParams")
        try reads(ExplanationOpen.Parameters.self, "ExplanationOpenParams")
        try reads(ExplanationImport.Parameters.self, "ExplanationImportParams")
        try reads(Explain.Parameters.self, "ExplainParams")
    }

    @Test func partsOfParameters() throws {
        try roundTrip(PlayersChoice.self, "PlayersChoice")
        try roundTrip(ImagePlayersChoice.self, "ImagePlayersChoice")
        try roundTrip(TextPlayersChoice.self, "TextPlayersChoice")
        try roundTrip(Budget.self, "Budget")
        try roundTrip(StopRule.self, "StopRule")
        try roundTrip(ProgressToken.self, "ProgressToken")
        try roundTrip(PairSelection.self, "PairSelection")
        try roundTrip(Selection.self, "Selection")
        try roundTrip(RefinementRules.self, "RefinementRules")
        try roundTrip(EstimateLayout.self, "EstimateLayout")
        try roundTrip(RenderOptions.self, "RenderOptions")
    }

    @Test func results() throws {
        try roundTrip(Initialize.Result.self, "InitializeResult")
        try roundTrip(ServerPing.Result.self, "PingResult")
        try roundTrip(ServerStatus.Result.self, "ServerStatusResult")
        try roundTrip(ModelsLoad.Result.self, "ModelsLoadResult")
        try roundTrip(ModelsList.Result.self, "ModelsListResult")
        try roundTrip(ModelsUnload.Result.self, "ModelsUnloadResult")
        try roundTrip(Tokenize.Result.self, "TokenizeResult")
        try roundTrip(Embeddings.self, "Embeddings")
        try roundTrip(DocumentCaptions.Result.self, "DocumentCaptionsResult")
        try roundTrip(Similarity.Result.self, "SimilarityResult")
        try roundTrip(ExplanationOpen.Result.self, "ExplanationOpenResult")
        try roundTrip(ExplanationRefine.Result.self, "ExplanationRefineResult")
        try roundTrip(RefinementProgress.self, "RefinementProgress")
        try roundTrip(ExplanationStop.Result.self, "ExplanationStopResult")
        try roundTrip(ExplanationValues.Result.self, "ExplanationValuesResult")
        try roundTrip(ExplanationSubset.Result.self, "ExplanationSubsetResult")
        try roundTrip(ExplanationCondition.Result.self, "ExplanationConditionResult")
        try roundTrip(ExplanationCompare.Result.self, "ExplanationCompareResult")
        try roundTrip(ExplanationExport.Result.self, "ExplanationExportResult")
        try roundTrip(ExplanationEvaluate.Result.self, "ExplanationEvaluateResult")
        try roundTrip(ExplanationCoalitions.Result.self, "ExplanationCoalitionsResult")
        try roundTrip(ExplanationList.Result.self, "ExplanationListResult")
        try roundTrip(Explain.Result.self, "ExplainResult")
        try roundTrip(Rendered.self, "Rendered")
        try roundTrip(ExplanationCompare.Side.self, "ComparisonSide")
        try roundTrip(ExplanationEvaluate.Target.self, "EvaluationTarget")
        try roundTrip(ExplanationEvaluate.Faithfulness.self, "Faithfulness")
        try roundTrip(ExplanationEvaluate.Curves.self, "InsertionDeletionCurves")
        try roundTrip(Values.self, "Values")
        try roundTrip(Pairs.self, "Pairs")
        try roundTrip(Acknowledgement.self, "Acknowledgement")
    }
}

/// Equal as JSON, members in any order; numbers to the precision of the 32-bit floats that values are.
private func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.object(let left), .object(let right)):
        left.count == right.count && left.allSatisfy { key, value in right[key].map { same(value, $0) } ?? false }
    case (.array(let left), .array(let right)):
        left.count == right.count && zip(left, right).allSatisfy(same)
    default:
        if let left = left.double, let right = right.double {
            abs(left - right) <= 1e-6 * max(abs(left), abs(right))
        } else {
            left == right
        }
    }
}
