import Daemon
import JSONRPC
import TestSupport
import Testing

/// What a free thread takes, decided without threads or models.
@Suite(.timeLimit(.minutes(10))) struct EncodeQueueTests {
    private static let microBatch = 8

    private func ticket(
        _ number: Int, _ count: Int, client: UInt64? = nil, urgency: Urgency = .interactive,
        modality: EncodeQueue.Modality = .image, following: Int = 0
    ) -> EncodeQueue.Ticket {
        EncodeQueue.Ticket(
            number: number, kind: .init(model: 1, modality: modality, urgency: urgency),
            client: client.map { ConnectionID($0) }, count: count, following: following,
            imageMicroBatch: Self.microBatch)
    }

    /// The orders of the micro-batches that a queue gives, until it is empty.
    private func drain(_ queue: inout EncodeQueue, from time: Double = 100) -> [[EncodeQueue.Share]] {
        var result: [[EncodeQueue.Share]] = []
        var time = time
        while case .take(let shares) = queue.take(at: time) {
            result.append(shares)
            time += 0.01
        }
        return result
    }

    @Test("every item of every order is taken once, in its order, and no micro-batch mixes kinds", arguments: 0..<50)
    func everyItemOnce(seed: UInt64) {
        var numbers = SeededGenerator(seed: seed)
        var queue = EncodeQueue(threads: Int.random(in: 1...4, using: &numbers))
        var kinds: [Int: EncodeQueue.Kind] = [:]
        var left: [Int: Int] = [:]
        var next: [Int: Int] = [:]
        var time = 0.0
        var number = 0
        while number < 40 || left.values.contains(where: { $0 > 0 }) {
            time += 0.003
            if number < 40, Bool.random(using: &numbers) {
                let kind = EncodeQueue.Kind(
                    model: Int.random(in: 1...2, using: &numbers),
                    modality: Bool.random(using: &numbers) ? .image : .text,
                    urgency: Bool.random(using: &numbers) ? .interactive : .refinement)
                let count = Int.random(in: 1...600, using: &numbers)
                number += 1
                kinds[number] = kind
                left[number] = count
                queue.add(
                    .init(
                        number: number, kind: kind, client: ConnectionID(.random(in: 1...3, using: &numbers)),
                        count: count, imageMicroBatch: Self.microBatch), at: time)
            }
            guard case .take(let shares) = queue.take(at: time) else { continue }
            #expect(Set(shares.compactMap { kinds[$0.order] }).count == 1)
            for share in shares {
                #expect(share.range.lowerBound == next[share.order, default: 0])
                next[share.order] = share.range.upperBound
                left[share.order, default: 0] -= share.range.count
                #expect(queue.holds(share.order) == (left[share.order, default: 0] > 0))
            }
        }
        #expect(left.values.allSatisfy { $0 == 0 })
        #expect(queue.waiting == (0, 0))
    }

    @Test(
        "however much refinements ask for and however long they have gone on, a small request is in the second micro-batch at the latest",
        arguments: 0..<20)
    func smallRequestGoesNext(before: Int) {
        for modality in [EncodeQueue.Modality.image, .text] {
            var queue = EncodeQueue(threads: 2)
            for client: UInt64 in 1...3 {
                queue.add(ticket(Int(client), 10_000, client: client, urgency: .refinement), at: 0)
            }
            for step in 0..<before { _ = queue.take(at: Double(step)) }
            queue.add(ticket(9, 1, client: 9, modality: modality), at: 100)
            let orders = (0..<2).flatMap { step -> [Int] in
                guard case .take(let shares) = queue.take(at: 100 + Double(step)) else { return [] }
                return shares.map(\.order)
            }
            #expect(orders.contains(9))
        }
    }

    @Test("refinements get one micro-batch in eight while requests wait, and all of them when none do")
    func refinementsGoOn() {
        var queue = EncodeQueue(threads: 1)
        queue.add(ticket(1, 80, client: 1, urgency: .refinement), at: 0)
        queue.add(ticket(2, 8 * 14, client: 2), at: 0)
        let batches = drain(&queue)
        #expect(batches.count == 24)
        #expect(batches.indices.filter { batches[$0][0].order == 1 } == [7, 15] + Array(16..<24))
    }

    @Test("what is taken back is not taken")
    func removal() {
        var queue = EncodeQueue(threads: 1)
        queue.add(ticket(1, 20), at: 0)
        queue.add(ticket(2, 4), at: 0)
        queue.remove(1)
        #expect(drain(&queue) == [[.init(order: 2, range: 0..<4)]])
    }

    @Test("few images wait for those being decoded, for a moment only and never in front of a full micro-batch")
    func gathering() {
        var queue = EncodeQueue(threads: 1)
        queue.add(ticket(1, 1), at: 50)
        queue.prepare(3, for: 1)
        #expect(queue.take(at: 50.001) == .gather(until: 50.025))
        #expect(queue.take(at: 50.025) == .take([.init(order: 1, range: 0..<1)]))
        queue.add(ticket(2, 8), at: 60)
        #expect(queue.take(at: 60) == .take([.init(order: 2, range: 0..<8)]))
        queue.add(ticket(3, 1), at: 70)
        queue.prepare(-3, for: 1)
        #expect(queue.take(at: 70) == .take([.init(order: 3, range: 0..<1)]))
    }
}
