// The list of questions in the administration: add, delete and move rows. Without this program their places are typed.

class Questions {
  private readonly list: HTMLElement;
  private readonly blank: HTMLTemplateElement;
  private readonly told: HTMLElement;
  private made = 1_000;

  constructor(private readonly root: HTMLElement) {
    this.list = root.querySelector("[data-list]") as HTMLElement;
    this.blank = root.querySelector("template[data-blank]") as HTMLTemplateElement;
    this.told = root.querySelector("[data-told]") as HTMLElement;
    for (const row of this.rows()) if (this.isBlank(row)) row.remove();
    root.addEventListener("click", (event) => this.onClick(event));
    root.addEventListener("change", () => this.refresh());
    this.refresh();
  }

  private rows(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("[data-question]")];
  }

  private isBlank(row: HTMLElement): boolean {
    return [...row.querySelectorAll<HTMLInputElement>("input[type=text]")].every((input) => input.value === "");
  }

  private onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest<HTMLElement>("[data-question]");
    if (target?.closest("[data-add]")) this.add();
    else if (row && target?.closest("[data-delete]")) this.remove(row);
    else if (row && target?.closest("[data-up]")) this.move(row, row.previousElementSibling, "[data-up]");
    else if (row && target?.closest("[data-down]")) this.move(row, row.nextElementSibling?.nextElementSibling ?? null, "[data-down]");
  }

  private add(): void {
    const row = this.blank.content.firstElementChild?.cloneNode(true) as HTMLElement;
    const place = String(this.made++);
    for (const element of row.querySelectorAll("*")) {
      for (const name of ["id", "name", "for"]) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.replace("__place__", place));
      }
    }
    this.list.append(row);
    this.refresh();
    row.querySelector<HTMLInputElement>("input[type=text]")?.focus();
  }

  private remove(row: HTMLElement): void {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.refresh();
    this.told.textContent = "Deleted; saved with the widget.";
    (next?.querySelector<HTMLElement>("[data-delete]") ?? this.root.querySelector<HTMLElement>("[data-add]"))?.focus();
  }

  private move(row: HTMLElement, before: Element | null, button: string): void {
    this.list.insertBefore(row, before);
    this.refresh();
    this.told.textContent = `Question ${this.rows().indexOf(row) + 1} of ${this.rows().length}.`;
    const again = row.querySelector<HTMLButtonElement>(button);
    (again?.disabled ? row.querySelector<HTMLElement>("button:not(:disabled)") : again)?.focus();
  }

  private refresh(): void {
    const rows = this.rows();
    for (const element of this.root.querySelectorAll<HTMLElement>("[data-scripted]")) element.hidden = false;
    for (const element of this.root.querySelectorAll<HTMLElement>("[data-plain]")) element.hidden = true;
    rows.forEach((row, index) => this.number(row, index, rows.length));
    const add = this.root.querySelector<HTMLButtonElement>("[data-add]");
    if (add) add.disabled = rows.length >= Number(this.root.dataset["most"]);
  }

  private number(row: HTMLElement, index: number, count: number): void {
    (row.querySelector("[data-place]") as HTMLInputElement).value = String(index + 1);
    for (const number of row.querySelectorAll("[data-number]")) number.textContent = String(index + 1);
    (row.querySelector("[data-up]") as HTMLButtonElement).disabled = index === 0;
    (row.querySelector("[data-down]") as HTMLButtonElement).disabled = index === count - 1;
    const kind = row.querySelector<HTMLSelectElement>("select[data-kind]");
    (row.querySelector("[data-choices]") as HTMLElement).hidden = kind?.value !== "choice";
  }
}

function start(): void {
  for (const root of document.querySelectorAll<HTMLElement>("[data-questions]")) new Questions(root);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
