import MeshCheckers
import MeshChecks
import MeshHistory
import MeshPlatform
import MeshStatus
import MeshStreams

/// What the shell has counted, for `/metrics`: sockets, streams, looks, the disk.
struct ShellMetrics {
    let families: [MetricFamily]

    init(_ daemon: Daemon) {
        let udp = daemon.datagrams.counters
        let store = daemon.store.counters
        let looks = daemon.looks
        var all = [
            MetricFamily(
                "checkmesh_udp_errors_total", .counter,
                "Datagrams that the machine did not take or give, by reason.", by: "reason",
                [
                    ("oversized", Int(udp.oversized)), ("send", Int(udp.sendErrors)),
                    ("receive", Int(udp.receiveErrors)), ("queue_full", Int(udp.dropped)),
                ]),
            MetricFamily(
                "checkmesh_looks_total", .counter, "Looks at targets that this node has made.",
                looks.lookCount),
            MetricFamily(
                "checkmesh_look_starts_total", .counter,
                "Looks by how late they began, in seconds: up to so many, and above the last.",
                by: "late", looks.startDelays.counts.map { ($0.late, $0.count) }),
            MetricFamily(
                "checkmesh_looks_under_way", .gauge, "Looks that have begun and not ended.",
                looks.underWay),
            MetricFamily(
                "checkmesh_abstentions_total", .counter,
                "Looks that said nothing of their target, by reason.", by: "reason",
                daemon.chronicle.abstentions.map { ($0.key.word, $0.value) }
                    .sorted { $0.0 < $1.0 }),
            MetricFamily(
                "checkmesh_flips_total", .counter, "Flips that this node has come to believe.",
                daemon.chronicle.flipCount),
            MetricFamily(
                "checkmesh_equivocations_total", .counter,
                "Proofs that a node has signed two different things under one number.",
                daemon.chronicle.equivocations),
            MetricFamily(
                "checkmesh_streams_open", .gauge, "Streams between this node and others.",
                daemon.streams.openCount),
            MetricFamily(
                "checkmesh_history_dropped_total", .counter,
                "What was not written down, by kind.", by: "kind",
                [
                    ("looks", store.looksDropped), ("flips", store.flipsDropped),
                    ("items", store.itemsRefused), ("not_durable", store.writesNotDurable),
                    ("questions", store.queriesRefused),
                ]),
        ]
        if let streams = daemon.streams.counters {
            all.append(
                MetricFamily(
                    "checkmesh_streams_accepted_total", .counter,
                    "Connections of others, by how their handshake ended.", by: "ending",
                    [
                        ("opened", Int(streams.opened)), ("wrong_key", Int(streams.wrongKeys)),
                        ("failed", Int(streams.failed)), ("timed_out", Int(streams.timedOut)),
                        ("displaced", Int(streams.displaced)),
                    ]))
        }
        if let connections = daemon.streams.connectionCounters {
            all.append(
                MetricFamily(
                    "checkmesh_connections_total", .counter,
                    "TCP connections of others to the mesh's port, by what became of them.",
                    by: "ending",
                    [
                        ("accepted", Int(connections.accepted)),
                        ("no_descriptor", Int(connections.refused)),
                        ("failed", Int(connections.failed)),
                    ]))
        }
        families = all
    }
}
