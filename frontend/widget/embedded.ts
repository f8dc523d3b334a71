// When the page lives in another site's panel: hear what that site says of its visitor, say how the conversation stands,
// and ask to be closed.

import { withPassed } from "./values";

const CLOSE = "agileadapt:close";
const STATE = "agileadapt:state";
const VALUES = "agileadapt:values";
const HEADERS = "call-custom-headers";

/** The embedding page's own origin where the browser tells it; what is sent is no secret in any case. */
function parentOrigin(): string {
  return document.referrer ? new URL(document.referrer).origin : "*";
}

/** Only the page around this one is heard, and the policy of this page names the websites that may be it. */
function hearHost(widget: HTMLElement, origin: string): void {
  const own = widget.getAttribute(HEADERS); // what is passed no more, holds no more
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.source !== window.parent || (origin !== "*" && event.origin !== origin)) return;
    const message = (typeof event.data === "object" && event.data !== null ? event.data : {}) as { type?: unknown; values?: unknown };
    if (message.type === VALUES) widget.setAttribute(HEADERS, withPassed(own, message.values));
  });
}

export function joinHost(widget: HTMLElement, closeButton: HTMLElement): void {
  const isEmbedded = document.documentElement.hasAttribute("data-embed") && window.parent !== window;
  closeButton.hidden = !isEmbedded;
  if (!isEmbedded) return;
  const origin = parentOrigin();
  hearHost(widget, origin);
  const close = () => {
    window.parent.postMessage({ type: CLOSE }, origin);
  };
  closeButton.addEventListener("click", close);
  // Escape puts the panel away; the conversation goes on behind it.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  const tell = () => {
    window.parent.postMessage({ type: STATE, state: widget.dataset["state"] ?? "ready" }, origin);
  };
  new MutationObserver(tell).observe(widget, { attributes: true, attributeFilter: ["data-state"] });
  tell();
}
