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

    private let awkward = Redaction([
        Secret("Quo'ted7/and"), Secret("againagain"), Secret("p/w d&<\"'\\é>+1"),
        Secret("Quo'ted7"),
    ])

    @Test(
        arguments: [
            // Of all but what is unreserved, in both cases; of a form; of what must be; of a script.
            ("/?k=p%2Fw%20d%26%3C%22%27%5C%C3%A9%3E%2B1&x", "/?k=***&x"),
            ("/?k=p%2fw%20d%26%3c%22%27%5c%c3%a9%3e%2b1&x", "/?k=***&x"),
            ("k=p%2Fw+d%26%3C%22%27%5C%C3%A9%3E%2B1&x", "k=***&x"),
            ("/p/w%20d&%3C%22'%5C%C3%A9%3E+1/x", "/***/x"),
            ("<b>p/w d&amp;&lt;&quot;&#39;\\é&gt;+1</b>", "<b>***</b>"),
            ("<b>p/w d&amp;&lt;&#34;&#x27;\\&#233;&gt;&#43;1</b>", "<b>***</b>"),
            ("<b>p/w d&amp;&lt;\"&apos;\\&#xE9;>+1</b>", "<b>***</b>"),
            (#"{"k":"p/w d&<\"'\\é>+1"}"#, #"{"k":"***"}"#),
            (#"{"k":"p\/w d\u0026\u003c\"\u0027\\\u00e9\u003E+1"}"#, #"{"k":"***"}"#),
            (
                #"{"a%2Fb": "&amp;", "c\u0026": "1+1 \"x"}"#,
                #"{"a%2Fb": "&amp;", "c\u0026": "1+1 \"x"}"#
            ),
            (
                "%2, 100%, &lt, &#x;, &#999999999;, \\u12, %",
                "%2, 100%, &lt, &#x;, &#999999999;, \\u12, %"
            ),
        ])
    func `a secret is masked however it is escaped`(text: String, expected: String) {
        #expect(awkward.redact(text) == expected)
    }

    @Test(
        arguments: [
            ("it ends p%2Fw%20d%2", "it ends ***%2"), ("'p/w d&am'", "'***&am'"),
            (#"'p\/w d\u00…'"#, #"'***\u00…'"#),
            // The quotation mark is a part of it.
            // Its end alone is a beginning, too.
            ("it ends again%61gain", "it ends ***"), ("said Quo'ted7 here", "said *** here"),
            ("Quo'ted7%2Fand more", "*** more"),
            ("it begins 'Quo't'", "it begins '***'"),
        ])
    func `an escape that was cut hides nothing of it`(text: String, expected: String) {
        #expect(awkward.redact(text) == expected)
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
