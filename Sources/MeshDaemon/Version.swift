/// Which version of the program this is.
package enum Version {
    package static let text = "0.4.0"
}
