/// Kendall's τ-b; nil where one side is constant or a value is not a number.
///
/// Knight's method: ordered by one side, every pair that stands in the wrong order on the other is one exchange of a
/// merge sort ("A computer method for calculating Kendall's tau with ungrouped data", 1966).
/// - Complexity: O(n log n).
func kendallTau(_ a: [Double], _ b: [Double]) -> Double? {
    guard a.count == b.count, a.count >= 2 else { return nil }
    guard !a.contains(where: \.isNaN), !b.contains(where: \.isNaN) else { return nil }
    let order = a.indices.sorted { a[$0] != a[$1] ? a[$0] < a[$1] : b[$0] < b[$1] }
    let tiedA = tiedPairs(order) { a[$0] == a[$1] }
    let tiedBoth = tiedPairs(order) { a[$0] == a[$1] && b[$0] == b[$1] }
    var sorted = order.map { b[$0] }
    let discordant = sortCountingExchanges(&sorted)
    let tiedB = tiedPairs(sorted) { $0 == $1 }
    let all = a.count * (a.count - 1) / 2
    let (pairsA, pairsB) = (all - tiedA, all - tiedB)
    guard pairsA > 0, pairsB > 0 else { return nil }
    let concordance = all - tiedA - tiedB + tiedBoth - 2 * discordant
    return Double(concordance) / (Double(pairsA) * Double(pairsB)).squareRoot()
}

/// Pairs within the runs of elements that are alike.
private func tiedPairs<Element>(_ elements: [Element], areTied: (Element, Element) -> Bool) -> Int {
    var pairs = 0
    var run = 0
    for (element, next) in zip(elements, elements.dropFirst()) {
        run = areTied(element, next) ? run + 1 : 0
        pairs += run
    }
    return pairs
}

/// Sorts by merging runs of growing length.
///
/// - Returns: how many pairs stood in the wrong order.
private func sortCountingExchanges(_ values: inout [Double]) -> Int {
    var exchanges = 0
    var merged = values
    var width = 1
    while width < values.count {
        for start in stride(from: 0, to: values.count, by: 2 * width) {
            let middle = min(start + width, values.count)
            let end = min(start + 2 * width, values.count)
            var (left, right) = (start, middle)
            for position in start..<end {
                if left < middle, right == end || values[left] <= values[right] {
                    merged[position] = values[left]
                    left += 1
                } else {
                    merged[position] = values[right]
                    right += 1
                    exchanges += middle - left
                }
            }
        }
        swap(&values, &merged)
        width *= 2
    }
    return exchanges
}
