import Testing

@testable import MeshHTTPClient

@Suite struct URLShelfTests {
    @Test func `a URL is taken apart once`() throws {
        var shelf = URLShelf()
        let url = try HTTPURL("http://example.com/a?b")
        let first = shelf.parsed(url)
        let second = shelf.parsed(url)
        let other = shelf.parsed(try HTTPURL("http://example.com/a?c"))
        #expect(first != nil && first === second)
        #expect(other != nil && other !== first)
    }

    @Test func `when there are too many, all are let go`() throws {
        var shelf = URLShelf()
        weak let first = shelf.parsed(try HTTPURL("http://example.com/"))
        for number in 1..<URLShelf.keptMax {
            _ = shelf.parsed(try HTTPURL("http://example.com/\(number)"))
        }
        #expect(first != nil)
        _ = shelf.parsed(try HTTPURL("http://example.com/one-too-many"))
        #expect(first == nil)
    }

    @Test func `libcurl itself reads an address in brackets, and what is no URL`() throws {
        var shelf = URLShelf()
        let bracketed = shelf.parsed(try HTTPURL("http://[::1]/"))
        let wrong = HTTPURL(known: "http://a b/", isSecure: false, host: "a", port: 80)
        let none = shelf.parsed(wrong)
        #expect(bracketed == nil)
        #expect(none == nil)
    }
}
