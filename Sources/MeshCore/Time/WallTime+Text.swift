/// Wall times as people and programs read them: RFC 3339 in UTC with milliseconds.
extension WallTime {
    /// `2026-01-01T00:00:00.000Z`. Years of more than four digits are written as 9999: RFC 3339 has
    /// none, and a time that far off is wrong anyway.
    package var rfc3339: String { String(decoding: rfc3339Bytes, as: UTF8.self) }

    package var rfc3339Bytes: [UInt8] {
        let shown = min(milliseconds, Self.last)
        let (year, month, day) = Self.date(ofDay: Int(shown / 86_400_000))
        let rest = Int(shown % 86_400_000)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        func put(_ number: Int, digits: Int, then separator: Unicode.Scalar) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
            bytes.append(UInt8(ascii: separator))
        }
        put(year, digits: 4, then: "-")
        put(month, digits: 2, then: "-")
        put(day, digits: 2, then: "T")
        put(rest / 3_600_000, digits: 2, then: ":")
        put(rest / 60_000 % 60, digits: 2, then: ":")
        put(rest / 1_000 % 60, digits: 2, then: ".")
        put(rest % 1_000, digits: 3, then: "Z")
        return bytes
    }

    /// Reads RFC 3339 with any offset and any number of fractional digits, of which three count.
    /// `nil` for anything else, and for times before 1970.
    package init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ count: Int, in range: ClosedRange<Int>) -> Int? {
            guard rest.count >= count else { return nil }
            var value = 0
            for byte in rest.prefix(count) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            rest = rest.dropFirst(count)
            return range.contains(value) ? value : nil
        }
        func skip(_ scalars: Unicode.Scalar...) -> Bool {
            guard let first = rest.first, scalars.contains(Unicode.Scalar(first)) else {
                return false
            }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4, in: 1970...9999), skip("-"),
            let month = number(2, in: 1...12), skip("-"),
            let day = number(2, in: 1...Self.days(inMonth: month, of: year)), skip("T", "t", " "),
            let hour = number(2, in: 0...23), skip(":"),
            let minute = number(2, in: 0...59), skip(":"),
            let second = number(2, in: 0...59)
        else { return nil }
        var thousandths = 0
        if skip(".") {
            var count = 0
            while let digit = number(1, in: 0...9) {
                if count < 3 { thousandths = thousandths * 10 + digit }
                count += 1
            }
            guard count > 0 else { return nil }
            for _ in min(count, 3)..<3 { thousandths *= 10 }
        }
        var offset = 0
        if !skip("Z", "z") {
            guard let sign = rest.first, skip("+", "-"), let hours = number(2, in: 0...23),
                skip(":"), let minutes = number(2, in: 0...59)
            else { return nil }
            offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
        }
        guard rest.isEmpty else { return nil }
        let seconds =
            Self.day(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        guard seconds >= 0 else { return nil }
        self.init(milliseconds: UInt64(seconds) * 1_000 + UInt64(thousandths))
    }

    /// 9999-12-31T23:59:59.999Z.
    private static var last: UInt64 { 253_402_300_799_999 }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // The proleptic Gregorian calendar in 400-year eras of years that begin in March, so that the
    // leap day is a year's last.

    private static func date(ofDay number: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }
}
