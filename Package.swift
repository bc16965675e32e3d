// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "fixlipd",
    products: [.executable(name: "fixlipd", targets: ["fixlipd"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.4.0"),
    ],
    targets: [
        // JSON and the wire
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .target(
            name: "JSON",
            dependencies: ["CJansson", .product(name: "OrderedCollections", package: "swift-collections")]),
        .target(
            name: "JSONRPC",
            dependencies: [
                "JSON",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .target(name: "FIxLIPProtocol", dependencies: ["JSON", "JSONRPC"]),

        // Models
        .target(
            name: "Tokenizers",
            dependencies: [
                "CharacterReferences", "JSON", .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(
            name: "CImageCodecs",
            linkerSettings: [
                .linkedLibrary("png16"), .linkedLibrary("jpeg"), .linkedLibrary("webpdemux"), .linkedLibrary("webp"),
                .linkedLibrary("z"),
            ]),
        .target(
            name: "Images",
            dependencies: ["CImageCodecs", "JSON", .product(name: "SystemPackage", package: "swift-system")]),
        .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl")]),
        .target(name: "Tensors", dependencies: ["COneDNN", "JSON"]),
        .target(name: "Encoders", dependencies: ["Images", "JSON", "Tensors", "Tokenizers"]),

        // Explanations
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .target(name: "LinearAlgebra", dependencies: ["COpenBLAS"]),
        .target(name: "Interactions", dependencies: ["LinearAlgebra"]),
        .target(name: "Rendering"),
        .target(name: "CVectorDrawing", linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "VectorFiles", dependencies: ["CVectorDrawing"]),
        .target(name: "CharacterReferences"),
        .target(name: "Captions", dependencies: ["CharacterReferences"]),

        // The program
        .systemLibrary(name: "CMalloc"),
        .target(name: "CProcessStart"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "Digests", dependencies: ["CCrypto"]),
        .target(
            name: "Daemon",
            dependencies: [
                "CMalloc", "Captions", "Digests", "Encoders", "FIxLIPProtocol", "Images", "Interactions", "JSON",
                "JSONRPC",
                "LinearAlgebra", "Rendering",
                "Tensors", "Tokenizers", "VectorFiles", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "fixlipd",
            dependencies: [
                "CProcessStart", "Daemon", "Digests", "FIxLIPProtocol", "JSON", "JSONRPC",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // Tests
        .testTarget(name: "JSONTests", dependencies: ["CJansson", "CMalloc", "JSON"]),
        .testTarget(
            name: "JSONRPCTests", dependencies: ["JSON", "JSONRPC", .product(name: "Logging", package: "swift-log")]),
        .testTarget(name: "TokenizersTests", dependencies: ["JSON", "Tokenizers"], exclude: ["Fixtures"]),
        .testTarget(
            name: "ImagesTests",
            dependencies: ["Images", "JSON", .product(name: "SystemPackage", package: "swift-system")]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
        .testTarget(
            name: "EncodersTests",
            dependencies: [
                "Encoders", "Images", "JSON", "Tensors",
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
        .testTarget(name: "InteractionsTests", dependencies: ["Interactions", "LinearAlgebra"]),
        .testTarget(name: "RenderingTests", dependencies: ["Rendering"], exclude: ["Fixtures"]),
        .testTarget(name: "VectorFilesTests", dependencies: ["VectorFiles"]),
        .testTarget(name: "CaptionsTests", dependencies: ["Captions", "CharacterReferences"]),
        .testTarget(name: "ProtocolTests", dependencies: ["FIxLIPProtocol", "JSON", "JSONRPC"]),
        .target(
            name: "FuzzSubjects",
            dependencies: [
                "Captions", "Daemon", "Encoders", "FIxLIPProtocol", "Images", "Interactions", "JSON", "JSONRPC",
                "Tensors", "Tokenizers",
            ],
            path: "Tests/FuzzSubjects"),
        .testTarget(name: "FuzzCorpusTests", dependencies: ["FuzzSubjects"]),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "Encoders", "FIxLIPProtocol", "Interactions", "JSONRPC",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(name: "ProcessTests", dependencies: ["fixlipd", "FIxLIPProtocol", "JSON", "JSONRPC"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)

// Built for itself, with libFuzzer's own main; see tools/fuzz.
if Context.environment["FIXLIPD_FUZZ"] != nil {
    package.targets.append(.executableTarget(name: "fuzz", dependencies: ["FuzzSubjects"], path: "tools/fuzz/Driver"))
}
