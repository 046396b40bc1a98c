import MeshCore

/// Something in the world that is no node: an attacker now, targets and receivers of notices
/// later. It has an address of its own (`AddressPlan.address(ofOutsider:)`), may watch what
/// happens, and asks the world for wake-ups.
package protocol Outsider: Sendable {
    var interests: Happening.Kinds { get }
    mutating func begin(as number: Int, in world: World)
    mutating func wake(token: UInt32, in world: World)
    mutating func watch(_ happening: Happening, in world: World)
}
