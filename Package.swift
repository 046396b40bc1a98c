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

let package = Package(
    name: "checkmesh",
    products: [
        .executable(name: "checkmesh-sim", targets: ["checkmesh-sim"]),
        .executable(name: "checkmesh-bench", targets: ["checkmesh-bench"]),
    ],
    targets: [
        // Core: values only. No clock, no socket, no system randomness, no Foundation.
        .target(name: "MeshCore", swiftSettings: strict),
        .target(name: "MeshMembership", dependencies: ["MeshCore"], swiftSettings: strict),
        .target(name: "MeshChecks", dependencies: ["MeshCore"], swiftSettings: strict),
        .target(
            name: "MeshPlacement", dependencies: ["MeshCore", "MeshChecks"], swiftSettings: strict),
        .target(
            name: "MeshVerdicts", dependencies: ["MeshCore", "MeshChecks", "MeshPlacement"],
            swiftSettings: strict),
        .target(
            name: "MeshNotices", dependencies: ["MeshCore", "MeshChecks"], swiftSettings: strict),
        .target(
            name: "MeshEngine",
            dependencies: [
                "MeshCore", "MeshMembership", "MeshChecks", "MeshPlacement", "MeshVerdicts",
                "MeshNotices",
            ],
            swiftSettings: strict),

        // Platform: where the operating system's libraries, and `unsafe`, are.
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .target(
            name: "MeshCrypto", dependencies: ["MeshCore", "COpenSSL"], swiftSettings: strict),

        .target(name: "CLinux"),
        .target(
            name: "MeshPlatform", dependencies: ["MeshCore", "CLinux"], swiftSettings: strict),

        .systemLibrary(
            name: "CAres", pkgConfig: "libcares",
            providers: [.apt(["libc-ares-dev"]), .brew(["c-ares"])]),
        .target(
            name: "MeshResolver", dependencies: ["MeshCore", "MeshPlatform", "CAres"],
            swiftSettings: strict),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .target(
            name: "MeshHTTPClient",
            dependencies: ["MeshCore", "MeshPlatform", "MeshResolver", "CCurl"],
            swiftSettings: strict),

        // Adapters: each knows the core's words and the platform's, never another adapter.
        .target(
            name: "MeshCheckers",
            dependencies: [
                "MeshCore", "MeshChecks", "MeshPlatform", "MeshResolver", "MeshHTTPClient",
            ],
            swiftSettings: strict),
        .target(
            name: "MeshNotifiers",
            dependencies: [
                "MeshCore", "MeshChecks", "MeshNotices", "MeshPlatform", "MeshResolver",
                "MeshHTTPClient",
            ],
            swiftSettings: strict),

        // Simulator: drives whole nodes on virtual time.
        .target(
            name: "MeshSimulator", dependencies: ["MeshCore", "MeshMembership", "MeshEngine"],
            swiftSettings: strict),

        // Executables.
        .executableTarget(
            name: "checkmesh-sim", dependencies: ["MeshCore", "MeshMembership", "MeshSimulator"],
            swiftSettings: strict),

        .executableTarget(
            name: "checkmesh-bench",
            dependencies: [
                "MeshCore", "MeshChecks", "MeshPlatform", "MeshResolver", "MeshHTTPClient",
                "MeshCheckers",
            ],
            swiftSettings: strict),

        // Tests: one folder per target, and what they share.
        .target(
            name: "MeshTestSupport", dependencies: ["MeshCore", "MeshPlatform"],
            path: "Tests/MeshTestSupport", swiftSettings: strict),
        .testTarget(name: "MeshCoreTests", dependencies: ["MeshCore"], swiftSettings: strict),
        .testTarget(
            name: "MeshMembershipTests",
            dependencies: ["MeshCore", "MeshMembership", "MeshTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MeshPlacementTests",
            dependencies: ["MeshCore", "MeshChecks", "MeshPlacement", "MeshTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MeshVerdictsTests",
            dependencies: [
                "MeshCore", "MeshChecks", "MeshPlacement", "MeshVerdicts", "MeshTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MeshCryptoTests", dependencies: ["MeshCore", "MeshCrypto"],
            swiftSettings: strict),
        .testTarget(
            name: "MeshPlatformTests", dependencies: ["MeshCore", "MeshPlatform"],
            swiftSettings: strict),
        .testTarget(
            name: "MeshResolverTests",
            dependencies: ["MeshCore", "MeshPlatform", "MeshResolver", "MeshTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MeshHTTPClientTests",
            dependencies: [
                "MeshCore", "MeshPlatform", "MeshResolver", "MeshHTTPClient", "MeshTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MeshCheckersTests",
            dependencies: [
                "MeshCore", "MeshChecks", "MeshPlatform", "MeshResolver", "MeshHTTPClient",
                "MeshCheckers", "MeshTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MeshNotifiersTests",
            dependencies: [
                "MeshCore", "MeshChecks", "MeshNotices", "MeshPlatform", "MeshResolver",
                "MeshHTTPClient", "MeshNotifiers", "MeshTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MeshEngineTests",
            dependencies: [
                "MeshCore", "MeshMembership", "MeshEngine", "MeshCrypto", "MeshTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MeshNoticesTests",
            dependencies: ["MeshCore", "MeshChecks", "MeshNotices", "MeshTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MeshSimulatorTests",
            dependencies: ["MeshCore", "MeshMembership", "MeshEngine", "MeshSimulator"],
            swiftSettings: strict),
    ]
)
