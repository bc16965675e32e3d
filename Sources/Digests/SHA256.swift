import CCrypto

/// SHA-256 of bytes (FIPS 180-4), as 64 hexadecimal digits.
package func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    let address = bytes.bindMemory(to: UInt8.self)
    _ = CCrypto.SHA256(address.baseAddress, address.count, &digest)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
