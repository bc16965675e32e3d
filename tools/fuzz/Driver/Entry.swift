import Foundation
import FuzzSubjects

/// Chosen by `$FIXLIPD_FUZZ_SUBJECT`.
private let subject: FuzzSubject = {
    let name = ProcessInfo.processInfo.environment["FIXLIPD_FUZZ_SUBJECT"] ?? ""
    guard let subject = FuzzSubject(rawValue: name) else {
        let known = FuzzSubject.allCases.map(\.rawValue).joined(separator: ", ")
        fatalError("FIXLIPD_FUZZ_SUBJECT is '\(name)'; it must be one of \(known)")
    }
    return subject
}()

/// What libFuzzer calls with each input (https://llvm.org/docs/LibFuzzer.html#fuzz-target); it brings `main`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    subject.run([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
    return 0
}
