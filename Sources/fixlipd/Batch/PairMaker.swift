import JSON

/// Makes pairs from the members of lines: the command line's parameters under the line's own, seeds, and what tells the
/// request from others.
struct PairMaker {
    /// Parameters of `explain` that hold for all pairs.
    let defaults: JSONValue
    /// The model of the command line, as the daemon understands it.
    let model: String?
    /// Members that are not passed on.
    let ignored: Set<String>
    let seedSource: SeedSource
    let seed: Int
    /// Where relative image paths start from.
    let imageFolder: String
    /// What a model computes with; asked once for each name.
    let modelFacts: (String?) -> BatchDaemon.ModelFacts?

    /// Why a line is not a pair.
    struct Failure: Error {
        let reason: String
    }

    func pair(_ object: JSONValue, line number: Int, bytes: Int) throws(Failure) -> Pair {
        guard let members = object.object, let line = try? object.decode(Members.self) else {
            throw Failure(reason: "it is \(object.kind), not an object")
        }
        guard let id = line.id else { throw Failure(reason: "it has no \"id\"") }
        switch id {
        case .string, .integer: break
        default: throw Failure(reason: "its \"id\" is \(id.kind), not a string or an integer")
        }
        guard let image = line.image else { throw Failure(reason: "it has no \"image\"") }
        guard let text = line.text?.string else { throw Failure(reason: "it has no \"text\"") }
        if line.deadlineMilliseconds != nil {
            throw Failure(
                reason: "a deadline would make the result depend on how busy the machine is: give a budget or until")
        }
        for (name, value) in [("progressToken", line.progressToken), ("reproducible", line.reproducible)]
        where value != nil {
            throw Failure(reason: "\"\(name)\" has no place in a batch")
        }
        do throws(PipelineFailure) {
            if let path = image.string ?? Self.path(image) { try checkIsLocal(path) }
        } catch {
            throw Failure(reason: error.message)
        }
        do throws(JSONError) {
            let key = try id.canonicalText()
            let name: String
            if let text = image.string { name = text } else { name = try image.canonicalText() }
            let own = members.filter { $0.key != "id" && !ignored.contains($0.key) }
            let ownModel = own.keys.contains("model") ? line.model?.string.map(modelName) : nil
            var request = defaults.adding(own.map { ($0.key, $0.value) })
            let seeds =
                own.keys.contains("seed")
                ? line.seed
                : seedSource.seeds(base: seed, image: name, text: text, id: id.string ?? key)
            request = request.adding([("seed", seeds)])
            if let model = ownModel { request = request.adding([("model", .string(model))]) }
            request = request.adding([("reproducible", true)])
            let facts = modelFacts(ownModel ?? model).flatMap { try? JSONValue(encoding: $0) } ?? .null
            let content: JSONValue = ["request": request.without(["model"]), "model": facts]
            return Pair(
                line: number, id: id, key: key, image: name, seed: seeds ?? .null,
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
        if let text = Self.path(image) { return image.adding([("path", path(text))]) }
        return image
    }

    private static func path(_ image: JSONValue) -> String? { try? image.decode(ImageMembers.self).path }

    private struct ImageMembers: Decodable {
        let path: String
    }

    /// What a line may have that means something here, of any kind as yet.
    private struct Members: Decodable {
        var id: JSONValue?
        var image: JSONValue?
        var text: JSONValue?
        var seed: JSONValue?
        var model: JSONValue?
        var deadlineMilliseconds: JSONValue?
        var progressToken: JSONValue?
        var reproducible: JSONValue?
    }
}

extension JSONValue {
    /// This object without the member at a path of names.
    func without(_ path: [String]) -> JSONValue {
        guard case .object(var members) = self, let name = path.first else { return self }
        if path.count == 1 {
            members.removeValue(forKey: name)
        } else if let inner = members[name] {
            members[name] = inner.without(Array(path.dropFirst()))
        }
        return .object(members)
    }
}
