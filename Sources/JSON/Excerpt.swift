extension String {
    /// What a message repeats of a text that somebody else wrote: all of it, or, beyond 1,000 characters, its beginning
    /// and its end.
    public var excerpt: String {
        guard utf8.count > 1000, count > 1000 else { return self }
        return "\(prefix(600)) … \(suffix(300))"
    }
}
