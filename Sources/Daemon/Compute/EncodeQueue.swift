import JSONRPC

/// Who waits for an order.
package enum Urgency: Sendable {
    /// Somebody's request: it goes between the micro-batches of refinements.
    case interactive
    /// Masks of a refinement; refinements share the machine in turns.
    case refinement
}

/// The orders that wait for the encoding threads, and what a free thread takes next. A value without threads, models or
/// a clock of its own: it is told the time.
///
/// A free thread takes the most urgent order and fills its micro-batch with items of other orders of the same kind.
/// Interactive orders go before refinements, small ones first, and their clients take turns; refinements take turns
/// micro-batch by micro-batch. Times are seconds that only grow.
package struct EncodeQueue {
    package enum Modality: Sendable { case image, text }

    /// What orders must have in common to share a micro-batch.
    package struct Kind: Hashable, Sendable {
        package var model: Int
        package var modality: Modality
        package var urgency: Urgency
        /// Whether embeddings are scaled to length 1.
        package var normalize: Bool

        package init(model: Int, modality: Modality, urgency: Urgency, normalize: Bool = true) {
            self.model = model
            self.modality = modality
            self.urgency = urgency
            self.normalize = normalize
        }
    }

    /// An order as the queue knows it.
    package struct Ticket: Sendable {
        package let number: Int
        package let kind: Kind
        package let client: ConnectionID?
        package let count: Int
        /// Items of the request that come after this order's.
        package let following: Int
        /// The most images that one micro-batch of the model holds.
        package let imageMicroBatch: Int
        fileprivate var arrival = 0.0
        /// Smaller goes first: the time of arrival, or of the last micro-batch taken, and the handicap. Between
        /// clients, `ClientTurns` counts too.
        fileprivate var rank = 0.0
        fileprivate var next = 0

        package init(
            number: Int, kind: Kind, client: ConnectionID?, count: Int, following: Int = 0, imageMicroBatch: Int
        ) {
            self.number = number
            self.kind = kind
            self.client = client
            self.count = count
            self.following = following
            self.imageMicroBatch = imageMicroBatch
        }

        fileprivate var left: Int { count - next }

        /// Grows with what is left, so that small requests overtake large ones and no large one waits for ever.
        fileprivate var handicap: Double { EncodeQueue.secondsPerItem * Double(left + following) }
    }

    /// Items of one order in a micro-batch.
    package struct Share: Equatable, Sendable {
        package let order: Int
        package let range: Range<Int>

        package init(order: Int, range: Range<Int>) {
            self.order = order
            self.range = range
        }
    }

    package enum Decision: Equatable, Sendable {
        case take([Share])
        /// Little waits, and more is being decoded: ask again at this time, or when something has changed.
        case gather(until: Double)
        case nothing
    }

    /// What an item of a request counts for against an earlier arrival.
    private static let secondsPerItem = 0.01
    /// Masks of one text share the states of their common beginnings, so that many at a time cost little.
    private static let textMicroBatch = 256
    /// Fewer texts are not worth sharing out over the threads.
    private static let leastTextShare = 16
    /// The longest that an image waits for others which are being decoded, in seconds: little beside encoding it.
    private static let gathering = 0.025
    /// However many requests wait, one micro-batch in this many is a refinement's.
    private static let refinementTurn = 8

    private let threads: Int
    private var tickets: [Ticket] = []
    /// The turns of the clients with interactive orders.
    private var turns = ClientTurns()
    /// Images of requests that are being decoded, by model.
    private var inPreparation: [Int: Int] = [:]
    /// Micro-batches since the start.
    package private(set) var taken = 0

    /// - Parameter threads: how many share out what waits.
    package init(threads: Int) { self.threads = threads }

    /// Items that wait, by urgency.
    package var waiting: (interactive: Int, refinement: Int) {
        tickets.reduce(into: (0, 0)) { counts, ticket in
            if ticket.kind.urgency == .interactive { counts.0 += ticket.left } else { counts.1 += ticket.left }
        }
    }

    package mutating func add(_ ticket: Ticket, at time: Double) {
        guard ticket.count > 0 else { return }
        var ticket = ticket
        ticket.arrival = time
        ticket.rank = time + ticket.handicap
        tickets.append(ticket)
    }

    /// Takes back what is left of an order.
    package mutating func remove(_ number: Int) { tickets.removeAll { $0.number == number } }

    package mutating func removeAll() { tickets.removeAll() }

    /// Whether some of an order's items have not been taken.
    package func holds(_ number: Int) -> Bool { tickets.contains { $0.number == number } }

    /// Notes that images for a model begin (a positive count) or end (a negative one) to be decoded.
    package mutating func prepare(_ count: Int, for model: Int) {
        inPreparation[model, default: 0] += count
        if inPreparation[model] == 0 { inPreparation[model] = nil }
    }

    /// What a free thread does at `time`: the items of the next micro-batch, of one kind, are the caller's from then
    /// on.
    package mutating func take(at time: Double) -> Decision {
        let interactive = inTurns(tickets.filter { $0.kind.urgency == .interactive })
        let refinements = tickets.filter { $0.kind.urgency == .refinement }
        let isRefinementsTurn = interactive.isEmpty || (taken + 1) % Self.refinementTurn == 0
        let queue = isRefinementsTurn && !refinements.isEmpty ? refinements : interactive
        guard let first = queue.first else { return .nothing }
        let alike = queue.filter { $0.kind == first.kind }
        // What waits is shared out evenly where it does not fill every thread's micro-batch.
        let share = (alike.reduce(0) { $0 + $1.left } + threads - 1) / threads
        var room: Int
        switch first.kind.modality {
        case .image:
            room = min(share, first.imageMicroBatch)
            if let end = gatheringEnd(alike, share: share), time < end { return .gather(until: end) }
        case .text: room = min(max(share, Self.leastTextShare), Self.textMicroBatch)
        }
        taken += 1
        var shares: [Share] = []
        for ticket in alike where room > 0 {
            let end = min(ticket.next + room, ticket.count)
            shares.append(Share(order: ticket.number, range: ticket.next..<end))
            room -= end - ticket.next
            took(ticket.number, upTo: end, at: time)
        }
        return .take(shares)
    }

    private mutating func took(_ number: Int, upTo end: Int, at time: Double) {
        guard let index = tickets.firstIndex(where: { $0.number == number }) else { return }
        var ticket = tickets[index]
        ticket.next = end
        // What is left of a large order queues again behind what came meanwhile.
        ticket.rank = time + ticket.handicap
        switch ticket.kind.urgency {
        case .interactive:
            turns.took(ticket.client, at: time)
            if ticket.left > 0 { tickets[index] = ticket } else { tickets.remove(at: index) }
        case .refinement:
            tickets.remove(at: index)
            if ticket.left > 0 { tickets.append(ticket) }
        }
    }

    /// Interactive orders by urgency. The client whose smallest request is due goes first, with the order of its own
    /// that is due; then one of each other client, and the second of each only after them.
    private mutating func inTurns(_ waiting: [Ticket]) -> [Ticket] {
        let clients = Dictionary(grouping: waiting, by: \.client)
        turns.keep { clients[$0] != nil }
        let queued = clients.flatMap { client, tickets in
            let due = tickets.map { turns.start(of: client, arrival: $0.rank - $0.handicap) + $0.handicap }.min() ?? 0
            return tickets.sorted { $0.rank < $1.rank }.enumerated().map {
                (turn: $0.offset, due: due, ticket: $0.element)
            }
        }
        return queued.sorted { ($0.turn, $0.due, $0.ticket.rank) < ($1.turn, $1.due, $1.ticket.rank) }.map(\.ticket)
    }

    /// How long to wait for images that are being decoded before less than a full micro-batch is taken.
    private func gatheringEnd(_ alike: [Ticket], share: Int) -> Double? {
        guard let first = alike.first, first.kind.urgency == .interactive, share < first.imageMicroBatch,
            inPreparation[first.kind.model] != nil, let oldest = alike.map(\.arrival).min()
        else { return nil }
        return oldest + Self.gathering
    }
}
