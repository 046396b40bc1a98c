import MeshChecks
import MeshCore
import MeshNotices

/// Reads `depends_on` of all checks: names of other checks, which must exist and lead back to none.
struct DependencyReader {
    static let key = "depends_on"
    /// Of one check, and, with what those depend on in their turn, of all of them together.
    static let basesMax = 16
    static let closureMax = 64
    /// A flip takes its owners a moment beyond the looks that it needs.
    private static let decidingTime = TimeSpan.seconds(5)

    /// Each check with what it was read from, in the order of the file.
    let entries: [(section: Section, check: CheckSettings)]
    /// Entries that were refused: what is said of them is no second problem.
    let refusedNames: Set<String>

    func read() -> [CheckID: Dependency] {
        let places = Dictionary(
            entries.enumerated().map { ($1.check.definition.name.text, $0) },
            uniquingKeysWith: { first, _ in first })
        let named = entries.indices.map { bases(of: $0, places) }
        guard named.contains(where: { !$0.isEmpty }) else { return [:] }
        let closures = closures(of: named)
        var dependencies: [CheckID: Dependency] = [:]
        for (place, closure) in closures where !closure.isEmpty {
            let check = entries[place].check.definition
            let bases = closure.sorted().map { base in
                let definition = entries[base].check.definition
                return Dependency.Base(definition.id, definition.name)
            }
            let looks = check.rule.interval * (check.rule.delay + 1) + check.timeout
            dependencies[check.id] = Dependency(bases, grace: looks + Self.decidingTime)
        }
        return dependencies
    }

    /// Where those stand that one check names.
    private func bases(of place: Int, _ places: [String: Int]) -> [Int] {
        let (section, check) = entries[place]
        var bases: [Int] = []
        for text in section.texts(Self.key, max: Self.basesMax) {
            func complain(_ message: String) {
                section.context.complain(text.path, message, at: text.offset)
            }
            guard let base = places[text.text] else {
                guard !refusedNames.contains(text.text) else { continue }
                let known = places.keys.filter { $0 != check.definition.name.text }.sorted()
                let hint = NearestWord.to(text.text, among: known)
                    .map { ": the nearest name is \"\($0)\"" }
                complain("there is no check \"\(text.text)\"\(hint ?? "")")
                continue
            }
            guard base != place else {
                complain("is this check itself: leave it out")
                continue
            }
            guard entries[base].check.definition.isEnabled else {
                section.warn(
                    Self.key, "\"\(text.text)\" is switched off: nothing depends on it meanwhile")
                continue
            }
            if !bases.contains(base) { bases.append(base) }
        }
        return bases
    }

    /// What each depends on, all in all. Those come first that depend on nothing (Kahn), so that
    /// however long a chain is no stack grows; what is left runs in circles.
    private func closures(of named: [[Int]]) -> [Int: Set<Int>] {
        var closures: [Int: Set<Int>] = [:]
        var missing = named.map(\.count)
        var dependants = [[Int]](repeating: [], count: named.count)
        for (place, bases) in named.enumerated() {
            for base in bases { dependants[base].append(place) }
        }
        var ready = named.indices.filter { missing[$0] == 0 }
        while let place = ready.popLast() {
            var closure = Set(named[place])
            for base in named[place] { closure.formUnion(closures[base] ?? []) }
            if closure.count > Self.closureMax {
                entries[place].section.complain(
                    Self.key,
                    "depends on \(closure.count) checks, all in all, above the maximum of"
                        + " \(Self.closureMax)")
                closure = []
            }
            closures[place] = closure
            for dependant in dependants[place] {
                missing[dependant] -= 1
                if missing[dependant] == 0 { ready.append(dependant) }
            }
        }
        complainOfCircles(among: named) { closures[$0] == nil }
        return closures
    }

    /// Each circle once, at its first check in the file. Whoever is only behind one is left alone.
    private func complainOfCircles(among named: [[Int]], _ isLeft: (Int) -> Bool) {
        var seen: Set<Int> = []
        for start in named.indices where isLeft(start) && !seen.contains(start) {
            var way: [Int] = []
            var place = start
            while seen.insert(place).inserted {
                way.append(place)
                guard let next = named[place].first(where: isLeft) else { break }
                place = next
            }
            guard let first = way.firstIndex(of: place) else { continue }
            let circle = Array(way[first...])
            let head = circle.min() ?? place
            let turn = circle.firstIndex(of: head) ?? 0
            let names = (circle[turn...] + circle[..<turn] + [head]).prefix(8).map {
                "\"\(entries[$0].check.definition.name.text)\""
            }
            entries[head].section.complain(
                Self.key, "leads back to this check: \(names.joined(separator: " -> "))")
        }
    }
}
