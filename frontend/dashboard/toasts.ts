// Short words about what just happened; they leave by themselves.

const STAY_MS = 6_000;
const MOST = 3;

export function toast(text: string, tone: "plain" | "danger" = "plain"): void {
  const area = document.getElementById("toasts");
  const template = document.getElementById("toast-template") as HTMLTemplateElement | null;
  const made = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
  if (!area || !made) return;
  made.dataset["tone"] = tone;
  const words = made.querySelector("[data-toast-text]");
  if (words) words.textContent = text;
  area.append(made);
  while (area.children.length > MOST) area.firstElementChild?.remove();
  window.setTimeout(() => made.remove(), STAY_MS);
}
