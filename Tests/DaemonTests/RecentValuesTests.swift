import Daemon
import Testing

@Suite("Values that were used last", .timeLimit(.minutes(10)))
struct RecentValuesTests {
    @Test("a value is found until more bytes are kept than there is room for; those unused for longest go")
    func oldestGo() {
        let recent = RecentValues<Int, String>(limit: 100)
        for key in 0..<10 { recent.keep("\(key)", bytes: 10, for: key) }
        #expect(recent.bytes == 100)
        #expect(recent.value(of: 0) == "0")
        recent.keep("new", bytes: 10, for: 10)
        #expect(recent.bytes <= 100)
        #expect(recent.value(of: 1) == nil)
        #expect(recent.value(of: 0) == "0" && recent.value(of: 9) == "9" && recent.value(of: 10) == "new")
    }

    @Test("a value that takes the place of another takes its bytes, too")
    func replaced() {
        let recent = RecentValues<Int, String>(limit: 100)
        recent.keep("small", bytes: 5, for: 1)
        recent.keep("large", bytes: 20, for: 1)
        #expect(recent.bytes == 20 && recent.value(of: 1) == "large")
    }

    @Test("one that would push out most of the others is not kept, nor is what it was to replace")
    func tooLarge() {
        let recent = RecentValues<Int, String>(limit: 100)
        recent.keep("small", bytes: 5, for: 1)
        recent.keep("huge", bytes: 26, for: 1)
        #expect(recent.bytes == 0 && recent.value(of: 1) == nil)
    }
}
