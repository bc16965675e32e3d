import FIxLIPProtocol
import Interactions

extension Services {
    /// Opens an explanation whose values come from a file.
    /// - Throws: `ParameterError` on `content` where the file is not of this image's and caption's players.
    func importExplanation(_ parameters: ExplanationImport.Parameters) async throws -> Explanation {
        let file = try ShapiqInteractionValues(parsing: parameters.content)
        let isShapley = file.index == "FSII" || file.index == "SV"
        let explanation = try await open(
            parameters.open(index: isShapley ? .shapley : .banzhaf, order: min(max(file.maxOrder, 1), 2)))
        do {
            let (image, text) = (explanation.players.image.count, explanation.players.text.count)
            guard file.players == image + text else {
                throw ParameterError(
                    "content",
                    "has \(file.players) players; this image and caption have \(image) + \(text). "
                        + "Give the model and the players that the file was made with")
            }
            do throws(InteractionError) {
                await explanation.adopt(try file.interactionValues(imagePlayers: image, p: explanation.settings.p))
            } catch {
                throw ParameterError("content", "cannot be read as an explanation: \(error)")
            }
            return explanation
        } catch {
            try? await explanations.close(explanation.id)
            throw error
        }
    }
}
