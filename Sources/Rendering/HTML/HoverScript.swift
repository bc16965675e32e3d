/// The page works without a script; with one, pointing at a word shows that word's map on the image.
/// The script holds no text of the caption, only ids.
enum HoverScript {
    static let markup = """
        <script>(function(){
        var heats=[].slice.call(document.querySelectorAll('.heat')),marked=[].slice.call(document.querySelectorAll('[data-player]'));
        function show(k){heats.forEach(function(h){h.setAttribute('href',k===null?'#a-heat':'#a-map-'+k)});
        [['.heat-legend',k!==null],['.map-legend',k===null]].forEach(function(p){[].forEach.call(document.querySelectorAll(p[0]),
        function(g){g.setAttribute('visibility',p[1]?'hidden':'visible')})});
        [].forEach.call(document.querySelectorAll('.regions'),function(g){g.setAttribute('visibility',k===null?'visible':'hidden')});
        marked.forEach(function(m){m.classList.toggle('on',m.dataset.player===k)})}
        marked.forEach(function(m){var k=m.dataset.player;
        ['pointerenter','focus'].forEach(function(e){m.addEventListener(e,function(){show(k)})});
        ['pointerleave','blur'].forEach(function(e){m.addEventListener(e,function(){show(null)})})})})();</script>
        """
}
