// When the page lives in another site's panel: say how the conversation stands, and ask to be closed.

const CLOSE = "agileadapt:close";
const STATE = "agileadapt:state";

/** The embedding page's own origin where the browser tells it; what is sent is no secret in any case. */
function parentOrigin(): string {
  return document.referrer ? new URL(document.referrer).origin : "*";
}

export function joinHost(widget: HTMLElement, closeButton: HTMLElement): void {
  const isEmbedded = document.documentElement.hasAttribute("data-embed") && window.parent !== window;
  closeButton.hidden = !isEmbedded;
  if (!isEmbedded) return;
  const origin = parentOrigin();
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
