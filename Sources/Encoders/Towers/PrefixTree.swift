/// The token sequences of a micro-batch of masked texts, with shared beginnings stored once.
///
/// Under causal attention a token's states depend on the tokens up to it only. Two masks of one text that agree up to a
/// token therefore share its states, and so do two texts that begin alike: each node is a row of the tower, and attends
/// to the nodes from the root down to it.
struct PrefixTree {
    /// For each node, the range of `chains` that lists the nodes from the root down to it.
    private(set) var chainOf: [Range<Int>] = []
    private(set) var chains: [Int32] = []
    private var children: [Step: Int] = [:]

    private struct Step: Hashable {
        /// The parent's row, or −1 for a root.
        let parent: Int
        let position: Int
        let id: Int
    }

    var nodes: Int { chainOf.count }

    mutating func removeAll() {
        chainOf.removeAll(keepingCapacity: true)
        chains.removeAll(keepingCapacity: true)
        children.removeAll(keepingCapacity: true)
    }

    /// The chain of a node, as rows.
    func chain(_ node: Int) -> ArraySlice<Int32> { chains[chainOf[node]] }

    /// The node for token `id` at `position` after `parent` (nil: at the beginning), and whether it was added.
    mutating func node(after parent: Int?, position: Int, id: Int) -> (row: Int, added: Bool) {
        let step = Step(parent: parent ?? -1, position: position, id: id)
        if let known = children[step] { return (known, false) }
        let row = nodes
        let start = chains.count
        if let parent {
            for index in chainOf[parent] { chains.append(chains[index]) }
        }
        chains.append(Int32(row))
        chainOf.append(start..<chains.count)
        children[step] = row
        return (row, true)
    }
}
