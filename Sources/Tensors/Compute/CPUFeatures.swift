import COneDNN

/// What the processor and the operating system support, as far as it decides speed and precision.
package struct CPUFeatures: Sendable, Equatable {
    /// The processor's own name, such as "Intel(R) Xeon(R) Processor"; empty where it has none.
    package let name: String
    package let avx2: Bool
    /// AVX-512 with the F, BW, VL and DQ parts.
    package let avx512: Bool
    /// 8-bit products added in 32 bits (AVX-512 VNNI or AVX-VNNI).
    package let vnni: Bool
    /// bf16 products in hardware (AVX-512 BF16 or AMX); without them bf16 is emulated and not faster than f32.
    package let bf16: Bool
    /// Tile products (AMX).
    package let amx: Bool
    /// Whether products of integers are faster than those of f32 values: with VNNI, and where 16-bit ones are added in
    /// pairs.
    package let fastIntegers: Bool

    /// The features of the machine that this process runs on.
    package static let current = CPUFeatures()

    /// The names of the features that are present, for reports.
    package var names: [String] {
        [("avx2", avx2), ("avx512", avx512), ("vnni", vnni), ("bf16", bf16), ("amx", amx)]
            .filter(\.1).map(\.0)
    }

    private init() {
        let cpu = cdnn_cpu_features()
        name = withUnsafeBytes(of: cpu.brand) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                .split(separator: " ").joined(separator: " ")
        }
        avx2 = cpu.avx2 && cpu.fma
        avx512 = cpu.avx512f && cpu.avx512bw && cpu.avx512vl && cpu.avx512dq
        vnni = cpu.avx512_vnni || cpu.avx_vnni
        bf16 = cpu.avx512_bf16 || cpu.amx_bf16
        amx = cpu.amx_tile && (cpu.amx_bf16 || cpu.amx_int8)
        #if arch(x86_64)
        fastIntegers = vnni || !avx512
        #else
        fastIntegers = false
        #endif
    }
}

/// The version of oneDNN that was loaded, such as "2.6.3".
package let oneDNNVersion: String = {
    var text = [CChar](repeating: 0, count: 32)
    cdnn_version(&text, Int32(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}()
