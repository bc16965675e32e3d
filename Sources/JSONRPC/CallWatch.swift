/// Something that a waiting call looks at beside its reply: input that may make the call pointless.
public protocol CallWatch: AnyObject {
    /// Readable when there is something to look at; -1 when nothing is to be waited for.
    var descriptor: Int32 { get }

    /// Called when the descriptor is readable; reads what is there.
    /// - Returns: whether the call is to be cancelled.
    func endsCall() -> Bool
}
