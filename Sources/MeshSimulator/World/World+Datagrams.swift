package import MeshCore
import MeshEngine
package import MeshMembership

/// Datagrams from process to process, and those of attackers.
extension World {
    func transmit(_ datagram: [UInt8], from number: Int, to address: SocketAddress) {
        traffic.countDatagram(datagram.count, from: number)
        trace.combine(UInt64(number) << 32 | UInt64(datagram.count))
        note(.sent(process: number, datagram: datagram, to: address), .sent)
        guard let receiver = AddressPlan.process(at: address), receiver < processes.count else {
            counts.datagramsUnheard += 1
            return
        }
        var packet = PacketPool.Packet(
            bytes: datagram, from: processes[number].address, sender: UInt32(number),
            receiver: UInt32(receiver), provenance: .genuine, copyOf: 0, handledInLife: 0)
        switch network.fateOfDatagram(from: number, to: receiver, now: now) {
        case .lost: counts.datagramsLost += 1
        case .arrives(let delay):
            queue.schedule(.datagram(slot: packets.insert(packet)), at: now + delay)
        case .arrivesTwice(let delay, let second):
            copyCount += 1
            packet.copyOf = copyCount
            queue.schedule(.datagram(slot: packets.insert(packet)), at: now + delay)
            queue.schedule(.datagram(slot: packets.insert(packet)), at: now + second)
        }
    }

    /// An attacker's datagram. It is never lost: an attack that fails by chance shows nothing.
    /// `handledInLife`: the receiver's life that is known to have handled these bytes.
    package func inject(
        _ datagram: [UInt8], from source: SocketAddress, to receiver: Int,
        _ provenance: Happening.Provenance, handledInLife life: Int = 0,
        after delay: TimeSpan = .milliseconds(1)
    ) {
        counts.datagramsInjected += 1
        let packet = PacketPool.Packet(
            bytes: datagram, from: source, sender: PacketPool.outsider,
            receiver: UInt32(receiver), provenance: provenance, copyOf: 0,
            handledInLife: UInt32(life))
        queue.schedule(.datagram(slot: packets.insert(packet)), at: now + delay)
    }

    package func wakeOutsider(_ number: Int, token: UInt32, after delay: TimeSpan) {
        queue.schedule(.outsider(index: UInt32(number), token: token), at: now + delay)
    }

    func deliver(_ packet: PacketPool.Packet) {
        let number = Int(packet.receiver)
        trace.combine(UInt64(number))
        guard !saboteur.isDeaf(number, in: self) else { return }
        var provenance = packet.provenance
        if provenance == .repeated, processes[number].life != Int(packet.handledInLife) {
            // Another start of the receiver: it has no memory of the first copy.
            provenance = .redirected
        }
        arrive(
            .datagram(packet.bytes, from: packet.from, provenance, copyOf: packet.copyOf),
            at: number)
    }

    func handleDatagram(
        _ bytes: [UInt8], from sender: SocketAddress, _ declared: Happening.Provenance,
        copyOf copy: UInt32, at number: Int
    ) {
        var provenance = declared
        if copy != 0 {
            let life = processes[number].life
            if handledCopies.removeValue(forKey: copy) == life {
                provenance = .repeated
            } else {
                handledCopies[copy] = life
            }
        }
        counts.datagramsDelivered += 1
        let local = processes[number].local(now)
        saboteur.prepareDelivery(provenance, to: number, in: self)
        let isWanted =
            copy != 0 || wanted.contains(.delivered)
            || (wanted.contains(.suspicious) && provenance != .genuine)
        guard isWanted else {
            processes[number].node?.handle(datagram: bytes, from: sender, now: local)
            drain(number)
            return
        }
        let rejectedBefore = processes[number].node?.counters.rejected ?? 0
        processes[number].node?.handle(datagram: bytes, from: sender, now: local)
        let rejectedAfter = processes[number].node?.counters.rejected ?? 0
        // One that could not be opened yet, because its sender was not known, has not been taken.
        if copy != 0, rejectedAfter > rejectedBefore, provenance != .repeated {
            handledCopies[copy] = nil
        }
        happenings.append(
            .delivered(
                process: number, datagram: bytes, from: sender, provenance,
                wasRejected: rejectedAfter > rejectedBefore))
        drain(number)
    }

    /// The member list as an onlooker gets it from the node itself.
    package func members(of number: Int) -> [MemberView] {
        saboteur.sabotaged(processes[number].node?.members ?? [])
    }
}

extension NodeCounters {
    /// Datagrams that changed nothing, whatever the reason.
    var rejected: Int {
        datagramsMalformed + datagramsOfUnknownVersion + datagramsOfUnknownKey
            + datagramsOfUnknownBoot + datagramsForged + datagramsReplayed + payloadsMalformed
    }
}
