// One readable conversation out of several sources: the server's turns, the SDK's instant frames, what was just typed.

export type Role = "assistant" | "prospect";

export interface Turn {
  id: string;
  role: Role;
  text: string;
}

export interface Caption {
  key: string;
  role: Role | "note";
  text: string;
  /** Still being spoken; a screen reader waits until it is whole. */
  isPartial: boolean;
  /** Typed here, not yet confirmed by the other side. */
  isPending: boolean;
  /** Typed here, and the assistant on the line reads nothing. */
  isUnread?: true;
}

interface Content {
  transcript?: unknown;
  text?: unknown;
}

/** The part of an `ai_conversation` frame that carries words; content is a list or, at times, a bare string. */
export interface Frame {
  type?: unknown;
  delta?: unknown;
  item_id?: unknown;
  item?: { id?: unknown; role?: unknown; type?: unknown; status?: unknown; content?: Content[] | string };
}

/** One turn of the assistant's first run, as this page heard it. */
export interface Heard {
  position: number;
  role: Role;
  text: string;
}

export type Live = Turn & { isPartial: boolean };

type Placed = Turn & { position: number; isPartial: boolean };

/** What is no turn itself, and the position of the last turn that was known when it came. */
interface Aside {
  text: string;
  after: number;
}

/** A turn's id is its position; those of the assistant's n-th run in a visit begin at (n - 1) times this. */
const RUN = 10_000;
const BEFORE_ALL = -1;
const LONGEST_HEARD = 4_000;

function words(content: Content[] | string | undefined): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => String(part.transcript ?? part.text ?? "")).join(" ").trim();
}

function caption(role: Caption["role"], key: string, text: string, isPending: boolean): Caption {
  return { key, role, text, isPartial: false, isPending };
}

export class Captions {
  private server: Placed[] = [];
  private readonly live: Live[] = [];
  private pending: Aside[] = [];
  private readonly unread: Aside[] = [];
  private readonly notes: Aside[] = [];
  private readonly told = new Map<string, string>();
  private readonly passedOn = new Map<number, string>();

  /** The back end's list replaces ours as soon as it knows at least as much. */
  fromServer(turns: Turn[]): void {
    this.server = turns.map((turn) => ({ ...turn, position: Number(turn.id), isPartial: false }));
    this.settle();
  }

  /** Take an SDK frame; returns the turn it changed, or null when it carries no words. */
  fromFrame(frame: Frame): Live | null {
    if (frame.type === "response.text.done" || frame.type === "response.done") this.finishPartials();
    const turn = frame.type === "response.text.delta" ? this.delta(frame) : this.item(frame);
    if (turn) this.settle();
    return turn;
  }

  typed(text: string): void {
    this.pending.push({ text, after: this.last });
  }

  /** A typed line that could not be delivered is taken back, so that nobody believes it was read. */
  untyped(text: string): void {
    this.pending = this.pending.filter((line) => line.text !== text);
  }

  /** A typed line that the assistant on the line cannot read stays, and says so. */
  unreadable(text: string): void {
    this.unread.push(...this.pending.filter((line) => line.text === text));
    this.untyped(text);
  }

  note(text: string): void {
    const { last } = this;
    const newest = this.notes.at(-1);
    if (newest?.text !== text || newest.after !== last) this.notes.push({ text, after: last });
  }

  get list(): Caption[] {
    const { turns } = this;
    const captions = this.between(-Infinity, turns[0]?.position ?? Infinity);
    turns.forEach(({ position, role, text, isPartial }, index) => {
      captions.push({ key: `turn-${position}`, role, text, isPartial, isPending: false });
      captions.push(...this.between(position, turns[index + 1]?.position ?? Infinity));
    });
    return captions;
  }

  /** The turns that are new or have grown since this was last asked. */
  news(): Caption[] {
    const turns = this.list.filter(({ key, role, text, isPending, isUnread }) => role !== "note" && !isPending && !isUnread && this.told.get(key) !== text);
    for (const { key, text } of turns) this.told.set(key, text);
    return turns;
  }

  /** What only this page has heard so far, new or grown since this was last asked. */
  heard(): Heard[] {
    const told = new Map(this.server.map(({ position, text }) => [position, text]));
    const turns = this.live.map(({ role, text }, position) => ({ position, role, text: text.trim().slice(0, LONGEST_HEARD) }));
    const news = turns.filter(({ position, text }) => text && told.get(position) !== text && this.passedOn.get(position) !== text);
    for (const { position, text } of news) this.passedOn.set(position, text);
    return news;
  }

  /** Frames only tell of the first run: later ones are on our own leg, and the server alone tells of them. */
  private get turns(): Placed[] {
    const first = this.server.filter(({ position }) => position < RUN);
    if (first.length >= this.live.length) return this.server;
    const live = this.live.map((turn, position) => ({ ...turn, position }));
    return [...live, ...this.server.filter(({ position }) => position >= RUN)];
  }

  private get last(): number {
    return this.turns.at(-1)?.position ?? BEFORE_ALL;
  }

  private between(from: number, to: number): Caption[] {
    const isHere = ({ after }: Aside) => after >= from && after < to;
    const notes = this.notes.filter(isHere).map(({ text, after }) => caption("note", `note-${after}-${text}`, text, false));
    const typed = this.pending.filter(isHere).map(({ text, after }) => caption("prospect", `typed-${after}-${text}`, text, true));
    const unread = this.unread.filter(isHere).map(({ text, after }): Caption => {
      return { ...caption("prospect", `unread-${after}-${text}`, text, false), isUnread: true };
    });
    return [...notes, ...unread, ...typed];
  }

  private delta(frame: Frame): Live | null {
    if (typeof frame.delta !== "string") return null;
    const id = String(frame.item_id ?? "");
    const known = this.live.find((turn) => turn.id === id);
    if (known) {
      known.text += frame.delta;
      return known;
    }
    const turn: Live = { id, role: "assistant", text: frame.delta, isPartial: true };
    this.finishPartials();
    this.live.push(turn);
    return turn;
  }

  private item({ type, item }: Frame): Live | null {
    const isMessage = type === "conversation.item.created" && item?.type === "message";
    if (!isMessage || (item.role !== "user" && item.role !== "assistant")) return null;
    const text = words(item.content);
    if (!text) return null;
    const id = String(item.id ?? "");
    const turn: Live = { id, role: item.role === "user" ? "prospect" : "assistant", text, isPartial: item.status === "in_progress" };
    const index = this.live.findIndex((known) => known.id === id);
    this.finishPartials();
    if (index < 0) this.live.push(turn);
    else this.live[index] = turn;
    return turn;
  }

  private finishPartials(): void {
    for (const turn of this.live) turn.isPartial = false;
  }

  private settle(): void {
    const { turns } = this;
    const isHeard = ({ text, after }: Aside) =>
      turns.some((turn) => turn.position > after && turn.role === "prospect" && turn.text.trim() === text);
    this.pending = this.pending.filter((line) => !isHeard(line));
  }
}
