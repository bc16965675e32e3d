import Tensors

/// The micro-batches in hand, whose operations idle workers share. To be used with the scheduler's condition locked.
struct OpenTeams {
    /// A worker's decision to serve a team.
    struct Service {
        let team: ComputeTeam
        fileprivate let dismissals: UInt32

        /// Returns when the micro-batch is done or the worker is called back.
        func run(with context: ComputeContext) { team.serve(with: context, dismissals: dismissals) }
    }

    /// A lone image has few rows to share out, and those that wait for their part turn idle circles.
    private static let mostServers = 3

    private var open: [(team: ComputeTeam, servers: Int)] = []

    var servers: Int { open.reduce(0) { $0 + $1.servers } }

    mutating func add(_ team: ComputeTeam) { open.append((team, 0)) }

    mutating func remove(_ team: ComputeTeam) {
        open.removeAll { $0.team === team }
        team.close()
    }

    /// The team with the fewest helpers, if one can do with another.
    mutating func join() -> Service? {
        guard let index = open.indices.min(by: { open[$0].servers < open[$1].servers }),
            open[index].servers < Self.mostServers
        else { return nil }
        open[index].servers += 1
        return Service(team: open[index].team, dismissals: open[index].team.dismissals)
    }

    mutating func leave(_ service: Service) {
        if let index = open.firstIndex(where: { $0.team === service.team }) { open[index].servers -= 1 }
    }

    /// Calls all helpers back to look for work of their own.
    func dismiss() {
        for entry in open { entry.team.dismiss() }
    }
}
