extension Picture {
    /// A part of the pair that has a name: a word with the patches it has its meaning from, alone or left out.
    package struct Subset: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// The word and its patches are all that is shown.
            case only
            /// They are all that is not shown.
            case without
        }

        package var kind: Kind
        /// The text player it is named after.
        package var word: Int
        /// Who is present, ascending.
        package var players: [Int]
        /// The value that the estimate predicts, in logits.
        package var predicted: Double
        /// The model's own value, where it was asked.
        package var modelValue: Double?
    }

    /// The strongest words with their patches, each alone and left out; none where no word has patches of its own. The
    /// model's values are left open.
    package func namedSubsets() -> [Subset] {
        let (joined, players) = joiningSharedCharacters()
        return WordRegion.strongest(in: joined).flatMap { region -> [Subset] in
            let inside = Set(region.patches + [region.word])
            let members = (0..<playerCount).filter { inside.contains(players[$0]) }
            let others = (0..<playerCount).filter { !inside.contains(players[$0]) }
            guard let word = members.last else { return [] }
            return [
                Subset(kind: .only, word: word, players: members, predicted: predict(members)),
                Subset(kind: .without, word: word, players: others, predicted: predict(others)),
            ]
        }
    }

    /// v₀ + a_∅ + Σ a_S over the sets within `players`.
    private func predict(_ players: [Int]) -> Double {
        var value = similarity.emptyValue + estimate.baseline
        for (place, player) in players.enumerated() {
            value += Measured(estimate.first[player]).value
            for other in players[..<place] { value += pair(other, player).value }
        }
        return value
    }
}

extension Report {
    /// A subset, or one of the two ends, as it is listed.
    struct SubsetRow: Sendable, Equatable {
        var name: String
        var predicted: Double
        var modelValue: Double?
    }

    /// Nothing and all, then the named subsets; empty in views of one player.
    var subsetRows: [SubsetRow] {
        guard view == .overview else { return [] }
        let similarity = picture.similarity
        return [
            SubsetRow(name: "nothing shown", predicted: predictedEnds.empty, modelValue: similarity.emptyValue),
            SubsetRow(name: "all shown", predicted: predictedEnds.full, modelValue: similarity.fullValue),
        ]
            + subsets.map { subset in
                SubsetRow(
                    name:
                        "\(subset.kind == .only ? "only" : "without") \(picture.longName(subset.word)) + patches",
                    predicted: subset.predicted, modelValue: subset.modelValue)
            }
    }
}
