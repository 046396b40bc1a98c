import MeshCore
import MeshEngine

/// What each fault does to the world. Nobody's disk changes under a process that runs: that is not
/// among the faults that are promised anything.
extension World {
    func apply(_ fault: Fault) {
        switch fault {
        case .start(let place):
            start(place)
        case .kill(let place, let silently):
            end(place, .killed, hostAnswers: !silently)
        case .leave(let place):
            leave(place)
        case .pause(let place):
            pause(place)
        case .resume(let place):
            resume(place)
        case .eraseDisk(let place):
            if !processes[place].isUp { processes[place].disk = Disk() }
        case .saveDisk(let place):
            savedDisks[place] = processes[place].disk
        case .restoreDisk(let place):
            if !processes[place].isUp, let saved = savedDisks[place] {
                processes[place].disk = saved
            }
        case .copyDisk(let source, let target):
            if !processes[target].isUp { processes[target].disk = processes[source].disk }
        case .jumpWallClock(let place, let milliseconds):
            processes[place].wallClockOffsetMilliseconds += milliseconds
            watch.lastDisturbance = now
            processes[place].isWallClockNews = true
            tellWallClock(to: place)
        case .partition(let groups):
            keepReachability()
            network.reachability.partition(groups)
            noteWholeness()
        case .block(let from, let to):
            keepReachability()
            network.reachability.block(from: from, to: to)
            noteWholeness()
        case .flap(let from, let to, let period):
            keepReachability()
            network.reachability.flap(from: from, to: to, period: period)
            noteWholeness()
        case .heal:
            keepReachability()
            network.reachability.heal()
            noteWholeness()
        case .blockDatagrams(let place):
            network.reachability.setDatagramsBlocked(true, of: place)
            watch.troubles.begin(.datagrams(of: place), at: now)
            calm.disturb(at: now)
        case .unblockDatagrams(let place):
            network.reachability.setDatagramsBlocked(false, of: place)
            watch.troubles.end(.datagrams(of: place), at: now)
            calm.disturb(at: now)
        case .setLoss(let loss):
            network.conditions.lossPerMillion = loss
            calm.disturb(at: now)
        case .forget(let place, let operatorPlace):
            forget(place, by: operatorPlace)
        case .target(let check, let condition):
            watch.targets.set(check, condition, at: now)
        case .zoneSees(let zone, let check, let condition):
            watch.targets.set(check, inZone: zone, condition, at: now)
        case .placeSees(let place, let check, let condition):
            watch.targets.set(check, atPlace: place, condition, at: now)
        case .uplink(let place, let uplink):
            watch.targets.set(uplink, of: place, at: now)
            watch.lastDisturbance = now
        case .checkerHangs(let place, let hangs):
            watch.targets.setCheckerHangs(hangs, at: place)
            watch.lastDisturbance = now
        case .receiver(let contact, let place, let condition):
            watch.receivers.set(contact, from: place, condition, at: now)
            watch.lastDisturbance = now
        case .reconfigure(let place, let skew):
            reconfigure(place, skew)
        case .lie(let place, let lie):
            guard watch.liars[place] != lie else { return }
            if watch.liars[place] != nil { watch.liedUntil[place] = now }
            watch.liars[place] = lie
            watch.tongues[place] = nil
            watch.lastDisturbance = now
        case .machine(let place, let fault, let isWrong):
            guard isRunning(place) else { return }
            let local = processes[place].local(now)
            processes[place].node?.noteFault(fault, isWrong ? "\(fault)" : nil, now: local)
            drain(place)
        case .beginMeasuring:
            traffic.beginMeasuring(at: now)
        }
    }

    private func leave(_ place: Int) {
        guard isRunning(place) else { return }
        calm.disturb(at: now)
        processes[place].isLeaving = true
        let local = processes[place].local(now)
        processes[place].node?.leave(now: local)
        drain(place)
    }

    private func forget(_ place: Int, by operatorPlace: Int) {
        guard isRunning(operatorPlace) else { return }
        calm.disturb(at: now)
        let subject = identities.all[processes[place].identity].id
        let local = processes[operatorPlace].local(now)
        _ = processes[operatorPlace].node?.forget(subject, now: local)
        drain(operatorPlace)
    }

    private func noteWholeness() {
        calm.impair(at: now, isNetworkWhole: network.reachability.isWhole)
        if network.reachability.isWhole {
            watch.troubles.end(.network, at: now)
        } else {
            watch.troubles.begin(.network, at: now)
        }
        if calm.isNetworkWhole { lastHealed = now }
    }
}
