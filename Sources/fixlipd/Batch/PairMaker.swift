import JSON

/// Makes pairs from the members of lines: the command line's parameters under the line's own, seeds, and what tells the
/// request from others.
struct PairMaker {
    /// Parameters of `explain` that hold for all pairs.
    let defaults: JSONValue
    /// Members that are not passed on.
    let ignored: Set<String>
    let seedSource: SeedSource
    let seed: Int
    /// Where relative image paths start from.
    let imageFolder: String
    /// What a model computes with; asked once for each name.
    let modelFacts: (String?) -> JSONValue

    /// Why a line is not a pair.
    struct Failure: Error {
        let reason: String
    }

    func pair(_ object: JSONValue, line: Int, bytes: Int) throws(Failure) -> Pair {
        guard let members = object.object else { throw Failure(reason: "it is \(object.kind), not an object") }
        guard let id = members["id"] else { throw Failure(reason: "it has no \"id\"") }
        switch id {
        case .string, .integer: break
        default: throw Failure(reason: "its \"id\" is \(id.kind), not a string or an integer")
        }
        guard let image = members["image"] else { throw Failure(reason: "it has no \"image\"") }
        guard let text = members["text"]?.string else { throw Failure(reason: "it has no \"text\"") }
        if members["deadlineMilliseconds"] != nil {
            throw Failure(
                reason: "a deadline would make the result depend on how busy the machine is: give a budget or until")
        }
        for name in ["progressToken", "reproducible"] where members[name] != nil {
            throw Failure(reason: "\"\(name)\" has no place in a batch")
        }
        do throws(PipelineFailure) {
            if let path = image.string ?? image["path"]?.string { try checkIsLocal(path) }
        } catch {
            throw Failure(reason: error.message)
        }
        do throws(JSONError) {
            let key = try id.canonicalText()
            let name: String
            if let text = image.string { name = text } else { name = try image.canonicalText() }
            let own = members.filter { $0.key != "id" && !ignored.contains($0.key) }
            var request = defaults.adding(own.map { ($0.key, $0.value) })
            if own["seed"] == nil {
                request = request.adding([
                    ("seed", seedSource.seeds(base: seed, image: name, text: text, id: id.string ?? key))
                ])
            }
            if let model = own["model"]?.string { request = request.adding([("model", .string(modelName(model)))]) }
            request = request.adding([("reproducible", true)])
            let facts = modelFacts(request["model"]?.string)
            let content: JSONValue = ["request": request.without("model"), "model": facts]
            return Pair(
                line: line, id: id, key: key, image: name,
                request: request.adding([("image", located(image))]), given: Set(own.keys),
                digest: String(digest(try content.canonicalText()).prefix(16)), bytes: bytes)
        } catch {
            throw Failure(reason: "\(error)")
        }
    }

    /// The image as the daemon finds it, whose working folder is another.
    private func located(_ image: JSONValue) -> JSONValue {
        func path(_ text: String) -> JSONValue {
            if text.contains("://") || text.hasPrefix("data:") { return .string(text) }
            return .string(FileName(imageFolder).file(text).absolute)
        }
        if let text = image.string { return path(text) }
        if let text = image["path"]?.string { return image.adding([("path", path(text))]) }
        return image
    }
}

extension JSONValue {
    /// This object without the member `name`.
    func without(_ name: String) -> JSONValue {
        guard case .object(var members) = self else { return self }
        members.removeValue(forKey: name)
        return .object(members)
    }
}
