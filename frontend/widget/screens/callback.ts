// The promise to call back: a short form, then what was promised.

import { h, say } from "../../shared/dom";
import type { Facts } from "../facts";
import { T } from "../messages";
import { moment } from "../time";
import { button, heading, type Actions, type Screen } from "./screen";

const FEWEST_DIGITS = 6;
const text = T.callback;

interface Field {
  row: HTMLElement;
  input: HTMLInputElement;
  error: HTMLElement;
}

function field(id: string, label: string, attributes: Record<string, string>, hint = ""): Field {
  const error = h("span", { class: "error", id: `${id}-error` });
  const describedBy = hint ? `${id}-hint ${id}-error` : `${id}-error`;
  const input = h("input", { id, name: id, class: "field", "aria-describedby": describedBy, ...attributes });
  const note = hint ? h("span", { class: "hint", id: `${id}-hint` }, hint) : null;
  return { row: h("div", { class: "row" }, h("label", { for: id }, label), input, note, error), input, error };
}

function choice(value: string, label: string, isChosen: boolean): HTMLElement {
  return h("label", { class: "choice" }, h("input", { type: "radio", name: "when", value, checked: isChosen }), label);
}

export class CallbackScreen implements Screen {
  readonly root: HTMLElement;
  private readonly title = heading(text.title);
  private readonly lead = h("p", { class: "lead" });
  private readonly stay = h("p", { class: "hint" }, text.stay);
  private readonly name = field("name", text.name, { type: "text", autocomplete: "name", maxlength: "120", required: "" });
  private readonly phone = field("phone", text.phone, { type: "tel", autocomplete: "tel", maxlength: "32", required: "" }, text.phoneHint);
  private readonly time = field("time", text.time, { type: "datetime-local" });
  private readonly problem = h("p", { class: "error", role: "alert" });
  private readonly submitButton = h("button", { type: "submit", class: "button primary", "data-action": "submit-callback" }, text.submit);
  private readonly back: HTMLButtonElement;
  private readonly done: HTMLButtonElement;
  private readonly form: HTMLFormElement;

  constructor(private readonly actions: Actions) {
    this.back = button("back", "plain", text.back, () => actions.openCallback(false));
    this.done = button("done", "primary", T.close, () => actions.closeCallback());
    const when = h(
      "fieldset", { class: "row" }, h("legend", {}, text.when), choice("soon", text.soon, true), choice("at", text.at, false), this.time.row,
    );
    this.form = h(
      "form",
      { class: "callback-form", novalidate: true, onsubmit: (event) => void this.submit(event), onchange: () => this.showTime() },
      this.name.row, this.phone.row, when, this.problem,
      h("div", { class: "choices" }, this.back, this.submitButton),
    );
    this.root = h("section", { class: "screen callback" }, this.title, this.lead, this.form, this.stay, this.done);
    this.showTime();
  }

  update(facts: Facts): void {
    const due = facts.callbackDueAt;
    const isPromised = due !== null;
    say(this.title, isPromised ? text.doneTitle : text.title);
    const why = facts.isBusy ? text.busy : facts.isCallbackOpen ? text.text : text.nobody;
    say(this.lead, isPromised ? this.promise(due) : why);
    if (isPromised && !this.form.hidden) queueMicrotask(() => this.title.focus());
    this.form.hidden = isPromised;
    this.back.hidden = !facts.isCallbackOpen;
    this.done.hidden = this.stay.hidden = !isPromised;
  }

  private promise(due: string): string {
    const when = moment(due);
    return when ? text.done(when) : text.doneSoon;
  }

  private get isTimed(): boolean {
    return new FormData(this.form).get("when") === "at";
  }

  private showTime(): void {
    this.time.row.hidden = !this.isTimed;
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!this.isValid()) return;
    this.submitButton.disabled = true;
    say(this.submitButton, text.sending);
    const when = this.isTimed ? new Date(this.time.input.value).toISOString() : "";
    const outcome = await this.actions.requestCallback({ name: this.name.input.value.trim(), phone: this.phone.input.value.trim(), when });
    say(this.problem, outcome === "failed" ? text.failed : "");
    if (outcome === "not_a_number") this.judge([[this.phone, false, text.wholePhone]]);
    this.submitButton.disabled = false;
    say(this.submitButton, text.submit);
  }

  private isValid(): boolean {
    // Digits of any script; the server knows what a number is.
    const digits = this.phone.input.value.match(/\p{Nd}/gu) ?? [];
    const isFuture = !this.isTimed || new Date(this.time.input.value).getTime() > Date.now();
    return this.judge([
      [this.name, this.name.input.value.trim() !== "", text.needName],
      [this.phone, digits.length >= FEWEST_DIGITS, text.needPhone],
      [this.time, isFuture, text.needTime],
    ]);
  }

  /** Say what is wrong beside each field; true when nothing is. */
  private judge(checks: [Field, boolean, string][]): boolean {
    for (const [{ input, error }, isFine, message] of checks) {
      say(error, isFine ? "" : message);
      input.setAttribute("aria-invalid", String(!isFine));
    }
    checks.find(([, isFine]) => !isFine)?.[0].input.focus();
    return checks.every(([, isFine]) => isFine);
  }
}
