import MeshCore
import MeshEngine
import MeshMembership

/// The kernels' side of streams: see `Connection` for the model.
extension World {
    // MARK: What nodes ask for

    func openStream(_ stream: StreamID, from number: Int, to address: SocketAddress) {
        guard let target = AddressPlan.process(at: address), target < processes.count else {
            return  // Nothing answers there; the node's own timeout ends it.
        }
        connectionCount += 1
        connections[connectionCount] = Connection(
            client: .init(process: number, life: processes[number].life, stream: stream),
            server: .init(process: target, life: processes[target].life, stream: nil))
        processes[number].connections[stream] = connectionCount
        attemptConnection(connectionCount, attempt: 0)
    }

    func write(_ bytes: [UInt8], on stream: StreamID, of number: Int) {
        guard let (connection, side) = find(stream, of: number) else { return }
        connections[connection]?[side].queue.append(contentsOf: bytes)
        pump(connection, side)
    }

    func close(_ stream: StreamID, of number: Int) {
        guard let (connection, side) = find(stream, of: number) else { return }
        processes[number].connections[stream] = nil
        connections[connection]?[side].isOpen = false
        connections[connection]?[side].closesWhenSent = true
        if connections[connection]?.isEstablished == false {
            connections[connection] = nil
            return
        }
        pump(connection, side)
    }

    private func find(
        _ stream: StreamID, of process: Int
    ) -> (connection: UInt32, side: StreamStep.Side)? {
        guard let number = processes[process].connections[stream],
            let connection = connections[number]
        else { return nil }
        return (number, connection.side(of: stream, at: process))
    }

    // MARK: What the network does

    func advance(_ number: UInt32, _ step: StreamStep) {
        guard connections[number] != nil else { return }
        switch step {
        case .connect(let attempt): attemptConnection(number, attempt: attempt)
        case .opened: open(number)
        case .accepted: queueAccept(number)
        case .flight(let side): attemptFlight(number, side)
        case .flightArrives(let side): flightArrives(number, side)
        case .flightAcknowledged(let side):
            connections[number]?[side].flight = nil
            pump(number, side)
        case .reset(let side): reset(number, side)
        }
    }

    private func schedule(_ step: StreamStep, of connection: UInt32, after delay: TimeSpan) {
        queue.schedule(.stream(connection: connection, step: step), at: now + delay)
    }

    private func attemptConnection(_ number: UInt32, attempt: UInt8) {
        guard let connection = connections[number] else { return }
        let (client, server) = (connection.client.process, connection.server.process)
        guard processes[client].life == connection.client.life, processes[client].isUp else {
            connections[number] = nil
            return
        }
        traffic.countStream(Connection.clientHandshakeByteCount, from: client)
        let passes =
            network.segmentPasses(from: client, to: server, now: now)
            && network.segmentPasses(from: server, to: client, now: now)
            && !saboteur.isDeaf(server, in: self) && !saboteur.isDeaf(client, in: self)
        let roundTrip =
            network.delay(from: client, to: server) + network.delay(from: server, to: client)
        switch processes[server].state {
        case .running where passes, .paused where passes:
            traffic.countStream(Connection.serverHandshakeByteCount, from: server)
            connections[number]?.server.life = processes[server].life
            // One round trip for TCP, one for TLS, and what the latter's losses cost.
            var delay = roundTrip * 2
            var timeout = Connection.retransmissionMin
            while timeout < .seconds(4),
                !network.segmentPasses(from: client, to: server, now: now)
            {
                delay = delay + timeout
                timeout = timeout * 2
            }
            schedule(.opened, of: number, after: delay)
        case .down(hostAnswers: true) where passes:
            schedule(.reset(.client), of: number, after: roundTrip)
        case .running, .paused, .absent, .down:
            guard attempt < Connection.connectAttemptsMax else { return reset(number, .client) }
            schedule(
                .connect(attempt: attempt + 1), of: number, after: .seconds(1 << Int64(attempt)))
        }
    }

    private func open(_ number: UInt32) {
        guard let connection = connections[number] else { return }
        guard isAlive(connection.client), isAlive(connection.server) else {
            return reset(number, .client)
        }
        connections[number]?.isEstablished = true
        counts.streamsOpened += 1
        let delay = network.delay(from: connection.client.process, to: connection.server.process)
        schedule(.accepted, of: number, after: delay)
        tell(number, .client, .opened)
    }

    private func queueAccept(_ number: UInt32) {
        guard let connection = connections[number] else { return }
        guard isAlive(connection.server) else { return sendReset(number, to: .client) }
        connections[number]?.isAcceptQueued = true
        arrive(.accept(connection: number), at: connection.server.process)
    }

    func accept(_ number: UInt32) {
        guard let connection = connections[number] else { return }
        let server = connection.server.process
        let source = AddressPlan.streamSource(ofProcess: connection.client.process)
        let local = processes[server].local(now)
        let stream = processes[server].node?.acceptStream(from: source, now: local)
        if let stream {
            connections[number]?.server.stream = stream
            processes[server].connections[stream] = number
        } else {
            connections[number]?.server.isOpen = false
            sendReset(number, to: .client)
        }
        drain(server)
    }

    // MARK: Flights

    private func pump(_ number: UInt32, _ side: StreamStep.Side) {
        guard let connection = connections[number], connection.isEstablished else { return }
        let end = connection[side]
        guard end.flight == nil else { return }
        guard !end.queue.isEmpty || end.closesWhenSent else { return }
        let count = min(end.queue.count, Connection.windowByteCount)
        let segments = max(
            1, (count + Connection.segmentByteCount - 1) / Connection.segmentByteCount)
        let flight = Connection.Flight(
            bytes: Array(end.queue.prefix(count)), remainingSegments: segments, startedAt: now,
            isLast: end.closesWhenSent && count == end.queue.count)
        connections[number]?[side].queue.removeFirst(count)
        connections[number]?[side].flight = flight
        attemptFlight(number, side)
    }

    private func attemptFlight(_ number: UInt32, _ side: StreamStep.Side) {
        guard let connection = connections[number], var flight = connection[side].flight else {
            return
        }
        let (sender, receiver) = (connection[side].process, connection[side.other].process)
        guard isAlive(connection[side]) else {
            connections[number] = nil
            return
        }
        let bytes = min(flight.bytes.count, flight.remainingSegments * Connection.segmentByteCount)
        traffic.countStream(
            bytes + flight.remainingSegments * Connection.segmentOverhead, from: sender)
        var lost = 0
        for _ in 0..<flight.remainingSegments
        where !network.segmentPasses(from: sender, to: receiver, now: now) {
            lost += 1
        }
        flight.remainingSegments = lost
        flight.attempt += 1
        connections[number]?[side].flight = flight
        if lost == 0 {
            schedule(
                .flightArrives(side), of: number,
                after: network.delay(from: sender, to: receiver))
        } else {
            retryFlight(number, side)
        }
    }

    private func retryFlight(_ number: UInt32, _ side: StreamStep.Side) {
        guard let connection = connections[number], let flight = connection[side].flight else {
            return
        }
        guard now - flight.startedAt < Connection.flightTimeMax else {
            counts.streamsBroken += 1
            return reset(number, side)
        }
        let roundTrip = network.roundTrip(
            between: connection[side].process, and: connection[side.other].process)
        let base = max(Connection.retransmissionMin, roundTrip * 2)
        schedule(.flight(side), of: number, after: base * (1 << min(flight.attempt - 1, 6)))
    }

    private func flightArrives(_ number: UInt32, _ side: StreamStep.Side) {
        guard let connection = connections[number], let flight = connection[side].flight else {
            return
        }
        let receiver = connection[side.other]
        if side == .client, !connection.isAcceptQueued {
            return schedule(.flightArrives(side), of: number, after: .milliseconds(1))
        }
        guard isAlive(receiver), receiver.isOpen else {
            if processes[receiver.process].state == .down(hostAnswers: false) {
                connections[number]?[side].flight?.remainingSegments = 1
                retryFlight(number, side)
            } else if flight.isLast {
                connections[number] = nil  // Both have closed.
            } else {
                sendReset(number, to: side)
            }
            return
        }
        traffic.countStream(
            Connection.acknowledgementByteCount
                * (flight.bytes.count / (2 * Connection.segmentByteCount) + 1),
            from: receiver.process)
        // The acknowledgement of what a paused process has not read waits until it does, so that
        // its kernel never holds more than a window.
        if processes[receiver.process].state == .running {
            schedule(
                .flightAcknowledged(side), of: number,
                after: network.delay(
                    from: receiver.process, to: connection[side].process))
        }
        if !flight.bytes.isEmpty { tell(number, side.other, .received(flight.bytes)) }
        if flight.isLast {
            tell(number, side.other, .closed)
            if processes[receiver.process].state == .running { connections[number] = nil }
        }
    }

    // MARK: What nodes are told

    private func isAlive(_ end: Connection.End) -> Bool {
        processes[end.process].life == end.life && processes[end.process].isUp
    }

    private func tell(_ number: UInt32, _ side: StreamStep.Side, _ event: StreamEvent) {
        guard let end = connections[number]?[side], end.isOpen, isAlive(end) else { return }
        if event == .closed { connections[number]?[side].isOpen = false }
        arrive(.stream(connection: number, side, event), at: end.process)
    }

    func handleStream(
        _ event: StreamEvent, connection number: UInt32, side: StreamStep.Side, at process: Int
    ) {
        guard let connection = connections[number], let stream = connection[side].stream,
            processes[process].connections[stream] == number
        else { return }
        if event == .closed { processes[process].connections[stream] = nil }
        let local = processes[process].local(now)
        processes[process].node?.handle(event, on: stream, now: local)
        drain(process)
        if case .received = event, connections[number]?[side.other].flight != nil,
            processes[process].resumedAt == now
        {
            schedule(.flightAcknowledged(side.other), of: number, after: .milliseconds(1))
        }
    }

    private func sendReset(_ number: UInt32, to side: StreamStep.Side) {
        guard let connection = connections[number] else { return }
        let delay = network.delay(
            from: connection[side.other].process, to: connection[side].process)
        schedule(.reset(side), of: number, after: delay)
    }

    private func reset(_ number: UInt32, _ side: StreamStep.Side) {
        tell(number, side, .closed)
        guard let connection = connections[number] else { return }
        // A paused end finds out when it runs again; until then its entry has to stay.
        if processes[connection[side].process].state == .running { connections[number] = nil }
    }

    /// A process is gone. Its kernel, if it lives on, resets what it had open; otherwise the other
    /// ends find out by themselves, if they ever send.
    func abandonConnections(of number: Int, hostAnswers: Bool) {
        let open = processes[number].connections.sorted { $0.key < $1.key }
        processes[number].connections = [:]
        for (stream, connection) in open {
            guard let found = connections[connection] else { continue }
            let side = found.side(of: stream, at: number)
            connections[connection]?[side].isOpen = false
            let (here, there) = (number, found[side.other].process)
            if hostAnswers, found.isEstablished,
                network.segmentPasses(from: here, to: there, now: now)
            {
                sendReset(connection, to: side.other)
            }
        }
    }
}
