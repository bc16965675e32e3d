/// Looks some pairs ahead and hands them out image by image, so that masks are shared while they are warm.
struct PairWindow {
    /// The most pairs that are looked at together, and the most bytes of them.
    let size: Int
    private static let bytes = 64 << 20
    private var ordered: ArraySlice<Pair> = []

    var isEmpty: Bool { ordered.isEmpty }

    init(size: Int) { self.size = max(1, size) }

    /// The next pair, in the order of images first seen.
    /// - Parameters:
    ///   - mayWait: whether a slow input is waited for; while there are pairs it never is.
    ///   - read: the next pair of the input; nil at its end, and where it would have to be waited for and may not.
    mutating func next(mayWait: Bool, _ read: (_ mayWait: Bool) throws -> Pair?) rethrows -> Pair? {
        if ordered.isEmpty {
            var groups: [String: Int] = [:]
            var byImage: [[Pair]] = []
            var count = 0
            var bytes = 0
            while count < size, bytes < Self.bytes, let pair = try read(mayWait && count == 0) {
                count += 1
                bytes += pair.bytes
                if let group = groups[pair.image] {
                    byImage[group].append(pair)
                } else {
                    groups[pair.image] = byImage.count
                    byImage.append([pair])
                }
            }
            ordered = Array(byImage.joined())[...]
        }
        return ordered.popFirst()
    }
}
