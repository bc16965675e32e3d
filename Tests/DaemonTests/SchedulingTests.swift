import Daemon
import TestSupport
import Testing

/// What the encoding threads take next.
@Suite(.timeLimit(.minutes(10))) struct SchedulingTests {
    typealias Part = HeldScheduler.Part

    @Test func ordersOfSeveralClientsShareAMicroBatch() async throws {
        let held = try await HeldScheduler()
        var orders = [try held.submit(images: 1, client: 1)]
        try await held.waitUntilQueued(1)
        orders.append(try held.submit(images: 2, client: 2))
        try await held.waitUntilQueued(3)
        #expect(try await held.release(orders) == [[Part(client: 1, items: 1), Part(client: 2, items: 2)]])
    }

    @Test func imagesAndTextsAreNotMixed() async throws {
        let held = try await HeldScheduler()
        var orders = [try held.submit(images: 1, client: 1)]
        try await held.waitUntilQueued(1)
        orders.append(try held.submit(texts: 1, client: 2))
        try await held.waitUntilQueued(2)
        orders.append(try held.submit(images: 1, client: 3))
        try await held.waitUntilQueued(3)
        #expect(
            try await held.release(orders) == [
                [Part(client: 1, items: 1), Part(client: 3, items: 1)], [Part(client: 2, items: 1)],
            ])
    }

    @Test func aSmallRequestOvertakesALargeOne() async throws {
        let held = try await HeldScheduler()
        let full = held.model.loaded.imageMicroBatch
        let large = try held.submit(images: 2 * full, client: 1)
        try await held.waitUntilQueued(2 * full)
        let small = try held.submit(images: 1, client: 1)
        try await held.waitUntilQueued(2 * full + 1)
        let batches = try await held.release([large, small])
        #expect(batches.first?.first == Part(client: 1, items: 1))
    }

    @Test func aPartOfALargeRequestIsLarge() async throws {
        let held = try await HeldScheduler()
        let part = try held.submit(images: 1, client: 1, requestSize: 1000)
        try await held.waitUntilQueued(1)
        let small = try held.submit(images: 2, client: 1)
        try await held.waitUntilQueued(3)
        #expect(try await held.release([part, small]) == [[Part(client: 1, items: 2), Part(client: 1, items: 1)]])
    }

    @Test func aLargeRequestDoesNotWaitForEver() async throws {
        let held = try await HeldScheduler()
        let large = try held.submit(images: 20, client: 1)
        try await held.waitUntilQueued(20)
        held.setTime(200)
        let small = try held.submit(images: 1, client: 1)
        try await held.waitUntilQueued(21)
        #expect(try await held.release([large, small]).first?.first?.items != 1)
    }

    /// As when its client cancels it or goes away.
    @Test(arguments: [Urgency.interactive, .refinement])
    func aCancelledOrderEndsWithTheMicroBatchInHand(_ urgency: Urgency) async throws {
        let held = try await HeldScheduler(holds: 2)
        let full = held.model.loaded.imageMicroBatch
        let cancelled = try held.submit(images: 3 * full, client: 1, urgency: urgency)
        try await held.waitUntilQueued(3 * full)
        try await held.goOn()
        cancelled.cancel()
        let other = try held.submit(images: 1, client: 2)
        try await held.waitUntilQueued(1)
        #expect(
            try await held.release([cancelled, other]) == [[Part(client: 1, items: full)], [Part(client: 2, items: 1)]])
        #expect(
            try await cancelled.value.finished == [true, false, false].flatMap { Array(repeating: $0, count: full) })
    }

    @Test func aClientWithManyRequestsLeavesOthersTheirTurn() async throws {
        let held = try await HeldScheduler()
        let full = held.model.loaded.imageMicroBatch
        var orders: [Task<EncodedRows, any Error>] = []
        for index in 1...20 {
            orders.append(try held.submit(images: full, client: 1))
            try await held.waitUntilQueued(index * full)
        }
        orders.append(try held.submit(images: full, client: 2))
        try await held.waitUntilQueued(21 * full)
        let batches = try await held.release(orders)
        #expect(batches.prefix(3).map { $0.map(\.client) } == [[1], [2], [1]])
    }

    @Test func twoClientsWithManyRequestsAlternate() async throws {
        let held = try await HeldScheduler()
        let full = held.model.loaded.imageMicroBatch
        var orders: [Task<EncodedRows, any Error>] = []
        for client: UInt64 in [1, 1, 1, 1, 2, 2, 2, 2] {
            orders.append(try held.submit(images: full, client: client))
            try await held.waitUntilQueued(orders.count * full)
        }
        let batches = try await held.release(orders)
        #expect(batches.map { $0.map(\.client) } == [[1], [2], [1], [2], [1], [2], [1], [2]])
    }

    @Test func clientsWithManySmallRequestsShareAMicroBatch() async throws {
        let held = try await HeldScheduler()
        let full = held.model.loaded.imageMicroBatch
        var orders: [Task<EncodedRows, any Error>] = []
        for client: UInt64 in [1, 2] {
            for _ in 0..<full {
                orders.append(try held.submit(images: 1, client: client))
                try await held.waitUntilQueued(orders.count)
            }
        }
        let first = try #require(try await held.release(orders).first)
        #expect(first.count == full)
        #expect(first.filter { $0.client == 2 }.count == full / 2)
    }

    @Test func requestsGoBeforeRefinementsWhichTakeEveryEighthMicroBatch() async throws {
        let held = try await HeldScheduler()
        let full = held.model.loaded.imageMicroBatch
        var orders = [try held.submit(images: 2 * full, client: 1, urgency: .refinement)]
        try await held.waitUntilQueued(2 * full)
        for index in 3...14 {
            orders.append(try held.submit(images: full, client: 2))
            try await held.waitUntilQueued(index * full)
        }
        let batches = try await held.release(orders)
        // The one that held the thread was the first of the count.
        #expect(batches.map { $0[0].client } == [2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1])
    }

    @Test func aThreadThatHelpsAnotherGoesBackToWorkOfItsOwn() async throws {
        let held = try await HeldScheduler(threads: 2, model: demoModel())
        try await wait(while: held.scheduler.helping == 0)
        // The first micro-batch is in hand still, so the thread that helps with it has to do these.
        for client in 1...3 as ClosedRange<UInt64> {
            let order = try held.submit(images: 1, client: client)
            #expect(try await order.value.finished == [true])
        }
        try await wait(while: held.scheduler.helping == 0)
    }
}
