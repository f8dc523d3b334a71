// Single-key shortcuts: dead while somebody types or a dialog is open, and they can be turned off.

export type Commands = Record<string, () => void>;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

export class Keys {
  isOn = true;

  constructor(private readonly commands: Commands) {
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.isOn || event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const run = this.commands[event.key.toLowerCase()];
    if (!run) return;
    event.preventDefault();
    run();
  }
}
