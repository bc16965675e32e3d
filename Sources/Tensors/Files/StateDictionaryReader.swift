import ShownText

/// Reads the pickle of a PyTorch state dictionary.
///
/// A pickle is a program for a stack machine that may import and call anything. This one knows the opcodes and the
/// names that a state dictionary needs, builds values of its own for them, and refuses everything else by name. Values
/// are numbers in ``nodes``, so that no nesting, however deep, is walked or freed by recursion. Opcodes: CPython's
/// `Lib/pickletools.py`, protocols 2 to 5.
struct StateDictionaryReader {
    /// A storage as the pickle refers to it.
    struct Storage {
        /// The element type, as safetensors names it.
        let type: String
        /// The name of its entry in the archive.
        let key: String
    }

    /// A tensor as the pickle describes it: a part of a storage.
    struct Tensor {
        let storage: Storage
        /// Where its first value lies in the storage, counted in values.
        let offset: Int
        let shape: [Int]
        let strides: [Int]

        /// The number of values.
        /// - Throws: what `broken` makes of a shape that is none.
        func count(_ broken: (String) -> WeightFileError) throws(WeightFileError) -> Int {
            guard shape.count == strides.count, shape.count <= TensorEntry.mostDimensions else {
                throw broken("it has \(shape.count) dimensions and \(strides.count) strides")
            }
            var count = 1
            for size in shape {
                guard size >= 0 else { throw broken("its shape \(shape) has a negative size") }
                let (product, overflow) = count.multipliedReportingOverflow(by: size)
                guard !overflow else { throw broken("its shape \(shape) is too large") }
                count = product
            }
            return count
        }

        /// Whether its values lie one behind the other in the order of the shape.
        var isRowByRow: Bool {
            var step = 1
            for (size, stride) in zip(shape, strides).reversed() where size != 1 {
                guard stride == step || shape.contains(0) else { return false }
                step *= size
            }
            return true
        }
    }

    private enum Node {
        case none
        case bool
        case integer(Int)
        case real
        case string(String)
        case tuple([Int])
        case list
        /// A place in ``dictionaries``.
        case dictionary(Int)
        case name(String)
        case storage(Storage)
        case tensor(Tensor)
    }

    /// `module name` of storages' classes, with their types.
    private static let storages: [String: String] = [
        "torch FloatStorage": "F32", "torch HalfStorage": "F16", "torch BFloat16Storage": "BF16",
        "torch DoubleStorage": "F64", "torch LongStorage": "I64", "torch IntStorage": "I32",
        "torch ShortStorage": "I16", "torch CharStorage": "I8", "torch ByteStorage": "U8", "torch BoolStorage": "BOOL",
    ]
    private static let rebuildTensor = "torch._utils _rebuild_tensor_v2"
    private static let rebuildParameter = "torch._utils _rebuild_parameter"
    private static let orderedDictionary = "collections OrderedDict"

    /// Values that a pickle may make: a thousand tensors take about 40,000.
    private static let mostValues = 2_000_000

    private let bytes: [UInt8]
    private let file: String
    private var next = 0
    private var nodes: [Node] = []
    private var dictionaries: [[(key: Int, value: Int)]] = []
    private var stack: [Int] = []
    private var marks: [Int] = []
    private var memo: [Int: Int] = [:]

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// The tensors of the state dictionary, by name. A training checkpoint's are those under `state_dict`; the prefix
    /// `module.` of parallel training goes, as open_clip does it.
    /// - Throws: ``WeightFileError/malformedPickle(file:reason:)``.
    mutating func tensors() throws(WeightFileError) -> [(name: String, tensor: Tensor)] {
        var root = try run()
        if let inner = member("state_dict", of: root) { root = inner }
        guard case .dictionary(let number) = nodes[root] else {
            throw broken("it holds something other than a dictionary of tensors")
        }
        var tensors: [(name: String, tensor: Tensor)] = []
        var seen: Set<String> = []
        for (key, value) in dictionaries[number] {
            guard case .string(let name) = nodes[key], case .tensor(let tensor) = nodes[value] else { continue }
            guard seen.insert(name).inserted else { throw broken("two tensors are called \(name.quotedName)") }
            tensors.append((name, tensor))
        }
        guard !tensors.isEmpty else { throw broken("it holds no tensors by name, as a state dictionary does") }
        let prefix = "module."
        guard tensors.allSatisfy({ $0.name.hasPrefix(prefix) }) else { return tensors }
        return tensors.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
    }

    private func member(_ name: String, of node: Int) -> Int? {
        guard case .dictionary(let number) = nodes[node] else { return nil }
        return dictionaries[number].first { key, value in
            guard case .string(name) = nodes[key], case .dictionary = nodes[value] else { return false }
            return true
        }?.value
    }

    private func broken(_ reason: String) -> WeightFileError { .malformedPickle(file: file, reason: reason) }

    private func refused(_ what: String) -> WeightFileError {
        .malformedPickle(
            file: file,
            reason: "its pickle \(what), which no state dictionary needs; nothing of it was executed. Save the weights "
                + "alone, with torch.save(model.state_dict(), …), or as safetensors")
    }

    // MARK: - Reading bytes

    private mutating func take(_ count: Int) throws(WeightFileError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - next else { throw broken("its pickle ends in the middle") }
        defer { next += count }
        return bytes[next..<next + count]
    }

    private mutating func number(_ length: Int) throws(WeightFileError) -> Int {
        guard let value = Bytes(try take(length)).number(0, length) else { throw broken("a length is too large") }
        return value
    }

    private mutating func text(_ length: Int) throws(WeightFileError) -> String {
        String(decoding: try take(length), as: UTF8.self)
    }

    private mutating func line() throws(WeightFileError) -> String {
        guard let end = bytes[next...].firstIndex(of: UInt8(ascii: "\n")) else {
            throw broken("its pickle ends in the middle")
        }
        let line = try text(end - next)
        next += 1
        return line
    }

    // MARK: - The stack

    private mutating func push(_ node: Node) throws(WeightFileError) {
        guard nodes.count < Self.mostValues else {
            throw broken("its pickle makes more than \(Self.mostValues) values")
        }
        stack.append(nodes.count)
        nodes.append(node)
    }

    private mutating func pop() throws(WeightFileError) -> Int {
        guard stack.count > marks.last ?? 0, let top = stack.popLast() else {
            throw broken("its pickle takes a value where there is none")
        }
        return top
    }

    /// The values above the last mark.
    private mutating func popToMark() throws(WeightFileError) -> [Int] {
        guard let mark = marks.popLast() else { throw broken("its pickle takes a mark where there is none") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func remember(_ key: Int) throws(WeightFileError) {
        guard let top = stack.last else { throw broken("its pickle remembers a value where there is none") }
        memo[key] = top
    }

    private mutating func recall(_ key: Int) throws(WeightFileError) {
        guard let node = memo[key] else { throw broken("its pickle recalls a value that it did not remember") }
        guard stack.count < Self.mostValues else {
            throw broken("its pickle makes more than \(Self.mostValues) values")
        }
        stack.append(node)
    }

    private mutating func makeDictionary() throws(WeightFileError) {
        dictionaries.append([])
        try push(.dictionary(dictionaries.count - 1))
    }

    private mutating func set(_ items: [Int]) throws(WeightFileError) {
        guard let target = stack.last, case .dictionary(let number) = nodes[target], items.count.isMultiple(of: 2)
        else {
            throw broken("its pickle sets members of something that is not a dictionary")
        }
        for index in stride(from: 0, to: items.count, by: 2) {
            dictionaries[number].append((items[index], items[index + 1]))
        }
    }

    /// Lists stand in checkpoints beside the weights; what is in them is of no use.
    private func checkList() throws(WeightFileError) {
        guard let target = stack.last, case .list = nodes[target] else {
            throw broken("its pickle appends to something that is not a list")
        }
    }

    // MARK: - Opcodes

    /// - Returns: the node of the whole.
    private mutating func run() throws(WeightFileError) -> Int {
        while true {
            let opcode = try take(1).first ?? 0
            switch UnicodeScalar(opcode) {
            case "\u{80}":  // PROTO
                let version = try number(1)
                guard (2...5).contains(version) else { throw broken("pickles of protocol \(version) are not read") }
            case "\u{95}": _ = try take(8)  // FRAME
            case ".": return try pop()  // STOP
            case "(": marks.append(stack.count)  // MARK
            case "0": _ = try pop()  // POP
            case "N": try push(.none)
            case "\u{88}", "\u{89}": try push(.bool)
            case "K": try push(.integer(try number(1)))  // BININT1
            case "M": try push(.integer(try number(2)))  // BININT2
            case "J": try push(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))  // BININT
            case "\u{8a}":  // LONG1
                let length = try number(1)
                let bytes = try take(length)
                guard length <= 8 else { throw broken("an integer of \(length) bytes is too large") }
                let negative = (bytes.last ?? 0) & 0x80 != 0
                let start: UInt64 = negative ? .max : 0
                try push(.integer(Int(truncatingIfNeeded: bytes.reversed().reduce(start) { $0 << 8 | UInt64($1) })))
            case "G":  // BINFLOAT
                _ = try take(8)
                try push(.real)
            case "X": try push(.string(try text(try number(4))))  // BINUNICODE
            case "\u{8c}": try push(.string(try text(try number(1))))  // SHORT_BINUNICODE
            case "\u{8d}": try push(.string(try text(try number(8))))  // BINUNICODE8
            case ")": try push(.tuple([]))
            case "\u{85}": try push(.tuple([try pop()]))
            case "\u{86}":
                let last = try pop()
                try push(.tuple([try pop(), last]))
            case "\u{87}":
                let last = try pop()
                let middle = try pop()
                try push(.tuple([try pop(), middle, last]))
            case "t": try push(.tuple(try popToMark()))
            case "]": try push(.list)
            case "a":  // APPEND
                _ = try pop()
                try checkList()
            case "e":  // APPENDS
                _ = try popToMark()
                try checkList()
            case "}": try makeDictionary()
            case "s":  // SETITEM
                let value = try pop()
                try set([try pop(), value])
            case "u": try set(try popToMark())  // SETITEMS
            case "q": try remember(try number(1))  // BINPUT
            case "r": try remember(try number(4))  // LONG_BINPUT
            case "\u{94}": try remember(memo.count)  // MEMOIZE
            case "h": try recall(try number(1))  // BINGET
            case "j": try recall(try number(4))  // LONG_BINGET
            case "c": try pushName(module: try line(), name: try line())  // GLOBAL
            case "\u{93}":  // STACK_GLOBAL
                let name = try pop()
                guard case .string(let module) = nodes[try pop()], case .string(let name) = nodes[name] else {
                    throw broken("its pickle names something by what is not a string")
                }
                try pushName(module: module, name: name)
            case "Q": try pushStorage()  // BINPERSID
            case "R": try reduce()  // REDUCE
            case "b": try build()  // BUILD
            default:
                throw refused(
                    "has the opcode 0x\(String(opcode, radix: 16)) at byte \(next - 1)")
            }
        }
    }

    private mutating func pushName(module: String, name: String) throws(WeightFileError) {
        let name = "\(module) \(name)"
        guard
            Self.storages[name] != nil
                || [Self.rebuildTensor, Self.rebuildParameter, Self.orderedDictionary].contains(name)
        else { throw refused("names \(name.split(separator: " ").joined(separator: ".").quotedName)") }
        try push(.name(name))
    }

    /// `("storage", class, key, location, number of values)`.
    private mutating func pushStorage() throws(WeightFileError) {
        guard case .tuple(let items) = nodes[try pop()], items.count == 5, case .string("storage") = nodes[items[0]],
            case .name(let name) = nodes[items[1]], let type = Self.storages[name],
            case .string(let key) = nodes[items[2]]
        else { throw refused("refers to something other than a storage") }
        try push(.storage(Storage(type: type, key: key)))
    }

    private mutating func reduce() throws(WeightFileError) {
        let arguments = try pop()
        guard case .name(let function) = nodes[try pop()], case .tuple(let items) = nodes[arguments] else {
            throw refused("calls something that has no name")
        }
        switch function {
        case Self.orderedDictionary where items.isEmpty: try makeDictionary()
        case Self.rebuildParameter:
            guard let data = items.first, case .tensor(let tensor) = nodes[data] else {
                throw broken("a parameter is made of something that is not a tensor")
            }
            try push(.tensor(tensor))
        case Self.rebuildTensor:
            guard items.count >= 4, case .storage(let storage) = nodes[items[0]],
                case .integer(let offset) = nodes[items[1]], let shape = integers(items[2]),
                let strides = integers(items[3])
            else { throw broken("a tensor is made of something other than a storage, an offset, a shape and strides") }
            try push(.tensor(Tensor(storage: storage, offset: offset, shape: shape, strides: strides)))
        default: throw refused("calls \(function.split(separator: " ").joined(separator: ".").quotedName)")
        }
    }

    private func integers(_ node: Int) -> [Int]? {
        guard case .tuple(let items) = nodes[node], items.count <= TensorEntry.mostDimensions else { return nil }
        var integers: [Int] = []
        for item in items {
            guard case .integer(let value) = nodes[item] else { return nil }
            integers.append(value)
        }
        return integers
    }

    /// A state dictionary has an attribute, `_metadata`, of versions; it is not kept.
    private mutating func build() throws(WeightFileError) {
        _ = try pop()
        guard let target = stack.last, case .dictionary = nodes[target] else {
            throw refused("sets attributes of something that is not a dictionary")
        }
    }
}
