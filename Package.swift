// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "fixlipd",
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0")
    ],
    targets: [
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .target(
            name: "JSON",
            dependencies: ["CJansson", .product(name: "OrderedCollections", package: "swift-collections")]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    ]
)
