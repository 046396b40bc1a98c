import MeshChecks
import MeshConfiguration
import MeshCore
import MeshPlacement
import MeshPlatform
import MeshVerdicts

/// Proves a flip certificate from itself: exit 0 if it holds, 1 if it does not.
struct VerifyCommand {
    let console: Console
    let format: OutputFormat
    let cryptography: any Cryptography

    /// Whose keys are believed, and in words.
    struct Believed {
        var trusted: TrustedKeys
        var words: String
        /// What the check may be called. A name is believed only if it hashes to the check's id.
        var checkNames: [String] = []
    }

    func run(
        _ file: CertificateFile, mesh: Label, believing believed: (Certificate) -> Believed
    ) -> ExitCode {
        let id = MeshID(named: mesh, using: cryptography)
        do throws(CertificateFile.Fault) {
            let certificate = try file.certificate(in: id, using: cryptography)
            let believed = believed(certificate)
            let outcome = Result { () throws(CertificateFault) in
                try CertificateVerifier.verify(
                    certificate, mesh: id, cryptography: cryptography, trusting: believed.trusted)
            }
            switch outcome {
            case .success(let verified):
                tell(verified, certificate, mesh, file, believed)
                return .fine
            case .failure(let fault):
                let hint = fault == .misnamed ? " (in the mesh \"\(mesh)\": --mesh NAME)" : ""
                refuse("\(fault)\(hint)")
                return .failed
            }
        } catch {
            refuse(error.message)
            return .failed
        }
    }

    func refuse(_ why: String) {
        switch format {
        case .table: console.complain("not proven: \(why)")
        case .json:
            console.print(
                JSONText.table([("proven", .flag(false)), ("reason", .text(why))]).line)
        }
    }

    private func tell(
        _ verified: Verified, _ certificate: Certificate, _ mesh: Label, _ file: CertificateFile,
        _ believed: Believed
    ) {
        let flip = verified.flip
        let id = MeshID(named: mesh, using: cryptography)
        let names = [file.checkName].compactMap(\.self) + believed.checkNames
        let name = names.first { text in
            CheckName(text).map { CheckID(of: $0, in: id, using: cryptography) } == flip.check
        }
        let previous = certificate.previous.word
        guard format == .table else {
            let signers = certificate.supporters.map(Self.json)
            console.print(
                JSONText.table([
                    ("proven", .flag(true)), ("mesh", .text(mesh.text)),
                    ("check", .optional(name)), ("check_id", .text(flip.check.description)),
                    ("flip", .text(flip.id.description)), ("epoch", .number(Int(flip.epoch))),
                    ("previous", .text(previous)), ("state", .text(flip.state.word)),
                    ("owners", .number(verified.owners)), ("quorum", .number(verified.quorum)),
                    ("zones", .number(verified.zonesSpanned)),
                    ("zones_required", .number(verified.zonesNeeded)),
                    ("definition", .optional(Self.text(of: certificate))),
                    ("believed", .text(believed.words)), ("signers", .list(signers)),
                ]).line)
            return
        }
        console.print(
            "proven: in the mesh \(mesh), \(name ?? "check \(flip.check)") went from \(previous)"
                + " to \(flip.state.word) (epoch \(flip.epoch), flip \(flip.id))")
        console.print(
            "signed by \(verified.signers.count) where \(verified.quorum) of"
                + " \(verified.owners) must agree, from"
                + " \(ValidateCommand.count(verified.zonesSpanned, "zone")) where"
                + " \(verified.zonesNeeded) must take part; keys: \(believed.words)")
        console.print("rule: \(Self.words(of: certificate.definition.rule))")
        if let text = Self.text(of: certificate) { console.print("definition: \(text)") }
        var table = Table([
            ("NODE", .left), ("ZONE", .left), ("SINCE", .left), ("REASON", .left),
        ])
        for supporter in certificate.supporters {
            table.add([
                .init(supporter.node.description), .init(Self.zone(of: supporter, certificate)),
                .init(supporter.entry.since.rfc3339), .init(supporter.entry.reason.text),
            ])
        }
        for line in table.lines(for: console) { console.print(line) }
    }

    private static func json(_ supporter: Certificate.Supporter) -> JSONText {
        .table([
            ("node", .text(supporter.node.description)),
            ("key", .text(supporter.key.bytes.hexadecimal)),
            ("reason", .text(supporter.entry.reason.text)),
            ("since", .text(supporter.entry.since.rfc3339)),
        ])
    }

    /// What a person compares with the configuration.
    private static func words(of rule: VotingRule) -> String {
        let quorum =
            switch rule.quorum {
            case .majority: "majority"
            case .all: "all"
            case .count(let count): "\(count)"
            }
        let zones = rule.zonesRequired.map { ", zones_required \($0)" } ?? ""
        return "interval \(rule.interval.inWords), confirmations \(rule.confirmations),"
            + " quorum \(quorum), delay \(rule.delay)\(zones)"
    }

    private static func zone(
        of supporter: Certificate.Supporter, _ certificate: Certificate
    ) -> String {
        certificate.rolls[supporter.rollIndex].zone(of: supporter.node)?.text ?? "-"
    }

    private static func text(of certificate: Certificate) -> String? {
        guard case .whole(let text) = certificate.definition.text else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
