import ArgumentParser
import JSON

/// How long the commands that explain go on.
struct RefinementOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "How many masked images to encode; 512 unless a deadline is given.")
    var budget: Int?

    @Option(parsing: .unconditional, help: "Stop after this many seconds.")
    var deadline: Double?

    func validate() throws {
        if let deadline, !(deadline > 0 && deadline <= 86_400) {
            throw ValidationError("--deadline must be above 0 and at most a day, in seconds; it is \(deadline)")
        }
    }

    /// Members of `explanation/refine`; those not given are nil.
    var members: [(String, JSONValue?)] { members(budget: budget) }

    /// The same with another number of image masks.
    func members(budget: Int?) -> [(String, JSONValue?)] {
        [
            ("budget", budget.map { ["imageMasks": .integer(Int64($0))] }),
            ("deadlineMilliseconds", deadline.map { .real($0 * 1000) }),
        ]
    }
}

extension JSONValue {
    /// Parameters about an image and a caption, as a shell names them: paths start at the working folder.
    static func match(image: String, text: String, model: String?) throws(PipelineFailure) -> JSONValue {
        JSONValue.object(["image": .string(try imagePath(image)), "text": .string(text)])
            .adding([("model", model.map { .string(modelName($0)) })])
    }
}
