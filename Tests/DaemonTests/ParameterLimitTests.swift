import Daemon
import FIxLIPProtocol
import Testing

@Suite(.timeLimit(.minutes(10))) struct ParameterLimitTests {
    @Test(arguments: [nil, 1, 100_000]) func takesWhatIsWithin(_ value: Int?) throws {
        try ParameterLimit.pairs.check(value, "topK")
    }

    @Test(arguments: [0, -1, 100_001, .max, .min]) func refusesWhatIsBeyondAndNamesTheParameter(_ value: Int) throws {
        let error = try #require(throws: ParameterError.self) { try ParameterLimit.pairs.check(value, "until.topK") }
        #expect(error.parameter == "until.topK")
        #expect(error.description.contains("from 1 to 100000"))
    }

    @Test func whatSeveralParametersShareIsOneNumberInTheContract() {
        #expect(Classify.Parameters.mostLabels == Classify.Parameters.mostClasses)
        #expect(Classify.Parameters.mostTopK == EmbedText.Parameters.mostTexts)
        for most in [
            EmbedImage.Parameters.mostImages, Similarity.Parameters.mostImages, Similarity.Parameters.mostTexts,
            Classify.Parameters.mostImages, Tokenize.Parameters.mostTexts,
        ] {
            #expect(most == EmbedText.Parameters.mostTexts)
        }
    }

    @Test func aListThatIsTooLongIsRefusedWithWhatToDo() throws {
        try ParameterLimit.items.check(count: 10_000, "texts", "texts")
        let error = try #require(throws: ParameterError.self) {
            try ParameterLimit.items.check(count: 10_001, "texts", "texts")
        }
        #expect(error.description.contains("send the others in further requests"))
    }
}
