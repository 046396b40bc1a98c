import Glibc
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

struct NativeAddressTests {
    @Test(arguments: [
        SocketAddress(ipv4: 0xC0_00_02_01, port: 7_946), SocketAddress(ipv4: .max, port: .max),
        SocketAddress(host: Bytes16(high: 0x2001_0DB8_0000_0001, low: 0x0102), port: 80),
        SocketAddress(host: .zero, port: 0),
    ])
    func `an address survives the kernel's form, in each family that can say it`(
        address: SocketAddress
    ) {
        for family in address.isIPv4 ? [AF_INET, AF_INET6] : [AF_INET6] {
            // What is lent is read within the closure, to the length that was lent.
            let again = unsafe address.withNative(family: family) { native, count in
                #expect(unsafe native.pointee.sa_family == sa_family_t(family))
                let short = unsafe SocketAddress(native: native, count: count - 1)
                #expect(short == nil)
                return unsafe SocketAddress(native: native, count: count)
            }
            #expect(again == address)
        }
    }
}

struct AddressLookupTests {
    private func find(_ host: String) throws -> AddressLookup.Answer? {
        let loop = try EventLoop()
        let lookup = try AddressLookup(answeringBy: LoopInbox(on: loop))
        let answers = Heard<AddressLookup.Answer>()
        #expect(lookup.find(host, port: 7_946) { answers.all.append($0) })
        #expect(answers.count == 0)
        try loop.run { answers.count == 1 }
        return answers.all.first
    }

    @Test func `localhost is found, with the port that was asked for`() throws {
        let addresses = try #require(try find("localhost")).get()
        let loopback = [SocketAddress.anyIPv4, .anyIPv6].map { $0.with(port: 7_946) }
        #expect(!addresses.isEmpty)
        #expect(Set(addresses).count == addresses.count)
        for address in addresses { #expect(loopback.contains(address)) }
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `a number is its own address`(host: String) throws {
        let found = try #require(try find(host)).get()
        #expect(found.count == 1)
        #expect(found[0].description.contains(host))
    }

    @Test func `a name that can't be one fails with its name in words`() throws {
        let answer = try #require(try find("no such name"))
        let failure = #expect(throws: AddressLookup.Failure.self) { try answer.get() }
        #expect(failure?.description.hasPrefix("no such name: ") == true)
    }

    @Test func `names beyond the bound are refused, the others all answered`() throws {
        let loop = try EventLoop()
        let inbox = try LoopInbox(on: loop)
        let lookup = try AddressLookup(answeringBy: inbox)
        let answers = Heard<AddressLookup.Answer>()
        var takenCount = 0
        for _ in 0..<4 * AddressLookup.waitingMax {
            if lookup.find("127.0.0.1", port: 1, { answers.all.append($0) }) { takenCount += 1 }
        }
        #expect(takenCount >= AddressLookup.waitingMax)
        try loop.run { answers.count == takenCount }
    }
}
