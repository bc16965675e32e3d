/// The page works without a script. With one, a reader can ask it: pointing at a word shows that word's map; a click
/// keeps it, and several kept words show the sum of their maps; a click on a patch shows its partner patches and what
/// each word makes of it; a slider hides values within so many of their errors. Everything can be reached from the
/// keyboard.
///
/// The script holds no text of the caption; names are read from the page.
enum PageScript {
    /// The slider and the line in which the page answers.
    static let controls = """
        <div class="ask screen"><label>hide values within <input type="range" min="0" max="4" step="0.5" value="0"> \
        <output>0</output> × their error</label><p class="note" aria-live="polite"></p></div>
        """

    static let markup = """
        <script>(function(){
        var source=document.getElementById('a-data');if(!source)return;
        var data=JSON.parse(source.textContent),count=data.boxes.length,words=data.words;
        function all(s){return [].slice.call(document.querySelectorAll(s))}
        function unpacked(text,scale){if(!text)return null;var s=atob(text),n=s.length/2,values=new Array(n);
        for(var i=0;i<n;i++){var v=s.charCodeAt(2*i)|s.charCodeAt(2*i+1)<<8;values[i]=(v<<16>>16)/32767*scale}return values}
        var scales=data.scales,reading=unpacked(data.reading,scales[0]),readingErrors=unpacked(data.readingErrors,scales[0]),
        cross=unpacked(data.cross,scales[1]),crossErrors=unpacked(data.crossErrors,scales[1]),
        same=unpacked(data.same,scales[2]),sameErrors=unpacked(data.sameErrors,scales[2]);
        var pinned=[],pointed=null,patch=null,limit=0;
        var marked=all('[data-player]'),layers=all('.live'),answer=document.querySelector('.ask .note'),slider=document.querySelector('.ask input');
        function name(k){var r=document.querySelector('ruby[data-player="'+k+'"]');return r?r.firstChild.textContent:'word '+(k+1)}
        function place(p){return data.columns?'row '+(Math.floor(p/data.columns)+1)+', column '+(p%data.columns+1):'region '+(p+1)}
        function signed(v){return (v<0?'\\u2212':'+')+Math.abs(v).toFixed(2)}
        function sum(list){var v=[],e=[];for(var p=0;p<count;p++){var a=0,b=0;list.forEach(function(k){a+=cross[p*words+k];b+=crossErrors[p*words+k]});v.push(a);e.push(b)}return [v,e]}
        function shownWords(){return pointed!==null?[pointed]:pinned}
        function map(){var list=shownWords(),v,e,scale;
        if(list.length){var s=sum(list);v=s[0];e=s[1];scale=scales[1]*Math.sqrt(list.length)}
        else if(patch!==null){v=[];e=[];for(var p=0;p<count;p++){v.push(same?same[patch*count+p]:0);e.push(same?sameErrors[patch*count+p]:0)}scale=scales[2]}
        else{v=reading;e=readingErrors;scale=scales[0]}
        return {values:v,errors:e,scale:scale}}
        function strength(v,e,scale){if(!scale||Math.abs(v)<limit*e)return 0;var c=e>0?v*v/(v*v+e*e):1;return Math.min(1,Math.abs(v)/scale)*Math.max(.2,c)}
        function path(layer,d,cls,opacity,stroke){var n=document.createElementNS('http://www.w3.org/2000/svg','path');n.setAttribute('d',d);n.setAttribute('class',cls);
        if(opacity!==null)n.setAttribute('fill-opacity',opacity);if(stroke){n.setAttribute('stroke-width',stroke);n.setAttribute('vector-effect','non-scaling-stroke')}layer.appendChild(n)}
        function box(p){var b=data.boxes[p];return 'M'+b[0]+' '+b[1]+'H'+b[2]+'V'+b[3]+'H'+b[0]+'z'}
        function draw(){
        var idle=!shownWords().length&&patch===null,plain=idle&&!limit,m=map();
        all('.heat,.regions').forEach(function(g){g.setAttribute('visibility',plain||(idle&&g.classList.contains('regions'))?'visible':'hidden')});
        all('.heat-legend').forEach(function(g){g.setAttribute('visibility',idle?'visible':'hidden')});
        all('.map-legend').forEach(function(g){g.setAttribute('visibility',shownWords().length?'visible':'hidden')});
        layers.forEach(function(layer){layer.textContent='';if(plain)return;
        for(var p=0;p<count;p++){var s=strength(m.values[p],m.errors[p],m.scale);
        path(layer,box(p),'paper',(Math.pow(1-s,\(HeatMarkup.veilExponent))*\(Tint.veilOpacity)).toFixed(3));if(s>0)path(layer,box(p),m.values[p]<0?'n':'p',(s*\(Tint.heatOpacity)).toFixed(3));
        if(s>=\(HeatMarkup.leastOutlined)&&!idle){path(layer,box(p),m.values[p]<0?'ns':'ps',null,1.75)}}
        if(patch!==null){path(layer,box(patch),'casing',null,5);path(layer,box(patch),'outline',null,2)}});
        marked.forEach(function(e){var k=+e.dataset.player,on=pinned.indexOf(k)>=0;e.classList.toggle('on',on||pointed===k);e.setAttribute('aria-pressed',on)});
        say()}
        function say(){var text='';
        if(shownWords().length){var m=map(),best=-1;for(var p=0;p<count;p++)if(Math.abs(m.values[p])>=limit*m.errors[p]&&(best<0||Math.abs(m.values[p])>Math.abs(m.values[best])))best=p;
        text=shownWords().map(name).join(' + ')+(best<0?': no patch stands clear of its error':': strongest at '+place(best)+', '+signed(m.values[best])+' logits')}
        else if(patch!==null){var list=[];for(var k=0;k<words;k++)list.push([k,cross[patch*words+k],crossErrors[patch*words+k]]);
        list=list.filter(function(x){return Math.abs(x[1])>=limit*x[2]}).sort(function(a,b){return Math.abs(b[1])-Math.abs(a[1])}).slice(0,4);
        text=place(patch)+', '+signed(reading[patch])+' logits: '+list.map(function(x){return name(x[0])+' '+signed(x[1])}).join(', ')}
        if(answer.textContent!==text)answer.textContent=text}
        function toggle(k){var i=pinned.indexOf(k);patch=null;if(i<0)pinned.push(k);else pinned.splice(i,1);pointed=null;draw()}
        marked.forEach(function(e){var k=+e.dataset.player;e.setAttribute('role','button');if(!e.hasAttribute('tabindex'))e.setAttribute('tabindex','0');
        e.addEventListener('pointerenter',function(x){if(x.pointerType!=='touch'){pointed=k;draw()}});
        e.addEventListener('pointerleave',function(){pointed=null;draw()});
        e.addEventListener('click',function(){toggle(k)});
        e.addEventListener('keydown',function(x){if(x.key==='Enter'||x.key===' '){x.preventDefault();toggle(k)}})});
        function choose(p){patch=p===patch?null:p;pinned=[];pointed=null;draw()}
        all('.touch').forEach(function(area){
        area.addEventListener('click',function(x){var r=area.getBoundingClientRect(),w=+area.dataset.width,h=+area.dataset.height,
        px=(x.clientX-r.left)/r.width*w,py=(x.clientY-r.top)/r.height*h;
        for(var p=0;p<count;p++){var b=data.boxes[p];if(px>=b[0]&&px<b[2]&&py>=b[1]&&py<b[3]){choose(p);return}}patch=null;draw()});
        area.addEventListener('keydown',function(x){var c=data.columns||1,step={ArrowLeft:-1,ArrowRight:1,ArrowUp:-c,ArrowDown:c}[x.key];if(!step)return;
        x.preventDefault();var p=patch===null?0:patch+step;if(p>=0&&p<count){patch=p;pinned=[];pointed=null;draw()}})});
        slider.addEventListener('input',function(){limit=+slider.value;document.querySelector('.ask output').textContent=slider.value;draw()});
        document.addEventListener('keydown',function(x){if(x.key==='Escape'){pinned=[];pointed=null;patch=null;draw()}});
        })();</script>
        """
}
