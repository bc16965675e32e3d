import Dispatch
import Synchronization

/// Runs `body` for each element, on as many threads as there are elements and cores, and returns when all have ended.
/// - Returns: the results in the elements' order.
/// - Throws: the error of the first element that has one.
func concurrently<Element: Sendable, Value: Sendable, Failure: Error>(
    _ elements: [Element], _ body: @Sendable (Element) throws(Failure) -> Value
) throws(Failure) -> [Value] {
    let outcomes = Mutex([Result<Value, Failure>?](repeating: nil, count: elements.count))
    DispatchQueue.concurrentPerform(iterations: elements.count) { index in
        let outcome: Result<Value, Failure>
        do throws(Failure) {
            outcome = .success(try body(elements[index]))
        } catch {
            outcome = .failure(error)
        }
        outcomes.withLock { $0[index] = outcome }
    }
    var values: [Value] = []
    for outcome in outcomes.withLock({ $0 }) {
        if let outcome { values.append(try outcome.get()) }
    }
    return values
}
