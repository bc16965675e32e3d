import Tensors

extension LoadedModel {
    /// What the text tower needs of a text, computed once for all of its masks.
    ///
    /// - Parameters:
    ///   - ids: the token ids with special tokens, padded to ``textPositions`` where the family's texts are.
    ///   - players: the positions that can be absent, ascending.
    /// - Throws: ``EncodeError/ids(reason:)``, ``EncodeError/weights(reason:)``, ``EncodeError/compute(reason:)``.
    package func prepare(ids: [Int], players: [Int]) throws(EncodeError) -> PreparedText {
        guard !ids.isEmpty, ids.count <= textPositions else {
            throw .ids(reason: "a text of \(ids.count) tokens was given; 1 to \(textPositions) are possible")
        }
        if family.text.isPadded, ids.count != textPositions {
            throw .ids(reason: "a text of \(ids.count) tokens was given; it must be padded to \(textPositions)")
        }
        if let id = ids.first(where: { !(0..<vocabulary).contains($0) }) {
            throw .ids(reason: "token id \(id) is not in the model's vocabulary of \(vocabulary)")
        }
        var playerOfPosition = [Int](repeating: -1, count: ids.count)
        for (player, position) in players.enumerated() {
            guard ids.indices.contains(position), playerOfPosition[position] < 0 else {
                throw .ids(
                    reason:
                        "player \(player) has position \(position), which is not a position of its own among \(ids.count)"
                )
            }
            playerOfPosition[position] = player
        }
        let pooled = family.text.pooledPosition(ids)
        guard playerOfPosition[pooled] < 0 else {
            throw .ids(reason: "position \(pooled) is pooled into the embedding, so it cannot be a player")
        }
        let context: ComputeContext
        do {
            context = try ComputeContext()
        } catch {
            throw .compute(reason: error.description)
        }
        context.useCallingThreadOnly()
        // Under causal attention what follows the pooled token changes nothing.
        let end = family.text.attention == .causal ? pooled : ids.count - 1
        return PreparedText(
            states: try textEmbedding(context, ids: Array(ids[...end])), ids: Array(ids[...end]), pooled: pooled,
            playerOfPosition: Array(playerOfPosition[...end]), players: players.count)
    }

    /// Embeds masked texts, which may be masks of several texts. Absent tokens are removed; the others keep their
    /// positions.
    ///
    /// An item's embedding does not depend on the other items of the call. Under causal attention masks of one text
    /// share the states of the beginnings they have in common, so many masks in one call cost less than each on its
    /// own.
    /// - Parameters:
    ///   - result: `[items, dimension]`.
    ///   - normalize: whether embeddings are divided by their Euclidean length.
    /// - Throws: ``EncodeError``.
    package func encodeTexts(
        _ items: [TextItem], into result: UnsafeMutableBufferPointer<Float>, workspace: EncoderWorkspace,
        normalize: Bool = true
    ) throws(EncodeError) {
        guard result.count == items.count * dimension else {
            throw .resultCount(found: result.count, expected: items.count * dimension)
        }
        for (index, item) in items.enumerated() {
            if let presence = item.presence, presence.count != item.text.players {
                throw .presenceCount(item: index, found: presence.count, expected: item.text.players)
            }
        }
        workspace.context.useCallingThreadOnly()
        let precise = items.indices.filter { maskText == nil || items[$0].precise || items[$0].presence == nil }
        let coarse = items.indices.filter { !(maskText == nil || items[$0].precise || items[$0].presence == nil) }
        do {
            for (tower, chosen) in [(text, precise), (maskText ?? text, coarse)] where !chosen.isEmpty {
                switch family.text.attention {
                case .causal: try encodeCausal(items, alikeTogether(items, chosen), tower, workspace, result, normalize)
                case .full: try encodeBidirectional(items, chosen, tower, workspace, result, normalize)
                }
            }
        } catch {
            throw EncodeError(error)
        }
    }

    private func encodeBidirectional(
        _ items: [TextItem], _ chosen: [Int], _ tower: TextTower, _ workspace: EncoderWorkspace,
        _ result: UnsafeMutableBufferPointer<Float>, _ normalize: Bool
    ) throws(TensorError) {
        let buffers = workspace.textBuffers(tower.format)
        var next = 0
        while next < chosen.count {
            let start = next
            var rows = 0
            workspace.sequences.removeAll(keepingCapacity: true)
            workspace.ends.removeAll(keepingCapacity: true)
            while next < chosen.count, workspace.sequences.count < buffers.pooled.capacity {
                let item = items[chosen[next]]
                let first = rows
                guard rows + item.text.states.tokens <= buffers.capacity else { break }
                for position in 0..<item.text.states.tokens where item.isPresent(position) {
                    item.text.states.place(position, in: buffers, row: rows)
                    if position == item.text.pooled { workspace.ends.append(rows) }
                    rows += 1
                }
                workspace.sequences.append(TokenSequence(firstRow: first, count: rows - first))
                next += 1
            }
            let embeddings = try tower.encode(
                workspace.context, buffers, workspace.sequences, ends: workspace.ends,
                rows: EncoderWorkspace.rounded(rows))
            for index in start..<next {
                copyEmbedding(index - start, of: embeddings, to: chosen[index], in: result, normalize: normalize)
            }
        }
    }

    /// The chosen items in an order that brings common beginnings into the same micro-batch.
    private func alikeTogether(_ items: [TextItem], _ chosen: [Int]) -> [Int] {
        chosen.sorted { left, right in
            let a = items[left]
            let b = items[right]
            if a.text.ids != b.text.ids { return a.text.ids.lexicographicallyPrecedes(b.text.ids) }
            guard let x = a.presence, let y = b.presence else { return a.presence == nil && b.presence != nil }
            return x.lexicographicallyPrecedes(y)
        }
    }

    private func encodeCausal(
        _ items: [TextItem], _ chosen: [Int], _ tower: TextTower, _ workspace: EncoderWorkspace,
        _ result: UnsafeMutableBufferPointer<Float>, _ normalize: Bool
    ) throws(TensorError) {
        let buffers = workspace.textBuffers(tower.format)
        var next = 0
        while next < chosen.count {
            let start = next
            workspace.tree.removeAll()
            workspace.ends.removeAll(keepingCapacity: true)
            while next < chosen.count, workspace.tree.nodes + items[chosen[next]].text.states.tokens <= buffers.capacity
            {
                let item = items[chosen[next]]
                var end: Int?
                for position in 0...item.text.pooled where item.isPresent(position) {
                    let (row, added) = workspace.tree.node(after: end, position: position, id: item.text.ids[position])
                    if added {
                        item.text.states.place(position, in: buffers, row: row)
                    }
                    end = row
                }
                workspace.ends.append(end ?? 0)
                next += 1
            }
            let embeddings = try tower.encode(
                workspace.context, buffers, workspace.tree, ends: workspace.ends,
                rows: EncoderWorkspace.rounded(workspace.tree.nodes))
            for index in start..<next {
                copyEmbedding(index - start, of: embeddings, to: chosen[index], in: result, normalize: normalize)
            }
        }
    }
}

extension TextItem {
    /// Whether the token at a position takes part.
    func isPresent(_ position: Int) -> Bool {
        guard let presence else { return true }
        let player = text.playerOfPosition[position]
        return player < 0 || presence[player] != 0
    }
}
