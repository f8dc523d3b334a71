// One line on somebody else's website: a button, and behind it the widget's page in a frame of its own.

const LABEL_OPEN = "Talk with us";
const LABEL_RETURN = "Back to the conversation";
const LABEL_CALLING = "We are calling you back";
const LABEL_CLOSE = "Hide the conversation";
const LABEL_WINDOW = "The conversation does not open on this website. Open it in a window of its own.";
const TITLE = "Talk with our AI assistant";
const TAG = "agileadapt-launcher";
const ANSWER_MS = 6_000;
const IDLE = new Set(["ready", "ended", "error"]);
/** `data-value-user-tier="Enterprise"` on the script tag. */
const VALUE = "data-value-";

const STYLE = `
:host { all: initial; }
* { box-sizing: border-box; }
button {
  display: inline-flex; align-items: center; gap: 10px; min-height: 52px; padding: 0 22px; border: 0; border-radius: 999px;
  background: #0b6662; color: #fff; font: 600 16px/1.2 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; cursor: pointer;
  box-shadow: 0 2px 6px rgb(0 0 0 / 15%), 0 10px 30px rgb(0 0 0 / 20%);
}
button:hover { background: #08524f; }
button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; box-shadow: 0 0 0 4px #1558d6; }
svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
.panel {
  position: fixed; inset-block-end: 88px; inset-inline-end: 20px; width: min(420px, calc(100vw - 40px)); height: min(700px, calc(100vh - 120px));
  border-radius: 18px; overflow: hidden; background: #f6f5f1; box-shadow: 0 4px 12px rgb(0 0 0 / 12%), 0 24px 64px rgb(0 0 0 / 25%);
}
.panel[hidden] { display: none; }
.fallback { display: grid; place-items: center; height: 100%; padding: 32px; color: #0b6662; font: 500 17px/1.5 system-ui, sans-serif; text-align: center; }
iframe { width: 100%; height: 100%; border: 0; display: block; }
@media (max-width: 480px) {
  .panel { inset: 0; width: 100vw; height: 100vh; height: 100dvh; border-radius: 0; }
}
@media (prefers-color-scheme: dark) {
  button { background: #5cc7bd; color: #06211f; }
  button:hover { background: #7bd6cd; }
  .panel { background: #12171a; }
  .fallback { color: #6fd2c8; }
}
`;

function wave(): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  path.setAttribute("d", "M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4");
  drawing.append(path);
  return drawing;
}

/** A constructed sheet passes a host's strict style policy; a style element is for browsers without it. */
function dress(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement("style");
    style.textContent = STYLE;
    root.append(style);
  }
}

/** Inline and important: the host's `* { … }` rules must not move or hide the button. */
function fix(host: HTMLElement): void {
  const rules: Record<string, string> = {
    all: "initial", position: "fixed", "inset-block-end": "20px", "inset-inline-end": "20px", "z-index": "2147483647", display: "block",
  };
  for (const [name, value] of Object.entries(rules)) host.style.setProperty(name, value, "important");
}

/** For when the site may not frame the widget, or the visitor's blocker does not let it through. */
function fallback(address: string): HTMLElement {
  const link = document.createElement("a");
  link.className = "fallback";
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = LABEL_WINDOW;
  return link;
}

/** What the site says of its visitor, as it stands on the tag now. */
function valuesOn(script: HTMLScriptElement): Record<string, string> {
  const values = [...script.attributes].filter(({ name }) => name.startsWith(VALUE));
  return Object.fromEntries(values.map(({ name, value }) => [name.slice(VALUE.length), value]));
}

function launch(origin: string, slug: string, script: HTMLScriptElement): void {
  const host = document.createElement(TAG);
  const root = host.attachShadow({ mode: "closed" });
  const button = document.createElement("button");
  const label = document.createElement("span");
  const panel = document.createElement("div");
  let frame: HTMLIFrameElement | null = null;
  let state = "ready";
  let hasAnswered = false;
  const address = `${origin}/w/${encodeURIComponent(slug)}/`;

  const show = (isOpen: boolean) => {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    label.textContent = isOpen ? LABEL_CLOSE : state === "calling" ? LABEL_CALLING : IDLE.has(state) ? LABEL_OPEN : LABEL_RETURN;
  };
  const open = () => {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.allow = "microphone; autoplay";
      frame.title = TITLE;
      frame.src = `${address}?embed=1`;
      panel.append(frame);
      setTimeout(() => {
        if (!hasAnswered) frame?.replaceWith(fallback(address));
      }, ANSWER_MS);
    }
    show(true);
    frame.focus();
  };
  const close = () => {
    show(false);
    button.focus();
  };
  // By message and to our own page alone: an address would end up in logs.
  const pass = () => {
    if (hasAnswered) frame?.contentWindow?.postMessage({ type: "agileadapt:values", values: valuesOn(script) }, origin);
  };

  button.type = "button";
  button.append(wave(), label);
  button.addEventListener("click", () => (panel.hidden ? open() : close()));
  root.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key === "Escape" && !panel.hidden) close();
  });
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.origin !== origin || !frame || event.source !== frame.contentWindow) return;
    const message = (typeof event.data === "object" && event.data !== null ? event.data : {}) as { type?: unknown; state?: unknown };
    hasAnswered = true;
    if (message.type === "agileadapt:close") close();
    if (message.type === "agileadapt:state" && typeof message.state === "string") {
      const rings = message.state === "calling" && state !== "calling";
      state = message.state;
      if (IDLE.has(state)) pass();
      // The visitor waits for this call: it may show itself, but takes no focus from what they are doing.
      show(rings || !panel.hidden);
    }
  });

  // A site may come to know its visitor later.
  new MutationObserver(pass).observe(script, { attributes: true });

  panel.className = "panel";
  dress(root);
  root.append(panel, button);
  fix(host);
  show(false);
  // Not in the body: a single-page site may replace all of it.
  document.documentElement.append(host);
}

const script = document.currentScript as HTMLScriptElement | null;
const slug = script?.dataset["widget"];
if (script?.src && slug && !document.querySelector(TAG)) launch(new URL(script.src).origin, slug, script);
