import MeshChecks
import MeshCore
import Testing

@testable import MeshCheckers

struct StartTLSDialogueTests {
    typealias Step = StartTLSDialogue.Step

    private static func say(_ text: String) -> Step { .say(Array(text.utf8)) }

    /// What each piece of the server's is answered with.
    private func talk(
        _ kind: StartTLS, _ pieces: [String], from own: SocketAddress? = nil
    ) -> [Step] {
        var dialogue = StartTLSDialogue(kind, from: own)
        return pieces.map { dialogue.hear(Array($0.utf8)) }
    }

    @Test func `an SMTP server is greeted, asked, and taken at its word`() {
        let hello = "EHLO [192.0.2.1]\r\n"
        let own = SocketAddress(ipv4: 0xC000_0201, port: 4_000)
        #expect(
            talk(
                .smtp,
                [
                    "220-mail.example\r\n220 ", "ready\r\n", "250-mail.example\r\n250-SIZE 1\r\n",
                    "250-starttls\r\n250 HELP\r\n", "220 go\r\n",
                ], from: own)
                == [
                    .waiting, Self.say(hello), .waiting, Self.say("STARTTLS\r\n"), .ready,
                ])
        let six = SocketAddress(host: Bytes16(high: 0x2001_0DB8 << 32, low: 1), port: 25)
        #expect(talk(.smtp, ["220 x\n"], from: six) == [Self.say("EHLO [IPv6:2001:db8::1]\r\n")])
    }

    @Test(
        arguments: [
            ("554 no service\r\n", "the server greets with '554 no service'"),
            ("220 x\r\n502 what\r\n", "the server answers EHLO with '502 what'"),
            ("220 x\r\n250-a\r\n250 SIZE\r\n", "the server offers no STARTTLS"),
            ("220 x\r\n250 STARTTLS\r\n", nil),
            ("220 x\r\n250 a\r\n", "the server offers no STARTTLS"),
            (
                "220 x\r\n250-a\r\n250 STARTTLS\r\n454 not now\r\n",
                "the server refuses STARTTLS: '454 not now'"
            ),
            (
                "220 x\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n250 injected\r\n",
                "the server says more in plain text after it agreed to TLS"
            ),
            ("SSH-2.0-OpenSSH_9.2\r\n", "the answer is not SMTP's: 'SSH-2.0-OpenSSH_9.2'"),
            ("220mail\r\n", "the answer is not SMTP's: '220mail'"),
        ] as [(String, String?)])
    func `an SMTP server that does not go along is told of`(said: String, words: String?) {
        let last = talk(.smtp, [said]).last
        #expect(words.map { last == .failed($0) } ?? (last != nil))
    }

    @Test func `IMAP, POP3 and PostgreSQL are asked in their own words`() {
        #expect(
            talk(.imap, ["* OK IMAP4rev1\r\n", "* CAPABILITY x\r\n", "a OK begin\r\n"])
                == [Self.say("a STARTTLS\r\n"), .waiting, .ready])
        #expect(
            talk(.imap, ["* PREAUTH\r\n"]) == [.failed("the server greets with '* PREAUTH'")])
        #expect(
            talk(.imap, ["* OK\r\na BAD no\r\n"])
                == [.failed("the server refuses STARTTLS: 'a BAD no'")])
        #expect(
            talk(.imap, ["* OK\r\n", "a OK\r\n* more\r\n"]).last
                == .failed("the server says more in plain text after it agreed to TLS"))

        #expect(talk(.pop3, ["+OK\r\n", "+OK\r\n"]) == [Self.say("STLS\r\n"), .ready])
        #expect(talk(.pop3, ["-ERR full\r\n"]) == [.failed("the server greets with '-ERR full'")])
        #expect(
            talk(.pop3, ["+OK\r\n", "-ERR no\r\n"]).last
                == .failed("the server refuses STARTTLS: '-ERR no'"))

        #expect(StartTLSDialogue(.postgres, from: nil).opening.count == 8)
        #expect(talk(.postgres, ["S"]) == [.ready])
        #expect(talk(.postgres, ["N"]) == [.failed("the server offers no TLS")])
        #expect(
            talk(.postgres, ["SS"])
                == [.failed("the server says more in plain text after it agreed to TLS")])
        #expect(
            talk(.postgres, ["220 x"])
                == [.failed("the answer to SSLRequest is not PostgreSQL's")])
        let failed = "the server answers SSLRequest with an error"
        #expect(
            talk(.postgres, ["E\0\0\0\u{26}SFATAL\0C53300\0Mtoo many clients\0\0"])
                == [.failed("\(failed): 'too many clients'")])
        #expect(
            talk(.postgres, ["Ecould not fork\n\0"]) == [.failed("\(failed): 'could not fork\n'")])
        #expect(talk(.postgres, ["E"]) == [.failed(failed)])
        #expect(talk(.postgres, ["E\0\0"]) == [.failed(failed)])
    }

    @Test(arguments: StartTLS.allCases)
    func `a server that never comes to the point is left`(kind: StartTLS) {
        var dialogue = StartTLSDialogue(kind, from: nil)
        var last = Step.waiting
        for _ in 0..<17 { last = dialogue.hear([UInt8](repeating: 0x20, count: 1_024)) }
        guard case .failed = last else { Issue.record("still listening"); return }
    }

    @Test(arguments: StartTLS.allCases)
    func `nothing that is said stops it`(kind: StartTLS) {
        let words = [
            "220 x\r\n", "250-STARTTLS\r\n", "250 STARTTLS\r\n", "* OK\r\n", "a OK\r\n", "+OK\r\n",
            "S", "N", "\r\n", "\n", "\u{0}", "250", "-", "é",
        ].map { Array($0.utf8) }
        for seed in 0..<2_000 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var dialogue = StartTLSDialogue(kind, from: nil)
            for _ in 0..<8 {
                let next = Int(generator.next() % UInt64(words.count + 1))
                let piece =
                    next < words.count
                    ? words[next] : (0..<5).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                let step = dialogue.hear(piece)
                if step == .ready { break }
                if case .failed = step { break }
            }
        }
    }
}
