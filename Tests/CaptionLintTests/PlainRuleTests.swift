import Captions
import Foundation
import Images
import JSON
import Testing

import CaptionLint

@Suite("Rules that need no model", .timeLimit(.minutes(10)))
struct PlainRuleTests {
    private func codes(
        _ text: String, states: [ImageFacts.State] = [], settings: LintSettings = LintSettings()
    ) throws -> [String] {
        let captions = try CaptionFinder.captions(
            in: text, languageId: "markdown", documentPath: "/d/a.md", includingUndescribed: true)
        let images = captions.indices.map { index in
            // Captions of one image are about one file.
            var status = stat()
            status.st_ino = ino_t(captions.firstIndex { $0.image == captions[index].image } ?? index)
            return ImageFacts(
                state: index < states.count ? states[index] : .readable, file: FileIdentity(status))
        }
        return Judge.findings(captions, images: images, settings: settings, encoding: .utf16).map(\.rule.code)
    }

    @Test(
        "A text that is a name of a file or stands for one says nothing",
        arguments: [
            "![cat.png](a.png)", "![IMG_2031](a.png)", "![img-0001.jpeg](a.png)", "![cat-01](cat-01.png)",
            "![Cat 01](cat_01.png)", "![image](a.png)", "![Image 3](a.png)", "![TODO](a.png)", "![alt text](a.png)",
            "![Screenshot](a.png)", "![Figure 2.](a.png)", "![DSC00012](a.png)",
        ])
    func fileNames(text: String) throws {
        #expect(try codes(text) == ["alt-is-file-name"])
    }

    @Test(
        "A description is none of these, however short",
        arguments: [
            "![dog](dog.png)", "![A cat](a.png)", "![Figure of a man](a.png)", "![B-52](b52-bomber.png)",
            "![U.S.A](a.png)", "![photo of the team](a.png)", "![Screenshot of the settings](a.png)",
            "![3 cats](a.png)",
        ])
    func descriptions(text: String) throws {
        #expect(try codes(text).isEmpty)
    }

    @Test("Files that are not there, cannot be read, or are of a kind that is not looked at")
    func files() throws {
        let states: [ImageFacts.State] = [.absent, .unreadable("no PNG"), .unknown]
        #expect(
            try codes("![a](a.png) ![b](b.png) ![c](c.svg)", states: states) == ["image-not-found", "image-unreadable"])
    }

    @Test("The same text at different images is told, at the same image it is not")
    func duplicates() throws {
        #expect(try codes("![A cat](a.png) ![a cat](b.png) ![A cat](c.png)") == ["alt-duplicate", "alt-duplicate"])
        #expect(try codes("![A cat](a.png) ![A cat](a.png)").isEmpty)
    }

    @Test("Rules that are off say nothing, and severities are the settings'")
    func severities() throws {
        var settings = LintSettings()
        try settings.apply(["rules": ["alt-missing": "off", "image-not-found": "hint"]])
        #expect(try codes("![](a.png)", settings: settings).isEmpty)
        #expect(settings.severity(of: .imageNotFound) == .hint)
        #expect(settings.severity(of: .altIsFileName) == .warning)
    }
}

@Suite("Settings", .timeLimit(.minutes(10)))
struct LintSettingsTests {
    @Test("What is wrong is named, and then nothing is taken")
    func wrong() {
        for (json, words) in [
            (["modle": 1], "there is no setting 'modle'"), (["budget": 1], "'budget' must be"),
            (["rules": ["nonsense": "off"]], "there is no rule 'nonsense'"),
            (["rules": ["alt-missing": "loud"]], "'alt-missing' must be"),
            (["thresholds": ["alt-missing": 1]], "has no threshold"),
            (["model": "x", "budget": "y"], "'budget' must be"),
        ] as [(JSONValue, String)] {
            var settings = LintSettings()
            let error = #expect(throws: SettingsError.self) { try settings.apply(json) }
            #expect(error?.description.contains(words) == true)
            #expect(settings == LintSettings())
        }
    }

    @Test("A file's settings stand over the editor's, and its folders begin at the file")
    func file() throws {
        var base = LintSettings()
        try base.apply(["model": "demo", "budget": 64])
        let file = SettingsFile(path: "/p/.fixlip.toml", settings: ["budget": 128, "roots": ["static", "/srv"]])
        let result = try file.over(base)
        #expect(result.model == "demo")
        #expect(result.budget == 128)
        #expect(result.roots == ["/p/static", "/srv"])
    }
}
