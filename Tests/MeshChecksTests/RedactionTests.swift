import MeshChecks
import MeshCore
import Testing

struct RedactionTests {
    private let redaction = Redaction([
        Secret("Hunter2!"), Secret("Hunter2!more"), Secret("no"), Secret("two\nlines"),
    ])

    @Test(
        arguments: [
            ("said Hunter2!, and Hunter2!Hunter2!", "said ***, and ******"),
            // A host's name comes back in small letters.
            ("no A record for hunter2!.example", "no A record for ***.example"),
            ("Hunter2!more than that", "*** than that"),
            ("Hunter2!mor than that", "***mor than that"),
            ("no, nobody", "no, nobody"),
            ("in two lines", "in ***"),
            ("HuHunter2!", "Hu***"),
            ("é Hunter2! é", "é *** é"),
        ])
    func `a secret is masked however it is written`(text: String, expected: String) {
        #expect(redaction.redact(text) == expected)
    }

    @Test(
        arguments: [
            ("it begins 'say Hunter2'", "it begins 'say ***'"), ("\"Hunt\"", "\"***\""),
            ("for Hunter…, not", "for ***…, not"), ("it ends Hunte", "it ends ***"),
            ("Hunter here", "Hunter here"), ("Hun", "Hun"),
        ])
    func `one that was cut is masked where it was`(text: String, expected: String) {
        #expect(redaction.redact(text) == expected)
    }

    @Test func `a reason that was cut within a secret shows nothing of it`() {
        let cut = Reason(String(repeating: "x", count: Reason.byteCountMax - 6) + "Hunter2!")
        #expect(cut.text.hasSuffix("xHunter"))
        #expect(redaction.redact(cut).text.hasSuffix("x***"))
    }

    @Test(arguments: ["DB_PASS", "PGPASSWORD", "SMTP_PWD", "api-key", "X-Auth", "Session"])
    func `a variable's name tells of a secret`(name: String) throws {
        let variable = try #require(EnvironmentVariable(name: name, value: Secret("abcd")))
        #expect(variable.isConfidential)
    }
}
