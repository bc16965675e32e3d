import Foundation
import Synchronization
import Tensors
import TestSupport
import Testing

/// A thread that serves a team until it is told to stop, as the daemon's idle encoder threads do.
private final class Server: Sendable {
    private let ended = DispatchSemaphore(value: 0)

    init(_ team: ComputeTeam) throws {
        let dismissals = team.dismissals
        let thread = Thread { [ended] in
            if let context = try? ComputeContext() { team.serve(with: context, dismissals: dismissals) }
            ended.signal()
        }
        thread.start()
    }

    func waitForEnd() { ended.wait() }
}

private final class Flag: Sendable {
    private let value = Atomic(true)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func clear() { value.store(false, ordering: .releasing) }
}

@Suite("Operations shared out over a team of threads", .timeLimit(.minutes(10)))
struct ComputeTeamTests {
    /// Runs `body` with a context that leads a team of `servers` threads, all at work.
    static func withTeam(_ servers: Int, _ body: (ComputeContext) throws -> Void) throws {
        let team = try ComputeTeam()
        let context = try ComputeContext()
        let threads = try (0..<servers).map { _ in try Server(team) }
        while team.servers < servers { usleep(50) }
        defer { for thread in threads { thread.waitForEnd() } }
        defer { team.close() }
        try context.leading(team) { try body(context) }
    }

    @Test("Products have the same bits", arguments: [RowFormat.f32, .bf16, .u8], [1, 2, 3])
    func products(_ format: RowFormat, servers: Int) throws {
        var random = SeededGenerator(seed: 3)
        let inputs = 256
        let outputs = 192
        let rows = 131
        let linear = try Linear(
            weights: random.floats(inputs * outputs), bias: random.floats(outputs), outputs: outputs, inputs: inputs,
            format: format)
        let values = Rows(capacity: rows, columns: inputs)
        values.copyRows(count: rows, of: random.floats(rows * inputs))
        let start = random.floats(rows * outputs)
        func products(_ context: ComputeContext, _ rows: Int) throws -> [[Float]] {
            let source = Rows(format, capacity: rows, columns: inputs)
            context.convert(values, rows: rows, into: source)
            let plain = Rows(capacity: rows, columns: outputs)
            let sum = Rows(capacity: rows, columns: outputs)
            sum.copyRows(count: rows, of: start)
            try context.apply(linear, to: source, rows: rows, activation: .gelu, into: plain)
            try context.apply(linear, to: source, rows: rows, addingTo: sum)
            return [plain.array(rows: rows), sum.array(rows: rows)]
        }
        let alone = try ComputeContext()
        for rows in [1, 7, 15, 16, 17, 50, 131] {
            let expected = try products(alone, rows)
            try Self.withTeam(servers) { context in
                let found = try products(context, rows)
                #expect(found == expected, "\(rows) rows")
            }
        }
    }

    @Test("Normalisation and attention have the same bits", arguments: [RowFormat.f32, .bf16, .u8])
    func rowOperations(_ format: RowFormat) throws {
        var random = SeededGenerator(seed: 4)
        let heads = 4
        let width = 48
        let columns = heads * width
        let rows = 700
        let norm = LayerNorm(weight: random.floats(columns), bias: random.floats(columns), epsilon: 1e-5)
        let hidden = Rows(capacity: rows, columns: columns)
        let joined = Rows(capacity: rows, columns: 3 * columns)
        hidden.copyRows(count: rows, of: random.floats(rows * columns))
        joined.copyRows(count: rows, of: random.floats(rows * 3 * columns))
        let toFloats = try Linear(
            weights: (0..<columns * columns).map { $0 % (columns + 1) == 0 ? 1 : 0 }, bias: nil, outputs: columns,
            inputs: columns,
            format: format)
        func results(_ context: ComputeContext) throws -> [[Float]] {
            let normed = Rows(format, capacity: rows, columns: columns)
            let mixed = Rows(format, capacity: rows, columns: columns)
            try context.layerNorm(norm, hidden, rows: rows, into: normed)
            try context.attention(
                q: RowPosition(joined), queries: rows, k: RowPosition(joined, column: columns), v: 2 * columns,
                keys: rows,
                heads: heads, width: width, into: mixed, row: 0)
            return try [normed, mixed].map { source in
                let floats = Rows(capacity: rows, columns: columns)
                try context.apply(toFloats, to: source, rows: rows, into: floats)
                return floats.array(rows: rows)
            }
        }
        let expected = try results(ComputeContext())
        try Self.withTeam(2) { context in
            for _ in 0..<5 {
                let found = try results(context)
                #expect(found == expected)
            }
        }
    }

    @Test("Those that serve can be called back and come again, while the leader goes on")
    func dismissal() throws {
        var random = SeededGenerator(seed: 5)
        let linear = try Linear(
            weights: random.floats(128 * 128), bias: nil, outputs: 128, inputs: 128, format: .f32)
        let source = Rows(capacity: 128, columns: 128)
        let destination = Rows(capacity: 128, columns: 128)
        source.copyRows(count: 128, of: random.floats(128 * 128))
        let context = try ComputeContext()
        try context.apply(linear, to: source, rows: 128, into: destination)
        let expected = destination.array(rows: 128)
        let team = try ComputeTeam()
        let goesOn = Flag()
        let server = Thread {
            guard let context = try? ComputeContext() else { return }
            while goesOn.isSet { team.serve(with: context, dismissals: team.dismissals) }
        }
        server.start()
        try context.leading(team) {
            for round in 0..<2000 {
                if round % 3 == 0 { team.dismiss() }
                try context.apply(linear, to: source, rows: 128, into: destination)
                #expect(destination.array(rows: 128) == expected)
            }
        }
        goesOn.clear()
        team.close()
        while !server.isFinished { usleep(50) }
    }

    @Test("A team that is closed is served no more")
    func closed() throws {
        let team = try ComputeTeam()
        team.close()
        team.serve(with: try ComputeContext(), dismissals: team.dismissals)
        #expect(team.servers == 0)
    }
}
