import CCurl

/// URLs as libcurl has taken them apart, kept from one request to the next. It would take the text
/// apart anew for each, and put it together again to see whether it was a usual one: a fortieth of
/// what a check costs.
struct URLShelf {
    /// URLs that are kept, some 400 bytes each. When there are more, all are let go: checks come
    /// round in the same order again and again, so that whichever one was kept would be the wrong
    /// one.
    static let keptMax = 1_024

    private var kept: [String: ParsedURL] = [:]

    /// `nil` where libcurl shall read the text itself: what it cannot take apart, so that it says
    /// so, and an address in brackets, of which before 8.0 it forgets the zone.
    mutating func parsed(_ url: HTTPURL) -> ParsedURL? {
        if let known = kept[url.text] { return known }
        guard !url.host.utf8.contains(0x3A), let made = ParsedURL(url.text) else { return nil }
        if kept.count >= Self.keptMax { kept = [:] }
        kept[url.text] = made
        return made
    }
}

/// One URL in libcurl's own form. Transfers copy from it, at any time until they have begun, and
/// hold it for as long as they live.
///
/// Safe to hold: its pointer is made in `init`, freed in `deinit`, and never written to between.
@safe final class ParsedURL {
    let url: OpaquePointer

    init?(_ text: String) {
        // Answers a handle of our own, or NULL for want of memory.
        guard let url = unsafe curl_url() else { return nil }
        unsafe self.url = url
        // Copies the text.
        guard unsafe curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
    }

    deinit { unsafe curl_url_cleanup(url) }
}
