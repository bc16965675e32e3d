import Encoders
import Interactions

/// Lets finished explanations teach what is expected of images that come later (``LearntMaps``).
package struct Learning: Sendable {
    let maps: LearntMaps
    let threads: WorkThreads

    /// Fewer masks say little of single patches.
    static let leastMasks = 64

    /// Learns from the images of an explanation whose patches are the players of a Banzhaf game at p = 0.5, each image
    /// once.
    ///
    /// What an image shows does not depend on the caption, so any explanation of it will do. It fails silently: nobody
    /// waits for what is learnt.
    func learn(from explanation: Explanation, masks: Int) async {
        let settings = explanation.settings
        guard masks >= Self.leastMasks, settings.index == .banzhaf, settings.p == 0.5, settings.order == 2,
            settings.estimator == .ridge, settings.sampling == .crossed
        else { return }
        for input in explanation.inputs {
            guard let image = input.image, image.players.count == image.players.playerOfPatch.count,
                let key = input.game.key.learntMap, let number = UInt64(input.game.key.digest.prefix(16), radix: 16),
                !maps.knows(number, key), let states = try? await input.game.patchStates({ nil })
            else { continue }
            let samples = await input.game.samples
            guard let row = samples.row(of: Coalition(full: input.players)),
                let expansion = try? await input.game.expansion(
                    input.plan, masks: masks, p: settings.p, order: settings.order, standardErrors: false,
                    prior: input.prior, on: threads)
            else { continue }
            let prior = PatchPrior(states: states.values, whole: Array(samples.embedding(row: row)))
            // A patch is present in half of the masks, and is told from others by about as many as there are players.
            let weight = Double(masks) / Double(masks + input.players)
            _ = try? await maps.learn(
                key, image: number, prior, coefficients: expansion.coefficients, weight: weight)
        }
    }
}
