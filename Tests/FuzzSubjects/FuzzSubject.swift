/// What is fed with bytes that nobody has checked. Each subject must answer or refuse any input, and holds what it
/// answers against an invariant; a broken one ends the process, as a fuzzer expects.
public enum FuzzSubject: String, CaseIterable, Sendable {
    /// JSON texts.
    case json
    /// Streams of messages in both framings, with the parameters of every method.
    case frames
    /// Weight files.
    case safetensors
    /// Weight files of PyTorch's.
    case pickle
    /// PNG, JPEG and WebP files.
    case image
    /// `tokenizer.json`, of both families.
    case tokenizer
    /// `spiece.model`.
    case sentencePiece
    /// `preprocessor_config.json`.
    case preprocessor
    /// `config.json` of a model folder.
    case configuration
    /// `open_clip_config.json` of a model folder, beside weights with a SigLIP tower.
    case openCLIP
    /// `model.safetensors.index.json` of a model folder.
    case weightIndex
    /// Documents with captions; the first byte chooses the language.
    case captions
    /// Files of kept games, with and without their first line.
    case state
    /// Files of settings in TOML.
    case settings
    /// A document and changes to it, divided by NUL; the first byte chooses the encoding of positions.
    case edits

    /// Reads `bytes`; returns whatever they are.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .json: readJSON(bytes)
        case .frames: readFrames(bytes)
        case .safetensors: readSafetensors(bytes)
        case .pickle: readPickle(bytes)
        case .image: readImage(bytes)
        case .tokenizer: readTokenizer(bytes)
        case .sentencePiece: readSentencePiece(bytes)
        case .preprocessor: readPreprocessor(bytes)
        case .configuration: readConfiguration(bytes)
        case .openCLIP: readOpenCLIP(bytes)
        case .weightIndex: readWeightIndex(bytes)
        case .captions: readCaptions(bytes)
        case .state: readState(bytes)
        case .settings: readSettings(bytes)
        case .edits: readEdits(bytes)
        }
    }
}
