/// The look of all drawings: one set of class names for SVG files and for SVG inside HTML.
enum Stylesheet {
    /// Serif for the caption's own words, sans for everything measured.
    static let sans = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif"
    static let serif =
        "Charter,'Bitstream Charter','Iowan Old Style',Georgia,'Liberation Serif','Times New Roman',serif"

    static let drawing = """
        text{font-family:\(sans);font-variant-numeric:tabular-nums}
        .word{font-family:\(serif)}
        .ink{fill:#1a1d21}.soft{fill:#66707a}.paper{fill:#fff}.empty{fill:#eceef0}
        .p{fill:#d15f0a}.n{fill:#2166ac}
        .ps,.ns,.rule,.outline,.casing,.axis,.whisker{fill:none}
        .ps{stroke:#d15f0a}.ns{stroke:#2166ac}
        .pt{fill:#ad4d05}.nt{fill:#1d5a99}
        .ps,.ns{stroke-linecap:round}
        .gap{stroke:#fff;stroke-linejoin:round}.rule{stroke:#dcdfe3}.axis{stroke:#9aa3ac}.outline{stroke:#1a1d21}.casing{stroke:#fff}.whisker{stroke:#1a1d21}
        .r0{fill:#007a5a}.r1{fill:#9b3f86}.r2{fill:#7a6200}.r0s,.r1s,.r2s{fill:none;stroke-linejoin:round}
        .r0s{stroke:#007a5a}.r1s{stroke:#9b3f86}.r2s{stroke:#7a6200}.tag{fill:#fff;font-weight:600}
        """

    static let darkDrawing = """
        .ink{fill:#e8eaed}.soft{fill:#98a1ab}.paper{fill:#14171a}.empty{fill:#24282d}
        .p{fill:#f08a33}.n{fill:#4a94dd}.ps{stroke:#f08a33}.ns{stroke:#4a94dd}.pt{fill:#f5a35c}.nt{fill:#7db4ea}
        .gap{stroke:#14171a}.rule{stroke:#30353b}.axis{stroke:#6d7680}.outline{stroke:#fff}.casing{stroke:#14171a}.whisker{stroke:#e8eaed}
        .r0{fill:#0f9a74}.r1{fill:#c063aa}.r2{fill:#a5891c}.r0s{stroke:#19c294}.r1s{stroke:#e08aca}.r2s{stroke:#d9bb42}
        """

    /// Gradients of the legends, drawn with the heat's own colours.
    static let gradients = """
        <linearGradient id="scale-n" x1="1" x2="0"><stop class="sn" offset="0" stop-opacity="0"/><stop class="sn" offset="1" stop-opacity="0.8"/></linearGradient>\
        <linearGradient id="scale-p"><stop class="sp" offset="0" stop-opacity="0"/><stop class="sp" offset="1" stop-opacity="0.8"/></linearGradient>
        """
    static let gradientColors =
        ".sp{stop-color:#d15f0a}.sn{stop-color:#2166ac}.gp{fill:url(#scale-p)}.gn{fill:url(#scale-n)}"
    static let darkGradientColors = ".sp{stop-color:#f08a33}.sn{stop-color:#4a94dd}"
}
