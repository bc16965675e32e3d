/// The page works without a script. With one, a reader can ask it: pointing at a word shows that word's map; a click
/// keeps it, and several kept words show the sum of their maps; a click on a patch shows its partner patches and what
/// each word makes of it; dragging a box over patches, or Shift with the arrow keys, tells what the estimate says of
/// them alone and of all but them; sliders hide values within a number of their errors and set the strength of the map,
/// which may be smooth or patch by patch. Everything can be reached from the keyboard, and nothing moves by itself.
///
/// The script holds no text of the caption; names are read from the page.
enum PageScript {
    /// The slider and the line in which the page answers.
    static func controls(isSmooth: Bool) -> String {
        let cells = isSmooth ? "<label><input type=\"checkbox\" class=\"cells\"> patch by patch</label>" : ""
        return """
            <div class="ask screen"><label>hide values within <input type="range" class="limit" min="0" max="4" step="0.5" value="0"> \
            <output>0</output> × their error</label> <label>map <input type="range" class="strength" min="0" max="1" step="0.05" value="1"></label> \
            \(cells)<p class="note" aria-live="polite"></p></div>
            """
    }

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
        var first=unpacked(data.first,data.firstScale);
        var pinned=[],pointed=null,patch=null,region=null,limit=0,strong=1;
        var marked=all('[data-player]'),layers=all('.live'),answer=document.querySelector('.ask .note'),slider=document.querySelector('.ask .limit'),
        cells=document.querySelector('.ask .cells');
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
        function smooth(){return cells&&!cells.checked}
        function paint(layer,cls){var n=document.createElementNS('http://www.w3.org/2000/svg','path');n.setAttribute('class',cls);layer.appendChild(n);
        var c=(getComputedStyle(n).fill.match(/[0-9.]+/g)||[0,0,0]).map(Number);layer.removeChild(n);return c}
        function between(i,n,cells){var x=(i+.5)/n*cells-.5,a=Math.max(0,Math.min(cells-1,Math.floor(x))),t=Math.max(0,Math.min(1,x-a));return [a,Math.min(cells-1,a+1),t*t*(3-2*t)]}
        function field(layer,m){var c=data.columns,r=count/c,k=Math.max(1,Math.ceil(40/Math.max(c,r))),w=c*k,h=r*k,canvas=document.createElement('canvas');canvas.width=w;canvas.height=h;
        var g=canvas.getContext('2d'),d=g.createImageData(w,h),s=[],paper=paint(layer,'paper'),up=paint(layer,'p'),down=paint(layer,'n');
        for(var p=0;p<count;p++)s.push(strength(m.values[p],m.errors[p],m.scale)*(m.values[p]<0?-1:1));
        for(var y=0;y<h;y++)for(var x=0;x<w;x++){var a=between(x,w,c),b=between(y,h,r),
        v=(s[b[0]*c+a[0]]*(1-a[2])+s[b[0]*c+a[1]]*a[2])*(1-b[2])+(s[b[1]*c+a[0]]*(1-a[2])+s[b[1]*c+a[1]]*a[2])*b[2],
        veil=Math.pow(1-Math.abs(v),\(HeatMarkup.veilExponent))*\(Tint.veilOpacity),tint=Math.abs(v)*\(Tint.heatOpacity),all=1-(1-veil)*(1-tint),ink=v<0?down:up,o=4*(y*w+x);
        for(var i=0;i<3;i++)d.data[o+i]=all?(paper[i]*veil*(1-tint)+ink[i]*tint)/all:0;d.data[o+3]=255*all}
        g.putImageData(d,0,0);var n=document.createElementNS('http://www.w3.org/2000/svg','image'),f=data.boxes[0],l=data.boxes[count-1];
        [['x',f[0]],['y',f[1]],['width',l[2]-f[0]],['height',l[3]-f[1]],['preserveAspectRatio','none'],['href',canvas.toDataURL()]].forEach(function(z){n.setAttribute(z[0],z[1])});layer.appendChild(n)}
        function box(p){var b=data.boxes[p];return 'M'+b[0]+' '+b[1]+'H'+b[2]+'V'+b[3]+'H'+b[0]+'z'}
        function draw(){
        var idle=!shownWords().length&&patch===null,plain=idle&&!limit&&!region&&!(cells&&cells.checked),m=map();
        all('.heat,.live,.veil').forEach(function(g){g.setAttribute('opacity',strong)});
        all('.heat,.regions').forEach(function(g){g.setAttribute('visibility',plain||(idle&&g.classList.contains('regions'))?'visible':'hidden')});
        all('.heat-legend').forEach(function(g){g.setAttribute('visibility',idle?'visible':'hidden')});
        all('.map-legend').forEach(function(g){g.setAttribute('visibility',shownWords().length?'visible':'hidden')});
        layers.forEach(function(layer){layer.textContent='';if(plain)return;
        if(smooth())field(layer,m);else for(var p=0;p<count;p++){var s=strength(m.values[p],m.errors[p],m.scale);
        path(layer,box(p),'paper',(Math.pow(1-s,\(HeatMarkup.veilExponent))*\(Tint.veilOpacity)).toFixed(3));if(s>0)path(layer,box(p),m.values[p]<0?'n':'p',(s*\(Tint.heatOpacity)).toFixed(3));
        if(s>=\(HeatMarkup.leastOutlined)&&!idle){path(layer,box(p),m.values[p]<0?'ns':'ps',null,1.75)}}
        if(region)outlined(layer,region);
        if(patch!==null){path(layer,box(patch),'casing',null,5);path(layer,box(patch),'outline',null,2)}});
        marked.forEach(function(e){var k=+e.dataset.player,on=pinned.indexOf(k)>=0;e.classList.toggle('on',on||pointed===k);e.setAttribute('aria-pressed',on)});
        say()}
        function outlined(layer,list){var d=list.map(box).join('');path(layer,d,'casing',null,5);path(layer,d,'outline',null,2)}
        function only(list){var v=data.ends[0];list.forEach(function(p,i){v+=first[p];for(var k=0;k<words;k++)v+=cross[p*words+k];
        for(var j=0;j<i;j++)v+=same[p*count+list[j]]});return v}
        function others(list){var rest=[];for(var p=0;p<count;p++)if(list.indexOf(p)<0)rest.push(p);return rest}
        function told(list){var name=list.length+(list.length===1?' patch':' patches')+': ';
        if(!same)return name+signed(list.reduce(function(v,p){return v+reading[p]},0))+' logits, the sum of their weights';
        return name+only(list).toFixed(2)+' logits where no others are shown, '+only(others(list)).toFixed(2)+' where all others are; '+data.ends[1].toFixed(2)+' with all (by the estimate)'}
        function say(){var text='';
        if(region)text=told(region);
        else if(shownWords().length){var m=map(),best=-1;for(var p=0;p<count;p++)if(Math.abs(m.values[p])>=limit*m.errors[p]&&(best<0||Math.abs(m.values[p])>Math.abs(m.values[best])))best=p;
        text=shownWords().map(name).join(' + ')+(best<0?': no patch stands clear of its error':': strongest at '+place(best)+', '+signed(m.values[best])+' logits')}
        else if(patch!==null){var list=[];for(var k=0;k<words;k++)list.push([k,cross[patch*words+k],crossErrors[patch*words+k]]);
        list=list.filter(function(x){return Math.abs(x[1])>=limit*x[2]}).sort(function(a,b){return Math.abs(b[1])-Math.abs(a[1])}).slice(0,4);
        text=place(patch)+', '+signed(reading[patch])+' logits: '+list.map(function(x){return name(x[0])+' '+signed(x[1])}).join(', ')}
        if(answer.textContent!==text)answer.textContent=text}
        function toggle(k){var i=pinned.indexOf(k);patch=region=null;if(i<0)pinned.push(k);else pinned.splice(i,1);pointed=null;draw()}
        marked.forEach(function(e){var k=+e.dataset.player;e.setAttribute('role','button');if(!e.hasAttribute('tabindex'))e.setAttribute('tabindex','0');
        e.addEventListener('pointerenter',function(x){if(x.pointerType!=='touch'){pointed=k;draw()}});
        e.addEventListener('pointerleave',function(){pointed=null;draw()});
        e.addEventListener('click',function(){toggle(k)});
        e.addEventListener('keydown',function(x){if(x.key==='Enter'||x.key===' '){x.preventDefault();toggle(k)}})});
        function choose(p){patch=p===patch&&!region?null:p;anchor=patch;pinned=[];pointed=region=null;draw()}
        var anchor=null,head=null,from=null,dragged=false;
        function place2(area,x){var r=area.getBoundingClientRect();return [(x.clientX-r.left)/r.width*area.dataset.width,(x.clientY-r.top)/r.height*area.dataset.height,x.clientX,x.clientY]}
        function within(a,b){var list=[];for(var p=0;p<count;p++){var q=data.boxes[p],cx=(q[0]+q[2])/2,cy=(q[1]+q[3])/2;
        if(cx>=Math.min(a[0],b[0])&&cx<=Math.max(a[0],b[0])&&cy>=Math.min(a[1],b[1])&&cy<=Math.max(a[1],b[1]))list.push(p)}return list}
        function chooseRegion(list){region=list.length?list:null;pinned=[];pointed=patch=null;draw()}
        function rectangle(a,b){var c=data.columns||1,list=[];for(var p=0;p<count;p++){var x=p%c,y=Math.floor(p/c);
        if(x>=Math.min(a%c,b%c)&&x<=Math.max(a%c,b%c)&&y>=Math.min(Math.floor(a/c),Math.floor(b/c))&&y<=Math.max(Math.floor(a/c),Math.floor(b/c)))list.push(p)}return list}
        all('.touch').forEach(function(area){
        area.addEventListener('pointerdown',function(x){if(x.button)return;from=place2(area,x);dragged=false;if(x.pointerType!=='touch')x.preventDefault();area.focus();area.setPointerCapture(x.pointerId)});
        area.addEventListener('pointermove',function(x){if(!from)return;var to=place2(area,x);
        if(Math.abs(to[2]-from[2])+Math.abs(to[3]-from[3])>8){dragged=true;chooseRegion(within(from,to))}});
        area.addEventListener('pointerup',function(){from=null});area.addEventListener('pointercancel',function(){from=null});
        area.addEventListener('click',function(x){if(dragged){dragged=false;return}var r=area.getBoundingClientRect(),w=+area.dataset.width,h=+area.dataset.height,
        px=(x.clientX-r.left)/r.width*w,py=(x.clientY-r.top)/r.height*h;
        for(var p=0;p<count;p++){var b=data.boxes[p];if(px>=b[0]&&px<b[2]&&py>=b[1]&&py<b[3]){choose(p);return}}patch=region=null;draw()});
        area.addEventListener('keydown',function(x){var c=data.columns||1,step={ArrowLeft:-1,ArrowRight:1,ArrowUp:-c,ArrowDown:c}[x.key];if(!step)return;
        x.preventDefault();var at=head!==null&&region?head:patch,p=at===null?0:at+step;if(p<0||p>=count)return;
        if(x.shiftKey){if(anchor===null)anchor=at===null?0:at;head=p;chooseRegion(rectangle(anchor,p))}
        else{patch=anchor=p;head=region=null;pinned=[];pointed=null;draw()}})});
        if(cells)cells.addEventListener('change',draw);
        document.querySelector('.ask .strength').addEventListener('input',function(){strong=+this.value;draw()});
        matchMedia('(prefers-color-scheme: dark)').addEventListener('change',draw);
        slider.addEventListener('input',function(){limit=+slider.value;document.querySelector('.ask output').textContent=slider.value;draw()});
        document.addEventListener('keydown',function(x){if(x.key==='Escape'){pinned=[];pointed=patch=region=anchor=head=null;draw()}});
        })();</script>
        """
}
