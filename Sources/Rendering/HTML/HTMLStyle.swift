/// The page around the drawings: one column, a serif for the caption, hairlines and white space.
extension Stylesheet {
    static let page = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1a1d21;--soft:#66707a;--rule:#dcdfe3;--p:209 95 10;--n:33 102 172;--pt:#ad4d05;--nt:#1d5a99}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 \(sans);font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
        main{margin:0 auto;padding:56px 40px 40px}
        header{display:grid;grid-template-columns:minmax(0,1fr) 190px;gap:48px;align-items:start;margin-bottom:52px}
        header svg{display:block;max-width:100%;height:auto;margin-left:auto}
        h1{font:400 34px/2.15 \(serif);margin:-14px 0 10px;text-wrap:pretty;overflow-wrap:anywhere}
        h1.long{font-size:24px;line-height:2.3}
        h2{font:600 17px/1.4 \(sans);margin:0 0 14px}
        h3{font:600 14px/1.4 \(sans);margin:0 0 8px}
        p{margin:0 0 4px}.note{color:var(--soft);font-size:13px;max-width:44em}.key{margin-bottom:12px}.lead{font-size:17px;max-width:36em;margin-bottom:10px}
        ruby{ruby-position:under;ruby-align:center;border-radius:2px;padding:.05em .09em;margin:0 -.03em;background:rgb(var(--c)/var(--o))}
        ruby.p{--c:var(--p)}ruby.n{--c:var(--n)}ruby.focus{text-decoration:underline;text-decoration-thickness:2px;text-underline-offset:.18em}
        rt{font:400 12px/2.3 \(sans);font-variant-numeric:tabular-nums;padding:0 3px;user-select:none}
        ruby.p rt{color:var(--pt)}ruby.n rt{color:var(--nt)}
        section{margin:0 0 56px}figure{margin:0}figure svg{display:block;max-width:100%;height:auto}
        .narrow{display:none}
        .columns{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:48px}
        table{border-collapse:collapse;width:100%;font-size:14px}
        td,th{padding:5px 0;border-bottom:1px solid var(--rule);text-align:left;font-weight:400;vertical-align:middle}
        th[scope=col]{color:var(--soft);font-size:12px;padding-top:0}
        td.v,th.v{text-align:right;white-space:nowrap;padding-left:14px}
        td.l{padding-right:12px}td.l svg{display:block}td.b{width:99%;min-width:60px;padding-left:18px}table th[scope=row]{white-space:nowrap}td.b svg{display:block;width:100%;height:12px}
        .pt{color:var(--pt)}.nt{color:var(--nt)}.w{font-family:\(serif);font-size:16px}
        footer{border-top:1px solid var(--rule);padding-top:14px;color:var(--soft);font-size:12.5px}
        [data-player]{cursor:pointer}.touch{cursor:crosshair;outline-offset:2px}
        ruby.on,ruby:focus-visible,.touch:focus-visible{outline:1.5px solid var(--ink)}.row:focus{outline:none}
        .ask{margin-top:8px;font-size:13px;color:var(--soft)}.ask label{display:inline-block;margin-right:1.6em}.touch{touch-action:pan-y}.ask .note{min-height:1.5em;margin-top:4px;color:var(--ink)}
        .ask input{vertical-align:middle;margin-right:.4em}.ask input[type=range]{width:9em;accent-color:var(--ink)}.ask output{display:inline-block;min-width:1.6em}
        .row:hover .hit,.row:focus .hit,.row.on .hit{fill:var(--ink);fill-opacity:.06}
        .head{font-weight:600}.pair h1{font-size:25px;margin-top:-8px}.pair figure{margin-top:22px}
        """

    static let darkPage = """
        :root{--paper:#14171a;--ink:#e8eaed;--soft:#98a1ab;--rule:#30353b;--p:240 138 51;--n:74 148 221;--pt:#f5a35c;--nt:#7db4ea}
        """

    static let narrowPage = """
        main{padding:28px 16px 24px}
        header{grid-template-columns:minmax(0,1fr);gap:20px;margin-bottom:36px}header .thumb{max-width:150px;order:2}header svg{margin-left:0}
        h1{font-size:25px;line-height:2.3;margin-top:-12px}
        .columns{grid-template-columns:minmax(0,1fr);gap:36px}.wide{display:none}.narrow{display:block}
        section{margin-bottom:40px}td.b{width:22%;padding-left:10px}table th[scope=row]{white-space:normal}
        """

    static let printPage = """
        @page{margin:14mm}
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
        body{font-size:10pt}main{padding:0;max-width:none}figure,tr,header{break-inside:avoid}section{margin-bottom:26px}h2,h3{break-after:avoid}
        header{grid-template-columns:minmax(0,1fr) 120px;margin-bottom:26px}header .thumb{max-width:none;order:0}
        .wide{display:block}.narrow{display:none}.columns{grid-template-columns:repeat(2,minmax(0,1fr));gap:32px}table th[scope=row]{white-space:nowrap}
        """
}
