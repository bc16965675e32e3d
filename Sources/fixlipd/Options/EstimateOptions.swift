import ArgumentParser
import FIxLIPProtocol

/// Which values of an estimate a result carries, and how they are written.
struct EstimateOptions: ParsableArguments {
    @Option(help: "Which pairs of players a result carries: all, crossModal, none or top:K.")
    var pairs: PairSelection?

    @Option(help: "float or base64 (of little-endian 32-bit floats).")
    var encoding: FloatEncoding?

    @Flag(name: .customLong("standard-errors"), help: "Add standard errors.")
    var standardErrors = false

    var layout: EstimateLayout {
        EstimateLayout(pairs: pairs, standardErrors: standardErrors ? true : nil, encoding: encoding)
    }
}

extension FloatEncoding: ExpressibleByArgument {}

extension PairSelection: ExpressibleByArgument {
    package init?(argument: String) {
        switch argument {
        case "all": self = .all
        case "crossModal": self = .crossModal
        case "none": self = .none
        default:
            guard argument.hasPrefix("top:"), let count = Int(argument.dropFirst(4)), count >= 0 else { return nil }
            self = .top(count)
        }
    }

    package static var allValueStrings: [String] { ["all", "crossModal", "none", "top:50"] }
}
