import ArgumentParser
import JSON

/// Which pairs of players a result carries, as the command line says it.
struct PairSelectionArgument: ExpressibleByArgument {
    let json: JSONValue

    init?(argument: String) {
        switch argument {
        case "all", "crossModal", "none": json = .string(argument)
        default:
            guard argument.hasPrefix("top:"), let count = Int64(argument.dropFirst(4)), count >= 0 else { return nil }
            json = ["top": .integer(count)]
        }
    }

    static var allValueStrings: [String] { ["all", "crossModal", "none", "top:50"] }
}
