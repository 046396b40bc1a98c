import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshVerdicts

// What membership has carried here, to those whom it is for.

extension Node {
    mutating func take(_ inbound: Inbound, now: Instant) {
        switch inbound {
        case .message(let kind, let fields, let peer):
            do throws(DecodeError) {
                guard let message = try EngineMessage.decode(kind: kind, fields: fields) else {
                    counters.messagesUnknown += 1
                    return
                }
                take(message, from: peer, now: now)
            } catch {
                counters.payloadsMalformed += 1
            }
        case .update(let update, let peer):
            take(update, from: peer.node, now: now)
        case .truthDigest(let digest, let node):
            truthSync.compare(
                digest, of: node, with: dossiers.digest.root, inStorm: membership.isInStorm,
                now: now,
                using: &generator)
        case .stream(let stream, let event, let peer):
            let source = NodeDossiers(desk: dossiers, verdicts: verdicts, notices: notices)
            truthSync.handle(
                event, on: stream, from: peer?.node, source: source, now: now, using: &generator)
        case .synced(let node):
            _ = truthSync.force(node, now: now)
        }
    }

    private mutating func take(_ message: EngineMessage, from peer: Peer, now: Instant) {
        switch message {
        case .parcel(let number):
            let answer = EngineMessage.parcelReceived(number: number)
            membership.reply(kind: answer.kind, fields: answer.fields, to: peer)
        case .parcelReceived(let number):
            courier.handle(received: number, from: peer.node)
        case .rollCall(let number):
            let answer = EngineMessage.present(number: number)
            membership.reply(kind: answer.kind, fields: answer.fields, to: peer)
        case .present(let number):
            rollCall.handle(present: number, from: peer.node, now: now)
        case .envelope: break
        case .askSights: answerSights(to: peer.node, now: now)
        }
    }

    /// `peer` is who brought it in person; `nil` for what an exchange brought.
    mutating func take(_ update: Update, from peer: NodeID?, now: Instant) {
        switch update.kind {
        case UpdateKind.stance, UpdateKind.certificate, UpdateKind.birth:
            if peer != nil { noteHeard(update) }
            do throws(DecodeError) {
                try verdicts.receive(update, from: peer, now: now)
            } catch {
                counters.payloadsMalformed += 1
            }
        case UpdateKind.flipNews:
            guard let peer else { return }
            take(flipNews: update, from: peer, now: now)
        case UpdateKind.sights:
            guard peer != nil else { return }
            take(sights: update, now: now)
        case VerdictMail.kinds:
            guard let peer else { return }
            do throws(DecodeError) {
                take(try VerdictMail.decode(update), from: peer, now: now)
            } catch {
                counters.payloadsMalformed += 1
            }
        case UpdateKind.receipt, UpdateKind.record:
            takeTold(update, now: now)
        case UpdateKind.claim:
            guard let peer, mayTell(peer), !teach(claimant: peer, of: update) else { return }
            if case .refused = notices.receive(claim: update, from: peer, now: now) {
                counters.payloadsMalformed += 1
            }
        case UpdateKind.claimAnswer:
            guard let peer, mayTell(peer) else { return }
            if case .refused = notices.receive(claimAnswer: update, from: peer, now: now) {
                counters.payloadsMalformed += 1
            }
        default:
            counters.updatesUnknown += 1
        }
    }

    /// Whether a node's claims count: it is a member, and one that may vote.
    private mutating func mayTell(_ peer: NodeID) -> Bool {
        guard let key = membership.key(of: peer), membership.isListed(key) else {
            counters.statementsRefused += 1
            return false
        }
        return true
    }

    private mutating func take(_ message: VerdictMessage, from peer: NodeID, now: Instant) {
        switch message {
        case .head(let head): verdicts.receive(head, from: peer, now: now)
        case .hints(let hints): verdicts.receive(hints, from: peer, now: now)
        case .askStanding(let question): verdicts.receive(question, from: peer, now: now)
        case .askRoll(let question): verdicts.receive(question, from: peer, now: now)
        case .rollAnswer(let answer): verdicts.receive(answer, from: peer, now: now)
        case .handover(let handover): verdicts.receive(handover, from: peer, now: now)
        case .arrival(let arrival): verdicts.receive(arrival, from: peer, now: now)
        }
    }

    private mutating func takeTold(_ update: Update, now: Instant) {
        let subject = Self.subject(of: update, using: cryptography)
        membership.noteHeard(update, about: Self.key(subject))
        let (membership, verdicts) = (self.membership, self.verdicts)
        let intake =
            update.kind == UpdateKind.receipt
            ? notices.receive(
                receipt: update, isTrusted: membership.isListed,
                certified: { verdicts.flip(of: $0).map { ($0.birth, $0.epoch) } }, now: now)
            : notices.receive(record: update, isTrusted: membership.isListed, now: now)
        switch intake {
        case .new: self.membership.broadcast(update, about: Self.key(subject), now: now)
        case .known: break
        case .untrusted, .refused: counters.statementsRefused += 1
        }
    }

    /// A peer has told what this node tells, too: once less to go.
    private mutating func noteHeard(_ update: Update) {
        switch update.kind {
        case UpdateKind.certificate:
            guard let (_, check, _) = Certificate.peekID(update.body) else { return }
            membership.noteHeard(update, about: Self.key(check.bytes))
        case UpdateKind.birth:
            membership.noteHeard(update, about: Self.key(mesh.bytes))
        default: break
        }
    }

    /// A claim on a flip that is past: its claimant has missed the later one, as after a cut, and
    /// would tell people of them in the wrong order. True if it is answered so.
    private mutating func teach(claimant: NodeID, of update: Update) -> Bool {
        guard let claim = try? Claim.decode(update.body), case .chain = claim.topic,
            !claim.hasLeft, let flip = verdicts.flip(of: claim.check), flip.birth == claim.birth,
            UInt64(flip.epoch) > claim.epoch, let body = verdicts.certificate(of: flip.check)
        else { return false }
        mail(
            Update(kind: UpdateKind.certificate, body: body), about: flip.check.bytes,
            to: [claimant])
        notices.supersede(claim: update, of: claimant)
        return true
    }
}
