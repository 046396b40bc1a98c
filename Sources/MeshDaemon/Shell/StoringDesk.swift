import MeshCore
import MeshEngine
import MeshHistory
import MeshPlatform

/// Writes down what the node wants kept, and tells it of a disk that takes nothing.
final class StoringDesk {
    /// Whom the node knows is written this long after it changed: changes come in crowds.
    private static let membersDelay = TimeSpan.seconds(1)
    /// And this often in any case, for how long somebody has been dead is part of it.
    private static let membersPeriod = TimeSpan.minutes(10)

    private let store: StateStore
    private unowned let shell: NodeShell
    private let log: Log
    private var areMembersDue = false

    init(_ shell: NodeShell, _ store: StateStore, _ log: Log) {
        self.shell = shell
        self.store = store
        self.log = log
        store.report = { [unowned self] in self.hear($0) }
        keepMembers()
    }

    func store(_ item: StoredItem, _ token: StoreToken?) {
        guard let token else { return store.store(item) }
        // Not durable is an answer, too: see `StoreOutcome`.
        store.store(item) { [unowned self] _ in
            shell.tell { node, now in node.handleStored(token, now: now) }
        }
    }

    func store(generation: UInt32) {
        store.storeGeneration(generation) { [unowned self] _ in
            shell.tell { node, now in node.handleGenerationStored(generation, now: now) }
        }
    }

    // MARK: Members

    func noteMembersChanged() {
        guard !areMembersDue else { return }
        areMembersDue = true
        shell.loop.schedule(at: shell.loop.now + Self.membersDelay) { [weak self] in
            self?.storeMembers()
        }
    }

    func storeMembers() {
        areMembersDue = false
        store.storeMembers(shell.node.entriesToStore)
    }

    private func keepMembers() {
        shell.loop.schedule(at: shell.loop.now + Self.membersPeriod) { [weak self] in
            self?.storeMembers()
            self?.keepMembers()
        }
    }

    // MARK: The disk

    private func hear(_ event: DiskEvent) {
        switch event {
        case .fault(let file, let fault):
            log.error("cannot write", ("file", file.rawValue), ("error", fault.description))
        case .over(let file): log.info("can write again", ("file", file.rawValue))
        case .setAside(let file, let path, let reason):
            log.error(
                "a corrupt file was set aside", ("file", file.rawValue), ("as", path),
                ("error", reason))
        }
        let words = store.faults.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue): \($0.value)" }.joined(separator: "; ")
        shell.tell { node, now in
            node.noteFault(.fullDisk, words.isEmpty ? nil : words, now: now)
        }
    }
}
