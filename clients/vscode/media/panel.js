// Runs inside the webview: takes the daemon's page apart, keeps its style and content, and leaves its scripts out.
(function () {
  'use strict';
  const page = document.getElementById('page');
  const style = document.getElementById('drawn');
  const status = document.getElementById('status');
  let shown = null;

  function isDark() {
    const names = document.body.classList;
    if (names.contains('vscode-dark') || (names.contains('vscode-high-contrast') && !names.contains('vscode-high-contrast-light'))) return true;
    if (names.contains('vscode-light') || names.contains('vscode-high-contrast-light')) return false;
    return matchMedia('(prefers-color-scheme: dark)').matches;
  }

  // The editor's theme decides, not the system's.
  function applyTheme() {
    const dark = isDark();
    document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
    for (const rule of style.sheet?.cssRules ?? []) {
      if (rule.media && (rule.scheme || rule.media.mediaText.includes('prefers-color-scheme'))) {
        rule.scheme = true;
        rule.media.mediaText = dark ? 'screen' : 'not all';
      }
    }
  }

  function draw(html) {
    if (html === shown) return;
    shown = html;
    const drawn = new DOMParser().parseFromString(html, 'text/html');
    for (const each of drawn.querySelectorAll('script')) each.remove();
    style.textContent = [...drawn.querySelectorAll('style')].map((each) => each.textContent).join('\n');
    const top = document.documentElement.scrollTop;
    page.replaceChildren(...drawn.body.childNodes);
    document.documentElement.scrollTop = top;
    applyTheme();
  }

  // Pointing at a word shows that word's map on the image, with the legend of its own scale.
  function point(target) {
    const player = target?.closest?.('[data-player]')?.dataset.player ?? null;
    for (const heat of page.querySelectorAll('.heat')) heat.setAttribute('href', player === null ? '#a-heat' : `#a-map-${player}`);
    const legends = { '.heat-legend': player === null, '.map-legend': player !== null };
    for (const [name, isShown] of Object.entries(legends)) {
      for (const legend of page.querySelectorAll(name)) legend.setAttribute('visibility', isShown ? 'visible' : 'hidden');
    }
    for (const mark of page.querySelectorAll('[data-player]')) mark.classList.toggle('on', mark.dataset.player === player);
  }
  page.addEventListener('pointerover', (event) => point(event.target));
  page.addEventListener('pointerleave', () => point(null));
  page.addEventListener('focusin', (event) => point(event.target));
  page.addEventListener('focusout', () => point(null));

  window.addEventListener('message', (event) => {
    const message = event.data;
    if (message?.kind !== 'state') return;
    status.textContent = message.status;
    status.classList.toggle('fault', message.isFault);
    if (message.page) {
      draw(message.page);
    } else {
      shown = null;
      page.replaceChildren();
    }
  });
  new MutationObserver(applyTheme).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  acquireVsCodeApi().postMessage({ kind: 'ready' });
})();
