import FIxLIPProtocol

extension ClassPrompts {
    /// The classes that a request names, by their prompts or as labels that templates are filled with.
    ///
    /// - Throws: `ParameterError`.
    static func list(_ parameters: Classify.Parameters) throws(ParameterError) -> [ClassPrompts] {
        switch (parameters.classes, parameters.labels) {
        case (let classes?, nil):
            guard parameters.templates == nil else {
                throw ParameterError("templates", "go with \"labels\"; classes have prompts of their own")
            }
            let prompts = classes.map { ClassPrompts($0) }
            try check(prompts, "classes")
            return prompts
        case (nil, let labels?):
            let templates: [String] =
                switch parameters.templates {
                case nil: ["{}"]
                case .clip?: shortList
                case .own(let templates)?: templates
                }
            guard !templates.isEmpty else { throw ParameterError("templates", "must not be empty") }
            if let wrong = templates.firstIndex(where: { !$0.contains("{}") }) {
                throw ParameterError("templates[\(wrong)]", "must have {} where the label stands")
            }
            // Before any prompt is made.
            try check(
                labels.map { ClassPrompts(name: $0, prompts: templates) }, "labels")
            return labels.map { label in
                ClassPrompts(
                    name: label, prompts: templates.map { $0.replacing("{}", with: label) })
            }
        default: throw ParameterError("classes", "or \"labels\" must be given, and not both")
        }
    }

    /// The seven prompts that CLIP's authors found to do nearly as well as all eighty (the notebook
    /// "Prompt_Engineering_for_ImageNet" of the openai/CLIP repository).
    private static let shortList = [
        "itap of a {}.", "a bad photo of the {}.", "a origami {}.", "a photo of the large {}.",
        "a {} in a video game.", "art of the {}.", "a photo of the small {}.",
    ]
}
