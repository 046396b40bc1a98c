/// Which addresses of a host are wanted.
package enum AddressFamily: UInt8, Sendable, Hashable {
    case any, v4, v6
}
