package import MeshChecks
package import MeshCore
import MeshEngine
package import MeshNotices

/// All checks, definitions and contacts of a world by number and by id, and the plans made of them.
package struct CheckTable: Sendable {
    package let mesh: MeshID
    package let ids: [CheckID]
    package let contacts: [ContactID]
    private let setup: WatchSetup
    private let sabotage: Sabotage?
    private let cryptography: FakeCryptography
    private let names: [CheckName]
    // Only looked up.
    private let numbers: [CheckID: Int]
    private let contactNumbers: [ContactID: Int]
    private var rules: [DefinitionID: VotingRule] = [:]
    /// What places without skew are given.
    private var standard = WatchPlan()

    init(
        _ setup: WatchSetup, in mesh: MeshID, sabotage: Sabotage?,
        using cryptography: FakeCryptography
    ) {
        self.setup = setup
        self.mesh = mesh
        self.sabotage = sabotage
        self.cryptography = cryptography
        names = (0..<setup.checkCount).map { Self.name("check-\($0)") }
        ids = names.map { CheckID(of: $0, in: mesh, using: cryptography) }
        contacts = (0..<setup.contactCount).map {
            ContactID(named: Self.name("contact-\($0)"), in: mesh, using: cryptography)
        }
        numbers = Dictionary(uniqueKeysWithValues: zip(ids, ids.indices))
        contactNumbers = Dictionary(uniqueKeysWithValues: zip(contacts, contacts.indices))
        standard = makePlan(PlanSkew())
    }

    // MARK: What is what

    package func number(of id: CheckID) -> Int? { numbers[id] }
    package func contactNumber(of id: ContactID) -> Int? { contactNumbers[id] }
    package func name(of check: Int) -> String { names[check].text }

    /// The rule as configured, in the truth of the world: a planted fault may have given nodes
    /// another one.
    package func rule(of check: Int, revision: Int = 0) -> VotingRule {
        setup.ruleByCheck[check] ?? setup.rules[min(revision, setup.rules.count - 1)]
    }

    /// What stands behind a check's definition besides its rule.
    func textID(of check: Int, revision: Int = 0) -> DefinitionTextID {
        DefinitionTextID(of: Self.text(of: check, revision: revision), using: cryptography)
    }

    private static func text(of check: Int, revision: Int) -> [UInt8] {
        Array("target \(check), revision \(revision)".utf8)
    }

    /// The true rule behind a definition that some node was given; `nil` for one that nobody was.
    package func rule(of definition: DefinitionID) -> VotingRule? { rules[definition] }

    /// How a check's contact is told, by everybody who has the route.
    package func route(of check: Int) -> (contact: Int, route: Route)? {
        guard !contacts.isEmpty else { return nil }
        let contact = check % contacts.count
        let route = Route(
            contact: contacts[contact], on: setup.wantedByContact[contact] ?? setup.wanted,
            tellsDegraded: setup.contactsToldDegraded.contains(contact))
        return (contact, route)
    }

    /// Who is told that the mesh has lost its quorum.
    package var meshContacts: Range<Int> {
        setup.tellsMesh ? 0..<min(1, contacts.count) : contacts.indices
    }

    // MARK: Plans

    mutating func plan(_ skew: PlanSkew?) -> WatchPlan {
        guard let skew, skew != PlanSkew() else { return standard }
        return makePlan(skew)
    }

    private mutating func makePlan(_ skew: PlanSkew) -> WatchPlan {
        var plan = WatchPlan()
        plan.checks.reserveCapacity(ids.count)
        for check in ids.indices where !skew.lacksChecks.contains(check) {
            var definition = definition(of: check, revision: skew.revisions[check] ?? 0)
            definition.isEnabled = !skew.disabledChecks.contains(check)
            plan.checks.append(definition)
            if !skew.lacksRoutes.contains(check), let route = route(of: check)?.route {
                plan.routes[ids[check]] = [route]
            }
        }
        for (number, contact) in contacts.enumerated()
        where !skew.lacksContacts.contains(number) {
            plan.contacts.insert(contact)
        }
        if setup.tellsMesh, let contact = contacts.first {
            plan.meshRoutes = [Route(contact: contact, on: .both)]
        }
        return plan
    }

    private mutating func definition(of check: Int, revision: Int) -> CheckDefinition {
        let rule = rule(of: check, revision: revision)
        let definition = CheckDefinition(
            name: names[check], rule: Saboteur.sabotaged(rule, by: sabotage),
            timeout: setup.timeout, text: Self.text(of: check, revision: revision),
            in: mesh, using: cryptography)
        rules[definition.definition] = rule
        return definition
    }

    private static func name(_ text: String) -> CheckName {
        guard let name = CheckName(text) else {
            preconditionFailure("expected a name of the simulator's own making to be valid")
        }
        return name
    }
}
