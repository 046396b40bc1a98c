// swift-tools-version: 6.2
import PackageDescription

// Checkmesh depends on no Swift package: what is here and the C libraries of the operating system
// are all of it. One list of settings serves every target, so that none is held to less.
// `scripts/check-layers` holds the `import` lines against the arrows drawn here, because SwiftPM
// lets a transitive import compile.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
]

/// Every target but the core's first needs that one.
func module(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(
        name: name, dependencies: (name == "MeshCore" ? [] : ["MeshCore"]) + dependencies,
        swiftSettings: strict)
}

/// SwiftPM makes a product of each by itself.
func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(name: name, dependencies: ["MeshCore"] + dependencies, swiftSettings: strict)
}

/// The tests of a target: what it is, and what else they touch.
func tests(of name: String, _ dependencies: Target.Dependency...) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: (name == "MeshCore" ? [] : ["MeshCore"])
            + [.init(stringLiteral: name)] + dependencies,
        swiftSettings: strict)
}

/// A C library of the operating system, by its names for pkg-config, apt and brew.
func system(_ name: String, _ pkgConfig: String, apt: String, brew: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

// Core: values only. No clock, no socket, no system randomness, no Foundation.
let core: [Target] = [
    module("MeshCore"),
    module("MeshMembership"),
    module("MeshChecks"),
    module("MeshPlacement", "MeshChecks"),
    module("MeshVerdicts", "MeshChecks", "MeshPlacement"),
    module("MeshNotices", "MeshChecks"),
    module(
        "MeshEngine", "MeshMembership", "MeshChecks", "MeshPlacement", "MeshVerdicts",
        "MeshNotices"),
]

// Platform: where the operating system's libraries, and `unsafe`, are.
let platform: [Target] = [
    .target(name: "CLinux"),
    system("COpenSSL", "libssl", apt: "libssl-dev", brew: "openssl@3"),
    system("CAres", "libcares", apt: "libc-ares-dev", brew: "c-ares"),
    system("CPCRE2", "libpcre2-8", apt: "libpcre2-dev", brew: "pcre2"),
    system("CCurl", "libcurl", apt: "libcurl4-openssl-dev", brew: "curl"),
    system("CSQLite", "sqlite3", apt: "libsqlite3-dev", brew: "sqlite"),
    system("CMicroHTTPD", "libmicrohttpd", apt: "libmicrohttpd-dev", brew: "libmicrohttpd"),
    module("MeshPlatform", "CLinux"),
    module("MeshCrypto", "COpenSSL"),
    module("MeshStreams", "MeshPlatform", "MeshCrypto"),
    module("MeshResolver", "MeshPlatform", "CAres"),
    module("MeshHTTPClient", "MeshPlatform", "MeshResolver", "CCurl"),
    module("MeshPatterns", "CPCRE2"),
]

// Adapters: each knows the core's words and the platform's, never another adapter.
let adapters: [Target] = [
    module(
        "MeshCheckers", "MeshChecks", "MeshPlatform", "MeshCrypto", "MeshPatterns",
        "MeshResolver", "MeshHTTPClient"),
    module(
        "MeshNotifiers", "MeshChecks", "MeshNotices", "MeshPlatform", "MeshResolver",
        "MeshHTTPClient"),
    module(
        "MeshHistory", "MeshChecks", "MeshMembership", "MeshVerdicts", "MeshPlatform",
        "CSQLite"),
    module(
        "MeshStatus", "MeshMembership", "MeshChecks", "MeshVerdicts", "MeshNotices",
        "MeshEngine", "MeshPlatform", "CMicroHTTPD"),
]

// Assembly: JSON to finished values, and all of it joined.
let assembly: [Target] = [
    module(
        "MeshConfiguration", "MeshChecks", "MeshNotices", "MeshEngine", "MeshPlatform",
        "MeshPatterns"),
    module(
        "MeshDaemon", "MeshMembership", "MeshChecks", "MeshVerdicts", "MeshNotices",
        "MeshEngine", "MeshPlatform", "MeshCrypto", "MeshStreams", "MeshResolver",
        "MeshHTTPClient", "MeshCheckers", "MeshNotifiers", "MeshHistory", "MeshStatus",
        "MeshConfiguration"),
]

let programs: [Target] = [
    // The simulator drives whole nodes on virtual time, and nothing above the core.
    module("MeshSimulator", "MeshMembership", "MeshEngine"),
    program(
        "checkmesh", "MeshChecks", "MeshPlacement", "MeshVerdicts", "MeshEngine",
        "MeshPlatform", "MeshCrypto", "MeshResolver", "MeshHTTPClient", "MeshCheckers",
        "MeshConfiguration", "MeshDaemon"),
    program("checkmesh-sim", "MeshMembership", "MeshSimulator"),
    program(
        "checkmesh-bench", "MeshChecks", "MeshPlatform", "MeshResolver",
        "MeshHTTPClient", "MeshCheckers"),
]

// One folder per target, and what they share.
let testing: [Target] = [
    .target(
        name: "MeshTestSupport", dependencies: ["MeshCore", "MeshPlatform"],
        path: "Tests/MeshTestSupport", swiftSettings: strict),
    tests(of: "MeshCore"),
    tests(of: "MeshMembership", "MeshTestSupport"),
    tests(of: "MeshChecks", "MeshTestSupport"),
    tests(of: "MeshPlacement", "MeshChecks", "MeshTestSupport"),
    tests(of: "MeshVerdicts", "MeshChecks", "MeshPlacement", "MeshTestSupport"),
    tests(of: "MeshNotices", "MeshChecks", "MeshTestSupport"),
    tests(of: "MeshEngine", "MeshMembership", "MeshCrypto", "MeshTestSupport"),
    tests(of: "MeshCrypto"),
    tests(of: "MeshPatterns"),
    tests(of: "MeshPlatform", "MeshTestSupport"),
    tests(of: "MeshStreams", "MeshPlatform", "MeshCrypto", "MeshTestSupport"),
    tests(of: "MeshResolver", "MeshPlatform", "MeshTestSupport"),
    tests(of: "MeshHTTPClient", "MeshPlatform", "MeshResolver", "MeshTestSupport"),
    tests(
        of: "MeshCheckers", "MeshChecks", "MeshPlatform", "MeshResolver", "MeshHTTPClient",
        "MeshTestSupport"),
    tests(
        of: "MeshNotifiers", "MeshChecks", "MeshNotices", "MeshPlatform", "MeshResolver",
        "MeshHTTPClient", "MeshTestSupport"),
    tests(of: "MeshHistory", "MeshChecks", "MeshMembership", "MeshPlatform", "MeshTestSupport"),
    tests(
        of: "MeshStatus", "MeshChecks", "MeshMembership", "MeshNotices", "MeshVerdicts",
        "MeshEngine", "MeshPlatform", "MeshTestSupport"),
    tests(of: "MeshConfiguration", "MeshChecks", "MeshNotices", "MeshEngine", "MeshTestSupport"),
    tests(
        of: "MeshDaemon", "MeshChecks", "MeshConfiguration", "MeshCrypto", "MeshEngine",
        "MeshHTTPClient", "MeshHistory", "MeshMembership", "MeshPlatform", "MeshStreams",
        "MeshTestSupport", "MeshVerdicts", "checkmesh"),
    tests(
        of: "checkmesh", "MeshChecks", "MeshPlacement", "MeshVerdicts", "MeshPlatform",
        "MeshCrypto", "MeshConfiguration", "MeshTestSupport"),
    tests(of: "MeshSimulator", "MeshMembership", "MeshEngine"),
]

let package = Package(
    name: "checkmesh",
    targets: core + platform + adapters + assembly + programs + testing
)
