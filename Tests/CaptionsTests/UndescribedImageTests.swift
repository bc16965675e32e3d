import Testing

import Captions

@Suite("Images without a caption", .timeLimit(.minutes(10)))
struct UndescribedImageTests {
    private func images(_ text: String, _ language: String) throws -> [DocumentCaption] {
        try CaptionFinder.captions(
            in: text, languageId: language, documentPath: "/d/a", includingUndescribed: true)
    }

    @Test(
        "An image that nothing describes is told from one that needs no description",
        arguments: [
            ("markdown", "![](a.png)", DocumentCaption.Absence.missing),
            ("markdown", "![ ](a.png)", .missing),
            ("markdown", "![][a]\n\n[a]: a.png", .missing),
            ("markdown", "x <img src='a.png'> y", .missing),
            ("markdown", "x <img src='a.png' alt=''> y", .decorative),
            ("markdown", "<p>\n<img src='a.png' alt=''>\n</p>", .decorative),
            ("markdown", "![](a.png){fig-alt=\"\"}", .decorative),
            ("markdown", "![[a.png]]", .missing),
            ("html", "<img src=a.png>", .missing),
            ("html", "<img src=a.png alt>", .missing),
            ("html", "<img src=a.png alt=\"\">", .decorative),
            ("html", "<figure><img src=a.png></figure>", .missing),
            ("html", "<figure><img src=a.png alt=\"\"></figure>", .decorative),
            ("svelte", "<img src='a.png' {...rest}>", .decorative),
            ("javascriptreact", "const a = <img src='a.png' />", .missing),
            ("javascriptreact", "const a = <img src='a.png' alt='' />", .decorative),
            ("rst", ".. image:: a.png", .missing),
            ("rst", ".. image:: a.png\n   :alt:", .decorative),
        ])
    func absence(language: String, text: String, expected: DocumentCaption.Absence) throws {
        let found = try images(text, language)
        try #require(found.count == 1)
        #expect(found[0].absence == expected)
        #expect(found[0].caption.isEmpty)
        #expect(found[0].captionRange == found[0].range)
        #expect(found[0].image == "/d/a.png")
    }

    @Test(
        "An image whose text is computed, or stands in a caption around it, is not said to have none",
        arguments: [
            ("vue", "<img src='a.png' :alt='text'>"),
            ("javascriptreact", "const a = <img src='a.png' alt={text} />"),
            ("javascriptreact", "const a = <img src='a.png' {...rest} />"),
        ])
    func computed(language: String, text: String) throws {
        #expect(try images(text, language).isEmpty)
    }

    @Test("A figure's caption is that of its images")
    func figure() throws {
        let found = try images("<figure><img src=a.png><figcaption>A cat</figcaption></figure>", "html")
        #expect(found.map(\.caption) == ["A cat"])
        #expect(found.map(\.absence) == [nil])
    }

    @Test("They are listed only for those who ask")
    func onlyWhenAsked() throws {
        #expect(try CaptionFinder.captions(in: "![](a.png)", languageId: "markdown").isEmpty)
    }
}
