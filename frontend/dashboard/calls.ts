// What a closer may ask of a call: take it, take it over, let it go, give it back, give it to somebody else.

import { address, type Config, type Desk } from "./config";
import { post, Refused } from "./api";
import { toast } from "./toasts";

export interface CallEvents {
  /** The server says that the call is ours; its line may ring before the desk is told. */
  taken(desk: Desk): void;
}

const FAILED = "That did not work. Try again.";

export class Calls {
  private readonly asking = new Set<string>();
  private readonly people = document.getElementById("assign") as HTMLDialogElement;
  private assigned = "";

  constructor(
    private readonly config: Config,
    private readonly events: CallEvents,
  ) {
    document.addEventListener("click", (event) => this.onClick(event));
    document.addEventListener("submit", (event) => this.onSubmit(event));
  }

  /** One key for both: from the desk the call that is ours, else the one that is open. */
  takeByKey(): void {
    const button = document.querySelector<HTMLElement>("[data-take-over]") ?? document.querySelector<HTMLElement>("[data-take]");
    button?.click();
  }

  /** Open the form that gives the call back, and begin to write; false when there is nothing to give back. */
  beginHandingBack(): boolean {
    const form = document.querySelector<HTMLDetailsElement>(".hand-back");
    if (!form) return false;
    form.open = true;
    form.querySelector<HTMLElement>("textarea")?.focus();
    return true;
  }

  private onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const find = (name: string) => target?.closest<HTMLButtonElement>(`button[data-${name}]`);
    const take = find("take");
    const over = find("take-over");
    const go = find("let-go");
    const assign = find("assign");
    const person = find("assign-to");
    if (take) void this.take(take.dataset["take"] ?? "", "immediately" in take.dataset);
    else if (over) void this.ask(address(this.config.urls.take_over, over.dataset["takeOver"] ?? ""));
    else if (go) void this.ask(address(this.config.urls.hang_up, go.dataset["letGo"] ?? ""));
    else if (assign) this.choosePerson(assign.dataset["assign"] ?? "");
    else if (person) void this.assign(Number(person.dataset["assignTo"]));
  }

  private onSubmit(event: SubmitEvent): void {
    const form = event.target instanceof HTMLFormElement ? event.target : null;
    if (!form?.dataset["handBack"]) return;
    event.preventDefault();
    const instruction = String(new FormData(form).get("instruction") ?? "");
    void this.ask(address(this.config.urls.hand_back, form.dataset["handBack"]), { instruction });
  }

  private async take(session: string, immediately: boolean): Promise<void> {
    const told = await this.ask(address(this.config.urls.take, session), { immediately });
    if (!told) return;
    const handoff = String(told["handoff"]);
    this.events.taken({ handoff, session, state: String(told["state"]), standby: told["standby"] === true, says: "" });
  }

  private choosePerson(session: string): void {
    this.assigned = session;
    this.people.showModal();
  }

  private async assign(closer: number): Promise<void> {
    this.people.close();
    await this.ask(address(this.config.urls.assign, this.assigned), { closer });
  }

  /** Once at a time: a second click before the answer changes nothing. */
  private async ask(url: string, body: object = {}): Promise<Record<string, unknown> | null> {
    if (this.asking.has(url)) return null;
    this.asking.add(url);
    try {
      return await post(url, body);
    } catch (error) {
      toast(error instanceof Refused ? error.message : FAILED, "danger");
      return null;
    } finally {
      this.asking.delete(url);
    }
  }
}
