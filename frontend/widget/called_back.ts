// While a promise to call back stands: ring when somebody calls this page, until it is answered, declined or over.

import { Ringing } from "./ringing";
import type { Calling, ServerState } from "./socket";
import type { Store } from "./store";
import type { Visit } from "./visit";

export class CalledBack {
  private ringing: Ringing | null = null;
  private readonly declined = new Set<string>();

  constructor(
    private readonly store: Store,
    private readonly visit: Visit,
  ) {}

  told({ calling }: ServerState): void {
    const isWanted = calling !== null && !this.declined.has(calling.session.id);
    this.become(isWanted ? calling : null);
  }

  decline(): void {
    const calling = this.take();
    if (calling) this.visit.api.refuse(calling.session);
  }

  /** The call that rings; it stops ringing here and does not ring again. */
  take(): Calling | null {
    const { calling } = this.store.facts;
    if (calling) this.declined.add(calling.session.id);
    this.become(null);
    return calling;
  }

  private become(calling: Calling | null): void {
    const before = this.store.facts.calling;
    if (before?.session.id === calling?.session.id) return;
    this.ringing?.stop();
    this.ringing = calling ? new Ringing(calling.closer) : null;
    this.store.set({ calling });
  }
}
