/// The page works without a script; with one, pointing at a word shows that word's pairs on the image.
struct HoverScript {
    var report: Report

    /// Empty where there are no pairs to show.
    func markup() -> String {
        let picture = report.picture
        guard picture.estimate.pairs != nil, report.view == .overview, !picture.words.isEmpty else { return "" }
        // Hundredths of full strength with the sign; integers only, so the script holds no text of the caption.
        let rows = picture.wordPlayers.map { word in
            let values = picture.patchPlayers.map { patch -> String in
                let measured = picture.pair(patch, word)
                let strength = (Tint.strength(measured, scale: report.scales.crossPair) * Tint.heatOpacity * 100).rounded()
                return String(Int(measured.value < 0 ? -strength : strength))
            }
            return "[\(values.joined(separator: ","))]"
        }
        return "<script>\(Self.code(data: "[\(rows.joined(separator: ","))]"))</script>"
    }

    private static func code(data: String) -> String {
        """
        (function(){var maps=\(data);
        var heats=[].map.call(document.querySelectorAll('.heat'),function(g){return[].map.call(g.children,function(r){
        return{r:r,c:r.getAttribute('class'),o:r.getAttribute('fill-opacity')}})});
        var marked=document.querySelectorAll('[data-player]');
        function show(k){heats.forEach(function(h){h.forEach(function(e,i){var v=k===null?null:maps[k][i];
        e.r.setAttribute('class',v===null?e.c:v<0?'n':'p');e.r.setAttribute('fill-opacity',v===null?e.o:Math.abs(v)/100)})});
        [].forEach.call(marked,function(m){m.classList.toggle('on',k!==null&&+m.dataset.player===k)})}
        [].forEach.call(marked,function(m){var k=+m.dataset.player;
        m.addEventListener('pointerenter',function(){show(k)});m.addEventListener('focus',function(){show(k)});
        m.addEventListener('pointerleave',function(){show(null)});m.addEventListener('blur',function(){show(null)})})})();
        """
    }
}
