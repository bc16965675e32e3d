import CaptionLint
import Captions
import Foundation
import JSON

/// Judges documents one after another. Images and captions that come again are not asked about again, and what was
/// explained is kept by the daemon, so that an interrupted run resumes quickly.
final class LintRun {
    struct Outcome {
        var report = LintReport()
        var documents = 0
        /// What the model says of each caption, as JSON lines.
        var evidence = ""
        /// Why the model was not asked.
        var failure: String?
    }

    private let link: DaemonLink
    private let overrides: @Sendable (LintSettings) -> LintSettings
    private let inspector = ImageInspector()
    private let bar = ProgressBar()
    private var analysts: [String: Analyst] = [:]

    init(link: DaemonLink, overrides: @escaping @Sendable (LintSettings) -> LintSettings) {
        self.link = link
        self.overrides = overrides
    }

    /// - Throws: `SettingsError`, also for a path that is not there; `JSONError` for a named file that is not text.
    func report(of paths: [String]) async throws -> Outcome {
        var outcome = Outcome()
        let files = try DocumentFiles.documents(in: paths)
        defer {
            bar.clear()
            link.close()
        }
        for (number, path) in files.enumerated() {
            let absolute = absolutePath(path)
            let settings = try settings(for: absolute)
            guard let language = Languages.language(ofFile: path) else {
                throw SettingsError(
                    "\(path): captions are looked for in files that end with "
                        + Languages.endings.map { "." + $0 }.joined(separator: ", "))
            }
            let source = DocumentReader.Source(
                text: try DocumentFiles.text(of: path), languageId: language, path: absolute, encoding: .utf32,
                roots: settings.roots)
            let read = try DocumentReader.read(source, inspector: inspector)
            var evidence = DocumentEvidence()
            if settings.needsModel, outcome.failure == nil, read.captions.contains(where: { $0.absence == nil }) {
                do {
                    evidence = try await ask(about: read, settings, "\(number + 1)/\(files.count) \(path)")
                } catch let failure as ModelFailure {
                    outcome.failure = failure.message
                }
            }
            let findings = Judge.findings(
                read.captions, images: read.images, evidence: evidence, settings: settings, encoding: .utf32)
            outcome.evidence += try EvidenceLines.text(of: read, evidence, path: path)
            outcome.report.add(findings, of: read, path: path)
            outcome.documents += 1
        }
        return outcome
    }

    private func settings(for path: String) throws -> LintSettings {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let base = LintSettings()
        return overrides(try SettingsFile.nearest(to: folder)?.over(base) ?? base)
    }

    private func ask(about read: ReadDocument, _ settings: LintSettings, _ title: String) async throws
        -> DocumentEvidence
    {
        let name = settings.model ?? ""
        let analyst = analysts[name] ?? Analyst(link: link, model: settings.model)
        analysts[name] = analyst
        bar.show(title)
        try await analyst.look(read.captions, images: read.images)
        if settings.isOn(.wordAgainstImage) {
            for index in read.captions.indices
            where read.captions[index].absence == nil && read.images[index].state == .readable {
                bar.show("\(ProgressBar.bar(index, of: read.captions.count)) \(title)")
                _ = try await analyst.explain(
                    read.captions[index], image: read.images[index], budget: settings.budget)
            }
        }
        return analyst.known(read.captions, images: read.images)
    }
}
