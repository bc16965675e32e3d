import JSON

/// What a project or an editor may set. The same names stand in `.fixlip.toml`, under `[tool.fixlip]` of
/// `pyproject.toml`, and in the editors' settings.
package struct LintSettings: Sendable, Equatable {
    /// The model that judges; nil for the daemon's default.
    package var model: String?
    /// Masked images an explanation takes.
    package var budget = 256
    package static let budgets = 8...65_536
    /// Folders that `/images/cat.png` begins at, relative to the file that names them.
    package var roots: [String] = []
    /// Severities that differ from the rules' own; nil inside for rules that are off.
    package var severities: [Rule: Severity?] = [:]
    /// Thresholds that differ from the rules' own, by rule; see ``threshold(of:)``.
    package var thresholds: [Rule: Double] = [:]

    package init() {}

    /// How grave the findings of a rule are; nil where it is off.
    package func severity(of rule: Rule) -> Severity? { severities[rule] ?? rule.defaultSeverity }

    package func isOn(_ rule: Rule) -> Bool { severity(of: rule) != nil }

    /// Whether any rule that is on asks a model.
    package var needsModel: Bool { Rule.allCases.contains { $0.needsModel && isOn($0) } }

    /// The value from which a rule reports: for `word-against-image` the share of the rise that the word takes away,
    /// for `fits-another-image-better` the margin in logits, for `low-match` the standing (in standard deviations of
    /// the neutral captions' scores) below which a match is low.
    package func threshold(of rule: Rule) -> Double { thresholds[rule] ?? Self.defaultThresholds[rule] ?? 0 }

    package static let defaultThresholds: [Rule: Double] = [
        .wordAgainstImage: 0.1, .fitsAnotherImageBetter: 4, .lowMatch: 2,
    ]

    /// Takes over what an object sets. Unknown members are named rather than passed over.
    /// - Parameter unknown: whether members that these settings do not have are an error.
    /// - Throws: ``SettingsError``, and then nothing is taken.
    package mutating func apply(_ json: JSONValue, refusingUnknown unknown: Bool = true) throws(SettingsError) {
        var new = self
        guard let members = json.object else { throw SettingsError("the settings must be a table, not \(json.kind)") }
        for (name, value) in members { try new.set(name, value, unknown) }
        self = new
    }

    private mutating func set(_ name: String, _ value: JSONValue, _ refusesUnknown: Bool) throws(SettingsError) {
        switch name {
        case "model":
            guard let text = value.string else { throw SettingsError("'model' must be a string, not \(value.kind)") }
            model = text.isEmpty ? nil : text
        case "budget":
            guard let count = value.int, Self.budgets.contains(count) else {
                let (least, most) = (Self.budgets.lowerBound, Self.budgets.upperBound)
                throw SettingsError("'budget' must be a whole number of masked images from \(least) to \(most)")
            }
            budget = count
        case "roots":
            let texts = value.array?.compactMap(\.string)
            guard let texts, texts.count == value.array?.count else {
                throw SettingsError("'roots' must be a list of folders")
            }
            roots = texts
        case "rules":
            guard let rules = value.object else { throw SettingsError("'rules' must be a table, not \(value.kind)") }
            for (code, word) in rules {
                severities.updateValue(try Self.severity(word, of: code), forKey: try Self.rule(code))
            }
        case "thresholds":
            guard let list = value.object else {
                throw SettingsError("'thresholds' must be a table, not \(value.kind)")
            }
            for (code, number) in list {
                let rule = try Self.rule(code)
                guard Self.defaultThresholds[rule] != nil else {
                    throw SettingsError("the rule '\(code)' has no threshold")
                }
                guard let number = number.double, number.isFinite else {
                    throw SettingsError("the threshold of '\(code)' must be a number")
                }
                thresholds[rule] = number
            }
        default:
            guard refusesUnknown else { return }
            throw SettingsError("there is no setting '\(name)'; there are model, budget, roots, rules and thresholds")
        }
    }

    private static func rule(_ code: String) throws(SettingsError) -> Rule {
        guard let rule = Rule(code: code) else {
            throw SettingsError(
                "there is no rule '\(code)'; there are \(Rule.allCases.map(\.code).joined(separator: ", "))")
        }
        return rule
    }

    private static func severity(_ value: JSONValue, of code: String) throws(SettingsError) -> Severity? {
        if case .bool(false)? = Optional(value) { return nil }
        guard let word = value.string, word == "off" || Severity(rawValue: word) != nil else {
            throw SettingsError("'\(code)' must be \"off\", \"hint\", \"information\", \"warning\" or \"error\"")
        }
        return Severity(rawValue: word)
    }
}
