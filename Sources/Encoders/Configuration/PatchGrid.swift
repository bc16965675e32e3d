/// The grid that an image's patches form.
package struct PatchGrid: Sendable, Hashable {
    package let rows: Int
    package let columns: Int

    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    package var count: Int { rows * columns }
}
