// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "commlens",
  products: [
    .executable(name: "commlens", targets: ["commlens"]),
    .library(
      name: "CommLens",
      targets: ["CollectiveTrace", "TrafficAnalysis", "TrafficModel", "TrafficReport"]
    ),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    // C libraries, found through pkg-config.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    // CRC-32 by carry-less multiply: half of zlib's time in gzip mode is its own CRC. Also the
    // comparison of many bytes at once, and the loading of ISA-L.
    .target(name: "CCRC32"),

    // The pipeline: each target imports only those above it.
    .target(
      name: "CollectiveTrace",
      dependencies: ["CZlib", "CLibXML2", "CCRC32", .product(name: "Yams", package: "Yams")],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")]
    ),
    .target(name: "TrafficAnalysis", dependencies: ["CollectiveTrace"]),
    .target(name: "TrafficModel", dependencies: ["CollectiveTrace", "TrafficAnalysis"]),
    .target(
      name: "TrafficReport", dependencies: ["CollectiveTrace", "TrafficAnalysis", "TrafficModel"]),
    .executableTarget(
      name: "commlens",
      dependencies: [
        "CollectiveTrace", "TrafficAnalysis", "TrafficModel", "TrafficReport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),

    // Tests.
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(
      name: "CollectiveTraceTests",
      dependencies: ["CollectiveTrace", "CCRC32", "CZlib", "TestSupport"]
    ),
    .testTarget(
      name: "TrafficAnalysisTests",
      dependencies: ["CollectiveTrace", "TrafficAnalysis", "TestSupport"]
    ),
    .testTarget(
      name: "TrafficModelTests",
      dependencies: ["CollectiveTrace", "TrafficAnalysis", "TrafficModel", "TestSupport"]
    ),
    .testTarget(
      name: "TrafficReportTests",
      dependencies: [
        "CollectiveTrace", "TrafficAnalysis", "TrafficModel", "TrafficReport", "TestSupport",
      ]
    ),
    // Like another package, it sees no package declarations.
    .testTarget(
      name: "LibraryTests",
      dependencies: ["CollectiveTrace", "TrafficAnalysis", "TrafficReport", "TestSupport"],
      packageAccess: false
    ),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "commlens", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),
    .executableTarget(
      name: "throughput",
      dependencies: ["CollectiveTrace", "TrafficAnalysis"],
      path: "Tests/Benchmarks",
      exclude: ["bench.py", "traces.py"]
    ),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  // The C target takes no Swift settings.
  guard target.name != "CCRC32" else { continue }
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      .treatAllWarnings(as: .error),
    ]
  if target.type == .regular { target.swiftSettings?.append(.strictMemorySafety()) }
}
