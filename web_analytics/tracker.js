// Storehouse tracker. Embed: <script src=".../tracker.js" data-collector="https://..." defer></script>
// Declare events: <script type="application/json" data-storehouse-event>[{"event_name": "view_item", ...}]</script>,
// data-storehouse-click='{"event_name": "select_item", ...}', or storehouse("event", "search", {search_term: "mug"}).
(function (w, d, n) {
  "use strict";
  var config = __CONFIGURATION__;
  var early = (w.storehouse && w.storehouse.q) || [];
  if (config.honoursSignals && (n.doNotTrack === "1" || n.globalPrivacyControl)) {
    w.storehouse = function () {};
    return;
  }
  var tag = d.currentScript;
  var collector = (tag.dataset.collector || new URL(tag.src).origin).replace(/\/$/, "") + "/collect";
  var common = {}, vid, page, backoff = 0, timer, memory = {}, store = memory;
  var PREFIX = "sh_e:", LIMIT = 500;

  try { // storage may be blocked: then the queue lives as long as the page
    w.localStorage.setItem(PREFIX, "");
    w.localStorage.removeItem(PREFIX);
    store = w.localStorage;
  } catch (e) {}

  function uuid() {
    if (w.crypto.randomUUID) return w.crypto.randomUUID();
    return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, function (c) {
      return (c ^ (w.crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16);
    });
  }

  function visitor() {
    var found = /(?:^|; )sh_vid=([^;]+)/.exec(d.cookie), age = config.cookieless ? 0 : 34560000; // 400 days
    var id = found ? found[1] : config.cookieless ? "" : uuid();
    if (id) d.cookie = "sh_vid=" + id + ";path=/;max-age=" + age + ";SameSite=Lax" + (location.protocol === "https:" ? ";Secure" : "");
    return age ? id : undefined;
  }

  // One storage key for each event: tabs need no lock to add or to remove, and nothing is ever rewritten.
  function keys() {
    return Object.keys(store).filter(function (key) { return key.startsWith(PREFIX); }).sort();
  }

  function put(key, value) {
    try { store[key] = value; } catch (e) { (store = memory)[key] = value; }
  }

  function track(name, fields) {
    var event = Object.assign({
      event_id: uuid(), event_name: name, occurred_at: Date.now(), visitor_id: vid,
      page_url: address().slice(0, 4096), page_title: d.title.slice(0, 1024), referrer: page.referrer.slice(0, 4096),
      language: n.language, viewport_width: w.innerWidth
    }, common, fields);
    var queued = keys();
    queued.slice(0, Math.max(0, queued.length - LIMIT + 1)).forEach(drop); // the oldest go first
    put(PREFIX + event.occurred_at + ":" + event.event_id, JSON.stringify(event));
    later(200);
  }

  // A page whose address is a secret (an order's) names the one to record: data-path="/orders/status".
  function address() {
    return tag.dataset.path ? location.origin + tag.dataset.path : location.href;
  }

  function drop(key) { delete store[key]; }

  function batch() {
    var size = 0, sent = { keys: [], events: [] };
    keys().slice(0, 100).forEach(function (key) {
      var event = store[key]; // another tab may just have delivered it
      if (event && ((size += event.length) < 20000 || !sent.keys.length)) { // 20,000 characters are at most 60 KB
        sent.keys.push(key);
        sent.events.push(event);
      }
    });
    sent.body = "[" + sent.events + "]";
    return sent;
  }

  function later(delay) {
    if (!timer) timer = setTimeout(flush, Math.max(delay, backoff));
  }

  function post() {
    var sent = batch();
    if (!sent.keys.length) return;
    return fetch(collector, { method: "POST", body: sent.body, keepalive: true, credentials: "omit" }).then(function (answer) {
      if (!answer.ok && answer.status !== 400 && answer.status !== 413) throw answer; // those two are final
      sent.keys.forEach(drop);
      backoff = 0;
      if (keys().length) later(0);
    }).catch(function () { // the events stay, with their ids
      backoff = Math.min(backoff * 2 || 1000, 60000);
      later(0);
    });
  }

  function flush() {
    timer = clearTimeout(timer);
    // One tab sends at a time; the collector's duplicates would be harmless but not free.
    n.locks ? n.locks.request("sh", { ifAvailable: true }, function (lock) { return lock ? post() : later(1000); }) : post();
  }

  function leave() {
    var sent = batch();
    if (sent.keys.length) n.sendBeacon(collector, sent.body); // unconfirmed: they stay queued too
  }

  function view() {
    var url = location.href.split("#")[0];
    if (page && page.url === url) return;
    page = { url: url, referrer: page ? page.url : d.referrer };
    track("page_view");
  }

  function trackAll(text) {
    try {
      [].concat(JSON.parse(text)).forEach(function (event) { track(event.event_name, event); });
    } catch (e) { console.error("storehouse:", e.message, text); }
  }

  ["pushState", "replaceState"].forEach(function (name) {
    var original = history[name];
    history[name] = function () {
      var result = original.apply(this, arguments);
      setTimeout(view); // after the page has set its title
      return result;
    };
  });
  w.addEventListener("popstate", function () { setTimeout(view); });
  w.addEventListener("pageshow", function (e) { if (e.persisted) { page = 0; view(); } });
  w.addEventListener("pagehide", leave);
  w.addEventListener("online", function () { backoff = 0; flush(); });
  d.addEventListener("visibilitychange", function () { if (d.visibilityState === "hidden") leave(); });
  d.addEventListener("click", function (e) {
    var element = e.target.closest && e.target.closest("[data-storehouse-click]");
    if (element) trackAll(element.dataset.storehouseClick);
  }, true);

  w.storehouse = function (what, name, fields) {
    what === "set" ? Object.assign(common, name) : track(name, fields);
  };
  function start() {
    vid = visitor();
    view();
    d.querySelectorAll("script[data-storehouse-event]").forEach(function (element) { trackAll(element.textContent); });
    early.forEach(function (call) { w.storehouse.apply(null, call); });
  }
  d.prerendering ? d.addEventListener("prerenderingchange", start, { once: true }) : start();
})(window, document, navigator);
