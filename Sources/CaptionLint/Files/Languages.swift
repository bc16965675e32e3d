/// The languages of documents by their files' endings, as editors name them.
package enum Languages {
    private static let byEnding: [String: String] = [
        "md": "markdown", "markdown": "markdown", "mdown": "markdown", "qmd": "quarto", "rmd": "rmd", "mdx": "mdx",
        "html": "html", "htm": "html", "xhtml": "html", "vue": "vue", "svelte": "svelte", "astro": "astro",
        "hbs": "handlebars", "handlebars": "handlebars", "jsx": "javascriptreact", "tsx": "typescriptreact",
        "tex": "latex", "ltx": "latex", "rst": "restructuredtext", "org": "org",
    ]

    package static let endings = byEnding.keys.sorted()

    /// The language of a file; nil for files in which captions are not looked for.
    package static func language(ofFile path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return byEnding[name[name.index(after: dot)...].lowercased()]
    }
}
