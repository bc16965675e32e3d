import FIxLIPProtocol
import JSON
import JSONRPC
import Testing

/// The names and numbers in the sources are those in `protocol/`, both ways.
@Suite struct NamesAndCodes {
    @Test func everyApplicationErrorIsInTheFileAndTheOtherWayRound() throws {
        let entries = try #require(try ContractFiles.json("errors.json").array)
        let listed = Set(
            entries.filter { $0["code"]?.int ?? 0 > 0 }.map {
                "\($0["code"]?.int ?? 0) \($0["kind"]?.string ?? "") \($0["retryable"]?.bool ?? false)"
            })
        #expect(Set(ErrorKind.allCases.map { "\($0.rawValue) \($0.name) \($0.isRetryable)" }) == listed)
    }

    @Test func everyErrorOfJSONRPCIsInTheFileAndTheOtherWayRound() throws {
        let entries = try #require(try ContractFiles.json("errors.json").array)
        typealias Code = RPCError.Code
        #expect(
            Set(entries.compactMap { $0["code"]?.int }.filter { $0 < 0 })
                == [
                    Code.parseError, Code.invalidRequest, Code.methodNotFound, Code.invalidParams, Code.internalError,
                    Code.requestCancelled,
                ])
        #expect(Code.overloaded == ErrorKind.overloaded.rawValue)
        #expect(Code.shuttingDown == ErrorKind.shuttingDown.rawValue)
    }

    @Test func everyRequestHasAType() throws {
        #expect(
            Set(requestMethods.map { $0.name }).union(MethodTable.builtInRequests)
                == (try ContractFiles.methods(notifications: false, direction: "clientToServer")))
    }

    @Test func notificationsAreThoseTheConnectionKnows() throws {
        #expect(
            try ContractFiles.methods(notifications: true, direction: "clientToServer")
                == MethodTable.clientNotifications)
        #expect(
            try ContractFiles.methods(notifications: true, direction: "serverToClient")
                == MethodTable.serverNotifications)
    }

    @Test func wordsOfChoicesAreThoseOfTheirTypes() throws {
        func words<Word: Choice>(_ type: Word.Type) -> Set<String> { Set(type.allCases.map(\.rawValue)) }
        #expect(try ContractFiles.words("InteractionIndexChoice") == words(IndexChoice.self))
        #expect(try ContractFiles.words("Masking") == words(MaskingChoice.self))
        #expect(try ContractFiles.words("Estimator") == words(EstimatorChoice.self))
        #expect(try ContractFiles.words("FloatEncoding") == words(FloatEncoding.self))
        #expect(try ContractFiles.words("ItemErrorPolicy") == words(ItemErrorPolicy.self))
        #expect(try ContractFiles.words("Pairing") == words(Similarity.Pairing.self))
        #expect(try ContractFiles.words("PrecisionChoice") == words(PrecisionChoice.self))
        #expect(try ContractFiles.words("StopReason") == words(StopReason.self))
        #expect(try ContractFiles.words("TraceValue") == words(Initialize.TraceLevel.self))
        #expect(try ContractFiles.words("PositionEncoding") == words(DocumentCaptions.Encoding.self))
        #expect(try ContractFiles.words("RenderFormat") == words(RenderFormat.self))
        #expect(try ContractFiles.words("RenderOptions", member: "view") == words(RenderView.self))
        #expect(try ContractFiles.words("RenderOptions", member: "colors") == words(TerminalColors.self))
        #expect(try ContractFiles.words("RefinementProgress", member: "kind") == words(RefinementProgress.Kind.self))
        #expect(try ContractFiles.words("ExportFormat") == words(ExplanationExport.Format.self))
        #expect(try ContractFiles.words("EvaluationMetric") == words(EvaluationMetric.self))
        #expect(try ContractFiles.words("Quadrant") == words(QuadrantChoice.self))
        #expect(try ContractFiles.words("ExplanationSubsetParams", member: "objective") == words(SubsetObjective.self))
        #expect(
            try ContractFiles.words("ExplanationEvaluateParams", member: "sampling") == words(CoalitionSampling.self))
    }

    @Test func theServedDescriptionNamesTheMethodsOfTheFile() throws {
        let served = try JSONValue(parsing: OpenRPCDocument.json)
        let names = (served["methods"]?.array ?? []).compactMap { $0["name"]?.string }
        let file = (try ContractFiles.json("openrpc.json")["methods"]?.array ?? []).compactMap { $0["name"]?.string }
        #expect(names == file)
        #expect(!names.isEmpty)
    }
}
