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
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // JSON and the wire
        .target(name: "ShownText"),
        .target(name: "PercentEncoding"),
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .target(
            name: "JSON",
            dependencies: ["CJansson", "ShownText", .product(name: "OrderedCollections", package: "swift-collections")]),
        .target(
            name: "JSONRPC",
            dependencies: [
                "JSON", "ShownText",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .target(name: "FIxLIPProtocol", dependencies: ["JSON", "JSONRPC", "ShownText"]),

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
            dependencies: [
                "CImageCodecs", "JSON", "PercentEncoding", "ShownText",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl")]),
        .target(name: "Tensors", dependencies: ["COneDNN", "JSON", "ShownText"]),
        .target(name: "Encoders", dependencies: ["Images", "JSON", "ShownText", "Tensors", "Tokenizers"]),

        // Explanations
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .target(name: "LinearAlgebra", dependencies: ["COpenBLAS"]),
        .target(name: "Interactions", dependencies: ["LinearAlgebra"]),
        .target(name: "Rendering", dependencies: ["ShownText"]),
        .target(name: "CVectorDrawing", linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "VectorFiles", dependencies: ["CVectorDrawing"]),
        .target(name: "CharacterReferences"),
        .target(name: "Captions", dependencies: ["CharacterReferences", "PercentEncoding"]),

        // Captions judged
        .target(
            name: "CaptionLint",
            dependencies: [
                "Captions", "FIxLIPProtocol", "Images", "JSON", "JSONRPC", "PercentEncoding", "ShownText",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),
        .target(
            name: "LanguageServer",
            dependencies: [
                "CaptionLint", "Captions", "FIxLIPProtocol", "JSON", "JSONRPC", "PercentEncoding", "ShownText",
            ]),

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
                "LinearAlgebra", "Rendering", "ShownText", "Tensors", "Tokenizers", "VectorFiles",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "fixlipd",
            dependencies: [
                "CaptionLint", "CProcessStart", "Daemon", "Digests", "FIxLIPProtocol", "JSON", "JSONRPC",
                "LanguageServer", "PercentEncoding", "ShownText",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // Tests
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"]),
        .testTarget(name: "ShownTextTests", dependencies: ["ShownText"]),
        .testTarget(name: "JSONTests", dependencies: ["CJansson", "JSON", "TestSupport"]),
        .testTarget(
            name: "JSONRPCTests",
            dependencies: ["JSON", "JSONRPC", "TestSupport", .product(name: "Logging", package: "swift-log")]),
        .testTarget(
            name: "TokenizersTests", dependencies: ["JSON", "Tokenizers", "TestSupport"], exclude: ["Fixtures"]),
        .testTarget(
            name: "ImagesTests",
            dependencies: ["Images", "JSON", "TestSupport", .product(name: "SystemPackage", package: "swift-system")]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"]),
        .testTarget(
            name: "EncodersTests",
            dependencies: [
                "Encoders", "Images", "JSON", "Tensors",
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
        .testTarget(name: "InteractionsTests", dependencies: ["Interactions", "LinearAlgebra", "TestSupport"]),
        .testTarget(name: "RenderingTests", dependencies: ["Rendering", "ShownText"], exclude: ["Fixtures"]),
        .testTarget(name: "VectorFilesTests", dependencies: ["VectorFiles"]),
        .testTarget(
            name: "CaptionsTests", dependencies: ["Captions", "CharacterReferences", "PercentEncoding", "TestSupport"]),
        .testTarget(
            name: "CaptionLintTests", dependencies: ["CaptionLint", "Captions", "Images", "JSON", "ShownText"]),
        .testTarget(name: "LanguageServerTests", dependencies: ["CaptionLint", "Captions", "LanguageServer"]),
        .testTarget(name: "ProtocolTests", dependencies: ["FIxLIPProtocol", "JSON", "JSONRPC"]),
        .target(
            name: "FuzzSubjects",
            dependencies: [
                "CaptionLint", "Captions", "Daemon", "Encoders", "FIxLIPProtocol", "Images", "Interactions", "JSON",
                "JSONRPC", "LanguageServer", "Tensors", "Tokenizers",
            ],
            path: "Tests/FuzzSubjects"),
        .testTarget(name: "FuzzCorpusTests", dependencies: ["FuzzSubjects", "TestSupport"]),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "Encoders", "FIxLIPProtocol", "Interactions", "JSONRPC",
                "TestSupport", .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "ProcessTests", dependencies: ["fixlipd", "FIxLIPProtocol", "JSON", "JSONRPC", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)

// Built for itself, with libFuzzer's own main; see tools/fuzz.
if Context.environment["FIXLIPD_FUZZ"] != nil {
    package.targets.append(.executableTarget(name: "fuzz", dependencies: ["FuzzSubjects"], path: "tools/fuzz/Driver"))
}
