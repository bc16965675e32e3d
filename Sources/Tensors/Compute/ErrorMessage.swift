import COneDNN

/// Room for a message that a C function writes.
struct ErrorMessage {
    var text = [CChar](repeating: 0, count: Int(CDNN_ERROR_LENGTH))

    var string: String {
        String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
