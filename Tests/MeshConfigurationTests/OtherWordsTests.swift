import Testing

@testable import MeshConfiguration

/// Whoever writes another tool's words is told ours.
struct OtherWordsTests {
    private static let kinds = [
        "dns": #""type": "dns", "hostname": "a.example""#,
        "exec": #""type": "exec", "command": "/bin/true""#,
        "http": #""type": "http", "url": "https://a.example/""#,
        "icmp": #""type": "icmp", "target": "a.example""#,
        "tcp": #""type": "tcp", "address": "a.example:1""#,
        "tls": #""type": "tls", "address": "a.example:1""#,
    ]

    private func problems(of type: String, with members: String) -> [String] {
        let kind = Self.kinds[type] ?? ""
        return Reading().problems(
            "{\(Reading.mesh), \"checks\": [{\"name\": \"a\", \(kind), \(members)}]}")
    }

    @Test(arguments: kinds.keys.sorted())
    func `another tool's key is answered with ours, which there is`(type: String) throws {
        let own = try #require(OtherWords.keys[type])
        for word in Set(own.keys).union(OtherWords.usualKeys.keys) {
            let key = try #require(OtherWords.key(word, of: type))
            let expected = "checks[0].\(word): unknown key: it is called \"\(key)\" here"
            #expect(problems(of: type, with: "\"\(word)\": null").contains(expected))
            let isThere = Self.kinds[type]?.contains("\"\(key)\":") == true || key == "name"
            let answers = isThere ? [] : problems(of: type, with: "\"\(key)\": null")
            #expect(!answers.contains { $0.contains("unknown key") }, "\(key)")
        }
    }

    @Test func `another tool's type is answered with ours, which there is`() {
        for (word, type) in OtherWords.types {
            #expect(Self.kinds[type] != nil)
            let json =
                "{\(Reading.mesh), \"checks\": [{\"name\": \"a\", \"type\": \"\(word)\"}]}"
            #expect(
                Reading().problems(json) == [
                    "checks[0].type: \"\(word)\" is unknown: it is called \"\(type)\" here"
                ])
        }
    }

    @Test(arguments: [
        ("exec", "ARGS", "it is called \"arguments\" here"),
        ("http", "status", "the nearest known key is \"expect_status\""),
        ("http", "tls_ca_file_path", "the nearest known key is \"tls_ca_file\""),
        ("http", "skip_verify", "the nearest known key is \"tls_skip_verify\""),
        ("dns", "record_kind", "the nearest known key is \"record\""),
        ("exec", "environ", "the nearest known key is \"environment\""),
    ])
    func `a word that is part of a key is answered with it`(
        type: String, word: String, hint: String
    ) {
        #expect(
            problems(of: type, with: "\"\(word)\": null")
                == ["checks[0].\(word): unknown key: \(hint)"])
    }

    @Test func `a word within a word, and a short one, are no hint`() {
        #expect(NearestWord.holding("hostname", among: ["name", "us"]) == nil)
        #expect(NearestWord.holding("us_east", among: ["name", "us"]) == nil)
    }
}
