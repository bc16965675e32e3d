import ArgumentParser
import FIxLIPProtocol

/// Options of the commands that explain: parameters of `explanation/open` beside the image, the text and the model.
struct ExplanationOptions: ParsableArguments {
    @Option(help: "banzhaf or shapley.")
    var index: IndexChoice?

    @Option(parsing: .unconditional, help: "The Banzhaf parameter, between 0 and 1 (0.5).")
    var p: Double?

    @Option(parsing: .unconditional, help: "1: single patches and words; 2: their pairs as well (2).")
    var order: Int?

    @Option(help: "ridge or leastSquares.")
    var estimator: EstimatorChoice?

    @Option(help: "crossed: every masked image meets every masked caption; joint: each is drawn with one (crossed).")
    var sampling: SamplingChoice?

    @Flag(inversion: .prefixedNo, help: "Follow each mask by its complement, or do not.")
    var paired: Bool?

    @Option(help: "What stands for an absent patch: mean or drop.")
    var masking: MaskingChoice?

    @Flag(help: "Tokens as players instead of whole words.")
    var tokens = false

    @Option(help: ArgumentHelp("Image players on a coarser grid, such as 4x4.", valueName: "rows x columns"))
    var grid: GridShape?

    @Option(
        help: ArgumentHelp(
            "Image players that are regions: a file with a label 0, 1, … for every patch, rows from the top, separated by blanks, "
                + "line ends or commas.", valueName: "file"), completion: .file())
    var regions: String?

    @Option(parsing: .unconditional, help: "Seed of the masks.")
    var seed: Int?

    @Option(
        help: "What is expected of an image before its masks: learnt, pass, or a learnt map by its name (learnt).")
    var prior: String?

    func validate() throws {
        if let seed, UInt32(exactly: seed) == nil {
            throw ValidationError("--seed must be a whole number from 0 to \(UInt32.max); it is \(seed)")
        }
        if grid != nil, regions != nil { throw ValidationError("give --grid or --regions, not both") }
    }

    /// Parameters of `explanation/open`.
    /// - Throws: `PipelineFailure` for an image on the net; what is wrong with `--regions`.
    func parameters(image: String, text: String, model: ModelOptions) throws -> ExplanationOpen.Parameters {
        var parameters = try parameters(model: model)
        parameters.image = ImageInput(.text(try imagePath(image)))
        parameters.text = text
        return parameters
    }

    /// The same, with an image and a text that are still to come.
    func parameters(model: ModelOptions) throws -> ExplanationOpen.Parameters {
        ExplanationOpen.Parameters(
            model: model.name, image: ImageInput(.text("")), text: "", index: index, p: p, order: order,
            masking: masking,
            players: try players(), estimator: estimator,
            seed: seed.flatMap { UInt32(exactly: $0) }.map { Seeds(image: $0, text: $0) }, sampling: sampling,
            paired: paired, prior: prior)
    }

    /// Parameters of other inputs than an image and a text; players are chosen for those there are.
    func parameters(
        image: String?, image2: String?, text: String?, text2: String?, target: Target?, model: ModelOptions
    ) throws -> ExplanationOpen.Parameters {
        var parameters = try parameters(model: model)
        parameters.image = try image.map { ImageInput(.text(try imagePath($0))) }
        parameters.image2 = try image2.map { ImageInput(.text(try imagePath($0))) }
        (parameters.text, parameters.text2, parameters.target) = (text, text2, target)
        let given = parameters.players
        let players = PlayersChoice(
            image: image == nil ? nil : given?.image, text: text == nil ? nil : given?.text,
            image2: image2 == nil ? nil : given?.image, text2: text2 == nil ? nil : given?.text)
        parameters.players = players == PlayersChoice() ? nil : players
        return parameters
    }

    private func players() throws -> PlayersChoice? {
        let image =
            try regions.map { ImagePlayersChoice(regions: try Self.labels(in: $0)) }
            ?? grid.map { ImagePlayersChoice(grid: $0) }
        guard tokens || image != nil else { return nil }
        return PlayersChoice(image: image, text: tokens ? .tokens : nil)
    }

    private static func labels(in file: String) throws -> [Int] {
        let text = String(decoding: try contents(of: file), as: UTF8.self)
        return try text.split { $0.isWhitespace || $0 == "," }.map { word in
            guard let label = Int(word), label >= 0 else {
                throw ValidationError(
                    "--regions \(file): a label must be a whole number from 0, not \"\(word.prefix(40))\"")
            }
            return label
        }
    }
}

extension IndexChoice: ExpressibleByArgument {}
extension EstimatorChoice: ExpressibleByArgument {}
extension SamplingChoice: ExpressibleByArgument {}
extension MaskingChoice: ExpressibleByArgument {}

extension GridShape: ExpressibleByArgument {
    /// `4x6`: rows, then columns.
    package init?(argument: String) {
        let numbers = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let rows = numbers[0], let columns = numbers[1] else { return nil }
        self.init(rows: rows, columns: columns)
    }
}
