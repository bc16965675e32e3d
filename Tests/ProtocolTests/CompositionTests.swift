import FIxLIPProtocol
import JSON
import JSONRPC
import Testing

/// Types that are made of others are flat on the wire: read, written and refused as if their members were their own.
@Suite(.timeLimit(.minutes(10)))
struct Composition {
    @Test func membersOfPartsAreFlatOnTheWire() throws {
        var parameters = Explain.Parameters(
            open: .init(image: ImageInput(.text("/cat.png")), text: "a cat", paired: true),
            rules: .init(budget: .init(imageMasks: 64)), layout: .init(pairs: .top(3)), reproducible: true)
        #expect(
            try JSONValue(encoding: parameters).text()
                == #"{"image":"/cat.png","text":"a cat","paired":true,"budget":{"imageMasks":64},"#
                + #""pairs":{"top":3},"reproducible":true}"#)
        parameters.order = 1
        #expect(parameters.open.order == 1)
        #expect(parameters.text == "a cat")
    }

    @Test func aMemberOfNoPartIsUnknown() throws {
        let given = try JSONValue(parsing: #"{"image": "/cat.png", "text": "a cat", "samples": 3}"#)
        #expect(throws: JSONError.self) { try given.decode(Explain.Parameters.self, strict: true) }
        let selected = try JSONValue(parsing: #"{"explanation": "x1-1a2b3c", "order": 1, "pairs": "none"}"#)
        let values = try selected.decode(ExplanationValues.Parameters.self, strict: true)
        #expect(values.selection == Selection(order: 1, layout: .init(pairs: PairSelection.none)))
    }

    @Test func aMissingMemberOfAPartIsNamed() throws {
        let given = try JSONValue(
            parsing: #"{"image": "/cat.png", "text": "a cat", "players": {"image": {"grid": {"rows": 2}}}}"#)
        #expect {
            try given.decode(Explain.Parameters.self, strict: true)
        } throws: {
            "\($0)".contains("columns")
        }
    }
}

/// What stands for a parameter left out is written in the schemas.
@Suite(.timeLimit(.minutes(10)))
struct Defaults {
    private func said(_ type: String, _ member: String) throws -> JSONValue {
        try #require(try ContractFiles.schema(type)["properties"]?[member]?["default"])
    }

    @Test func defaultsAreThoseOfTheSchemas() throws {
        #expect(try said("Budget", "imageMasks").int == Budget.defaultImageMasks)
        #expect(try said("ExplanationOpenParams", "p").double == ExplanationOpen.Parameters.defaultP)
        #expect(try said("ExplainParams", "index").string == ExplanationOpen.Parameters.defaultIndex.rawValue)
        #expect(
            try said("ExplanationOpenParams", "seed") == JSONValue(encoding: ExplanationOpen.Parameters.defaultSeed))
        #expect(try said("Selection", "pairs") == JSONValue(encoding: EstimateLayout.defaultPairs))
        #expect(try said("PlayersChoice", "text") == JSONValue(encoding: PlayersChoice.defaultText))
        let unit = try said("DocumentCaptionsParams", "positionEncoding").string
        #expect(unit == DocumentCaptions.Parameters.defaultPositionEncoding.rawValue)
    }
}
