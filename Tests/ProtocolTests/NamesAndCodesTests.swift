import FIxLIPProtocol
import JSON
import JSONRPC
import Testing

/// The names and numbers in the sources are those in `protocol/`, both ways.
@Suite(.timeLimit(.minutes(10)))
struct NamesAndCodes {
    @Test func everyApplicationErrorIsInTheFileAndTheOtherWayRound() throws {
        let entries = try #require(try ContractFiles.json("errors.json").array)
        let listed = Set(
            entries.filter { $0["code"]?.int ?? 0 > 0 }.map {
                "\($0["code"]?.int ?? 0) \($0["kind"]?.string ?? "") \($0["retryable"]?.bool ?? false)"
            })
        #expect(Set(ErrorKind.allCases.map { "\($0.rawValue) \($0.name) \($0.isRetryable)" }) == listed)
    }

    @Test func everyErrorOfJSONRPCIsInTheFileAndTheOtherWayRound() throws {
        let entries = try #require(try ContractFiles.json("errors.json").array)
        typealias Code = RPCError.Code
        #expect(
            Set(entries.compactMap { $0["code"]?.int }.filter { $0 < 0 })
                == [
                    Code.parseError, Code.invalidRequest, Code.methodNotFound, Code.invalidParams, Code.internalError,
                    Code.requestCancelled,
                ])
        #expect(Code.overloaded == ErrorKind.overloaded.rawValue)
        #expect(Code.shuttingDown == ErrorKind.shuttingDown.rawValue)
    }

    @Test func everyRequestHasAType() throws {
        #expect(
            Set(requestMethods.map { $0.name }).union(MethodTable.builtInRequests)
                == (try ContractFiles.methods(notifications: false, direction: "clientToServer")))
    }

    @Test func notificationsAreThoseTheConnectionKnows() throws {
        #expect(
            try ContractFiles.methods(notifications: true, direction: "clientToServer")
                == MethodTable.clientNotifications)
        #expect(
            try ContractFiles.methods(notifications: true, direction: "serverToClient")
                == MethodTable.serverNotifications)
    }

    @Test func theServedDescriptionNamesTheMethodsOfTheFile() throws {
        let served = try JSONValue(parsing: OpenRPCDocument.json)
        let names = (served["methods"]?.array ?? []).compactMap { $0["name"]?.string }
        let file = (try ContractFiles.json("openrpc.json")["methods"]?.array ?? []).compactMap { $0["name"]?.string }
        #expect(names == file)
        #expect(!names.isEmpty)
    }
}
