import JSON

extension JSONValue {
    /// An object with more members; those it has already are replaced.
    func adding(_ more: [String: JSONValue]) -> JSONValue {
        guard case .object(var members) = self else { return self }
        for (key, value) in more { members[key] = value }
        return .object(members)
    }
}
