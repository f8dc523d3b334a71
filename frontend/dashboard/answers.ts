// Edit one answer in its place, take or leave what was heard later, unlock what was edited.

import { address, type Config } from "./config";
import { post, Refused } from "./api";
import { toast } from "./toasts";
import { h, say } from "../shared/dom";

type Verb = "use_answer" | "dismiss_answer" | "unlock_answer";

const FORM = "field-edit";

export class Answers {
  /** The digest of the answer that stood there when the editing began. */
  private seen = "";
  private isSaving = false;

  constructor(private readonly config: Config) {
    document.addEventListener("click", (event) => this.onClick(event));
    document.addEventListener("submit", (event) => {
      if (!(event.target instanceof HTMLElement) || !event.target.closest(`#${FORM}`)) return;
      event.preventDefault();
      void this.save();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !(event.target instanceof Element) || !event.target.closest(`#${FORM}`)) return;
      event.stopPropagation();
      this.close();
    });
  }

  private onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const field = target?.closest<HTMLElement>("[data-field]");
    if (!target || !field) return;
    if (target.closest("[data-edit]")) this.open(field);
    else if (target.closest("[data-cancel]")) this.close();
    else if (target.closest("[data-unlock]")) void this.ask("unlock_answer", field, {});
    else this.choose(target, field);
  }

  private choose(target: Element, field: HTMLElement): void {
    const used = target.closest<HTMLElement>("[data-use]");
    const dismissed = target.closest<HTMLElement>("[data-dismiss]");
    const seen = field.dataset["seen"] ?? "";
    if (used) void this.ask("use_answer", field, { heard: used.dataset["use"], seen });
    if (dismissed) void this.ask("dismiss_answer", field, { heard: dismissed.dataset["dismiss"] });
  }

  private async ask(verb: Verb, field: HTMLElement, body: object): Promise<void> {
    try {
      await post(this.address(verb, field), body);
      field.querySelector<HTMLElement>("[data-edit]")?.focus({ preventScroll: true });
    } catch (error) {
      toast(error instanceof Refused ? error.message : "That did not work. Try again.", "danger");
    }
  }

  private address(verb: Verb | "edit_answer", field: HTMLElement): string {
    const session = document.getElementById("detail")?.dataset["session"] ?? "";
    return address(this.config.urls[verb], session) + encodeURIComponent(field.dataset["field"] ?? "");
  }

  private open(field: HTMLElement): void {
    this.close();
    const template = document.getElementById("field-edit-template") as HTMLTemplateElement;
    const part = template.content.firstElementChild?.cloneNode(true) as HTMLElement;
    const input = this.input(field, part.querySelector("input") as HTMLInputElement);
    input.setAttribute("aria-labelledby", field.querySelector(".field-label")?.id ?? "");
    field.querySelector(".field-shown")?.after(part);
    this.seen = field.dataset["seen"] ?? "";
    input.focus();
    if (input instanceof HTMLInputElement) input.select();
  }

  private input(field: HTMLElement, plain: HTMLInputElement): HTMLInputElement | HTMLSelectElement {
    const text = field.querySelector("[data-value]")?.textContent ?? "";
    if (!field.dataset["choices"]) {
      // A field of numbers alone would swallow what a closer types beside them, and a date's format is the browser's.
      plain.inputMode = { email: "email", tel: "tel", number: "decimal" }[field.dataset["input"] ?? ""] ?? "text";
      if (field.dataset["input"] === "date") plain.placeholder = "2026-03-31";
      plain.value = text;
      return plain;
    }
    const choices = ["", ...(JSON.parse(field.dataset["choices"]) as string[])];
    const select = h("select", { name: "value" }, ...choices.map((one) => h("option", { value: one }, one || "Not known")));
    select.value = choices.includes(text) ? text : "";
    plain.replaceWith(select);
    return select;
  }

  private async save(): Promise<void> {
    const form = document.getElementById(FORM);
    const field = form?.closest<HTMLElement>("[data-field]");
    const input = form?.querySelector<HTMLInputElement>("[name=value]");
    if (!form || !field || !input || this.isSaving) return;
    this.isSaving = true;
    try {
      await post(this.address("edit_answer", field), { value: input.value, seen: this.seen });
      if (form.isConnected) this.close();
    } catch (error) {
      if (error instanceof Refused && typeof error.told["seen"] === "string") this.seen = error.told["seen"];
      this.explain(form, input, error instanceof Refused ? error.message : "Not saved. Try again.");
    } finally {
      this.isSaving = false;
    }
  }

  private explain(form: HTMLElement, input: HTMLElement, words: string): void {
    const line = form.querySelector<HTMLElement>("[role=alert]");
    if (!line) return;
    line.hidden = false;
    say(line, words);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", line.id);
    input.focus();
  }

  private close(): void {
    const form = document.getElementById(FORM);
    const field = form?.closest<HTMLElement>("[data-field]");
    form?.remove();
    field?.querySelector<HTMLElement>("[data-edit]")?.focus({ preventScroll: true });
  }
}
