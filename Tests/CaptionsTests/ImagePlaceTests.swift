import Captions
import Testing

@Suite("Where images are looked for", .timeLimit(.minutes(10)))
struct ImagePlaceTests {
    /// The image that a document names, where only the given files exist.
    private func found(
        _ text: String, _ languageId: String, at path: String, files: Set<String> = [], roots: [String] = []
    ) throws -> DocumentCaption {
        let captions = try CaptionFinder.captions(
            in: text, languageId: languageId, documentPath: path, roots: roots, home: "/home/u",
            exists: { files.contains($0) })
        return try #require(captions.first)
    }

    @Test(
        "A path from a site's root is found below the folders above the document, and below those that sites publish",
        arguments: [
            "/blog/static/images/cat.png", "/blog/images/cat.png", "/blog/content/posts/images/cat.png",
            "/blog/public/images/cat.png",
            "/images/cat.png",
        ])
    func sites(file: String) throws {
        for (id, text) in [
            ("markdown", "![a](/images/cat.png)"), ("html", "<img src='/images/cat.png' alt=a>"),
            ("rst", ".. image:: /images/cat.png\n   :alt: a"),
        ] {
            let caption = try found(text, id, at: "/blog/content/posts/a.md", files: [file])
            #expect(caption.image == file && caption.lookedFor == nil)
        }
    }

    @Test("Folders that the client names come first")
    func roots() throws {
        let caption = try found(
            "![a](/cat.png)", "markdown", at: "file:///blog/a.md",
            files: ["/work%20space/cat.png", "/work space/cat.png", "/blog/cat.png"],
            roots: ["file:///work%20space"])
        #expect(caption.image == "/work space/cat.png")
    }

    @Test("Where no file is, the path stays as written, and the places are told")
    func missing() throws {
        let caption = try found("![a](/images/cat.png)", "markdown", at: "/blog/a.md")
        #expect(caption.image == "/images/cat.png")
        #expect(
            caption.lookedFor?.prefix(3) == ["/images/cat.png", "/blog/images/cat.png", "/blog/static/images/cat.png"])
        #expect(try found("![a](cat.png)", "markdown", at: "/blog/a.md").lookedFor == nil)
    }

    @Test(
        "LaTeX's names are tried with the endings of its graphics rule",
        arguments: [
            ("cat", "/doc/cat.png"), ("cat", "/doc/cat.jpg"), ("fig.1", "/doc/fig.1.jpeg"),
            ("{fig.1}.png", "/doc/fig.1.png"),
            ("cat", "/doc/cat.pdf"), ("\"my cat\"", "/doc/my cat.png"), ("cat", "/doc/pics/cat.png"),
        ])
    func graphics(name: String, file: String) throws {
        let text = "\\graphicspath{{pics/}}\\begin{figure}\\includegraphics{\(name)}\\caption{A}\\end{figure}"
        #expect(try found(text, "latex", at: "/doc/a.tex", files: [file]).image == file)
    }

    @Test("A name of LaTeX without a file says what was tried")
    func noGraphics() throws {
        let text = "% !TEX root = ../main.tex\n\\begin{figure}\\includegraphics{cat}\\caption{A}\\end{figure}"
        let caption = try found(text, "latex", at: "/book/chapters/a.tex")
        #expect(caption.image == "/book/cat" && caption.lookedFor?.contains("/book/cat.png") == true)
    }

    @Test("A home folder's path is the user's", arguments: ["[[file:~/pics/cat.png]]", "[[~/pics/cat.png]]"])
    func home(link: String) throws {
        #expect(try found("#+CAPTION: a\n\(link)", "org", at: "/doc/a.org").image == "/home/u/pics/cat.png")
    }
}
