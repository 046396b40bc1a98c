package import MeshChecks
package import MeshCore
import MeshMembership
import MeshVerdicts

// Latencies for whoever asks a node that does not look itself (interfaces: "from the owners'
// summaries").

extension Node {
    /// Somebody reads this node: it asks the others what they see, for a minute.
    package mutating func noteReader(now: Instant) {
        if sights.noteReader(now: now) { askForSights(now: now) }
        pump(now: now)
    }

    /// What a check's first owner saw last, as it said; `nil` if it has not said so yet. How long
    /// the look took, and when it ended.
    package func sight(of check: CheckID) -> (latency: TimeSpan, observedAt: Instant)? {
        sights.sight(of: check).map { ($0.latency, $0.observedAt) }
    }

    mutating func askForSights(now: Instant) {
        let own = id
        let asked = sights.membersToAsk(now: now) {
            membership.countedMembers.filter { $0.isReachable && $0.id != own }.map(\.id)
        }
        let message = EngineMessage.askSights
        for node in asked {
            _ = membership.send(
                kind: message.kind, fields: message.fields, updates: [], to: node, now: now)
        }
    }

    mutating func answerSights(to peer: NodeID, now: Instant) {
        guard sights.mayAnswer(peer, now: now) else { return }
        let all = verdicts.firstHandLooks.map { look in
            SightReport.Entry(
                check: CheckPrefix(of: look.check), latency: look.latency,
                age: UInt32(clamping: (now - look.endedAt).milliseconds / 1_000))
        }
        for start in stride(from: 0, to: all.count, by: SightReport.entriesMax) {
            let entries = all[start..<min(start + SightReport.entriesMax, all.count)]
            _ = membership.send(
                kind: EngineMessage.envelope.kind, fields: [],
                updates: [SightReport(Array(entries)).update], to: peer, now: now)
        }
    }

    mutating func take(sights update: Update, now: Instant) {
        do throws(DecodeError) {
            for entry in try SightReport.decode(update).entries
            where verdicts.knows(entry.check) {
                sights.keep(entry, now: now)
            }
        } catch {
            counters.payloadsMalformed += 1
        }
    }
}
