// Runs in a page before its own scripts and writes down, in Unix milliseconds, what happens there:
// clicks and keys, every 10 ms of received sound, every event of the dashboard's socket and when it was on screen, rings.
(() => {
  const seen = { clicks: [], keys: [], tracks: [], frames: [], rings: [] };
  window.benchSeen = seen;

  const wall = (event) => Date.now() - (performance.now() - event.timeStamp);
  const named = (event) => event.composedPath().find((node) => node.tagName === "BUTTON")?.textContent?.trim() ?? "";
  addEventListener("click", (event) => seen.clicks.push({ name: named(event), at: wall(event) }), true);
  addEventListener("keydown", (event) => seen.keys.push({ name: event.key, at: wall(event) }), true);

  async function listen(track) {
    const frames = [];
    seen.tracks.push(frames);
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      const sum = samples.reduce((total, sample) => total + sample * sample, 0);
      frames.push([Date.now(), value.timestamp / 1000, 255 * Math.sqrt(sum / samples.length)]);
      value.close();
    }
  }

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
      super(...options);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && void listen(track));
    }
  };

  let changes = 0;
  new MutationObserver(() => (changes += 1)).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });

  function received(message) {
    const frame = JSON.parse(message.data);
    if (frame.type === "ring") requestAnimationFrame(() => seen.rings.push({ at: Date.now() }));
    if (frame.type !== "event") return;
    const entry = { session: frame.session, seq: frame.seq, kind: frame.kind, at: Date.now(), shownAt: null };
    const before = changes;
    seen.frames.push(entry);
    // The page's own handler runs after this one; the next picture shows what it changed.
    requestAnimationFrame(() => {
      if (changes > before) entry.shownAt = Date.now();
    });
  }

  window.WebSocket = class extends WebSocket {
    constructor(...address) {
      super(...address);
      if (String(address[0]).includes("/ws/dashboard/")) this.addEventListener("message", received);
    }
  };
})();
