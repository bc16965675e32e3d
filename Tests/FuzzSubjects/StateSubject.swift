import Daemon
import Interactions

private let digest = "5f"
private let header = "5f 0.1.0 avx2; model.safetensors 1679752 1700000000.25"

/// A kept game that is accepted is written back to the same bytes, and its file is taken where its first line is the
/// one asked for, and only there. Checksums are made to fit, or nothing would get past them.
func readState(_ bytes: [UInt8]) {
    _ = try? GameSamples(serialized: bytes)
    _ = try? GameFile.read(bytes, digest: digest, header: header, players: 3, dimension: 2)
    if let samples = accepted(sealed(bytes[...])) {
        let file = GameFile.bytes(header: header, samples: samples)
        precondition(isTaken(file, samples), "a kept game is not taken from the file that was written of it")
    }
    // The same bytes as a whole file.
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return }
    let stored = sealed(bytes[(end + 1)...])
    guard let samples = accepted(stored) else { return }
    let isOurs = bytes[..<end].elementsEqual(header.utf8)
    precondition(
        isTaken(Array(bytes[...end]) + stored, samples) == isOurs,
        "a file is taken by another line than the one asked for")
}

private func isTaken(_ file: [UInt8], _ samples: GameSamples) -> Bool {
    let read = try? GameFile.read(
        file, digest: digest, header: header, players: samples.players, dimension: samples.dimension)
    return read?.serialized() == samples.serialized()
}

private func accepted(_ stored: [UInt8]) -> GameSamples? {
    guard let samples = try? GameSamples(serialized: stored) else { return nil }
    precondition(samples.serialized() == stored, "a kept game changes when it is written again")
    return samples
}

/// With the first bytes and the checksum as they must be (FNV-1a, 64 bits).
private func sealed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let body = Array("FXGS".utf8) + bytes.dropFirst(4).dropLast(8)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in body { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return body + withUnsafeBytes(of: hash.littleEndian) { Array($0) }
}
