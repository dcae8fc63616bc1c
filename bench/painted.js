// In every page of `pages.py`: how long it takes from what somebody does to the moment when its outcome is painted.
// Nothing polls: each change of the document is looked at as it happens, and two frames after the one that makes the
// outcome complete it is on the screen.
globalThis.bench = (() => {
  performance.setResourceTimingBufferSize(2000);
  const shown = (what) => document.querySelector(what);

  // Rows are there when nothing is older than what was asked for, and the summary counts the same agents.
  function list() {
    const rows = [...document.querySelectorAll('table[aria-label="agents"] tbody tr a')].map((one) => one.getAttribute("href"));
    const stale = shown('table[aria-label="agents"] tbody[class*="stale"]');
    const total = shown('nav[aria-label="Pages"]')?.textContent.match(/of ([\d,]+)/)?.[1];
    if (rows.length === 0 || stale || !total) return null;
    const counted = shown('section[aria-label="Summary of the fleet"]')?.textContent.match(/^([\d,]+) agent/)?.[1];
    const narrowed = new URLSearchParams(location.search).has("status");
    return counted && (narrowed || counted === total) ? rows.join(" ") : null;
  }

  // Everything that the page of an agent asks for: facts, history, charts, log.
  function agent() {
    const sections = [...document.querySelectorAll("main section")].map((one) => one.textContent);
    const has = (word) => sections.some((text) => word.test(text));
    const complete = has(/^About.*not reporting after \d/) && has(/^Status history.*(heartbeat|changed)/) && has(/^Last heartbeats.*Latest: /) && has(/^Reported log.*(inputs|No entries)/);
    return complete ? document.querySelector("h1").textContent : null;
  }

  const tab = () => [...document.querySelectorAll('table[aria-label="Agents"] tbody tr a')].map((one) => one.getAttribute("href")).join(" ") || null;

  const options = () => (document.querySelectorAll('[role="listbox"] [role="option"]').length > 0 ? "options" : null);

  const outcomes = { list, agent, tab, options };

  // Time during which at least one answer of the API was awaited.
  function awaited(start, end) {
    const spans = performance
      .getEntriesByType("resource")
      .filter((one) => new URL(one.name).pathname.startsWith("/api/") && one.responseEnd > start && one.requestStart < end)
      .map((one) => [Math.max(one.requestStart, start), Math.min(one.responseEnd, end)])
      .sort((a, b) => a[0] - b[0]);
    let sum = 0;
    let until = 0;
    for (const [from, to] of spans) {
      sum += Math.max(0, to - Math.max(from, until));
      until = Math.max(until, to);
    }
    return sum;
  }

  // From now on, or from the first `event`, until the outcome is another than before.
  function watch(outcome, event) {
    const look = outcomes[outcome];
    const before = event ? look() : null;
    let start = event ? undefined : 0;
    if (event) addEventListener(event, (it) => (start = it.timeStamp), { capture: true, once: event !== "keydown" });
    bench.painted = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        const now = start === undefined ? null : look();
        if (now === null || now === before) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame((end) => resolve({ took: performance.now() - start, awaited: awaited(start, end), shown: now })));
      });
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    });
  }

  return { watch };
})();
