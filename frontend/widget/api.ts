// The back end's small HTTP surface for one prospect.

export interface Urls {
  token: string;
  lines: string;
  message: string;
  claim: string;
  rejoin: string;
  renew: string;
  request: string;
  callback: string;
  report: string;
  heard: string;
  leave: string;
  socket: string;
  hearing: string;
}

export interface Credentials {
  username: string;
  password: string;
  expires: string;
  token: string;
}

export interface Session {
  id: string;
  /** For us alone. */
  token: string;
  /** For the call: it travels through Telnyx and opens nothing else. */
  ticket: string;
}

export interface Consent {
  version: string;
  recording: boolean;
}

export interface Minted {
  credentials: Credentials | null;
  session: Session;
}

export interface CallbackRequest {
  name: string;
  phone: string;
  when: string;
}

const TIMEOUT_MS = 15_000;
/** Somebody waits for the microphone's question meanwhile. */
const LINE_WORD_MS = 1_500;

/** `status` 0 means that no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterSeconds = 0,
    /** The server's own word for the cause, where it has one. */
    readonly code = "",
  ) {
    super(message);
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { message?: unknown; code?: unknown };
  const code = typeof body.code === "string" ? body.code : "";
  const message = typeof body.message === "string" ? body.message : "";
  return new ApiError(response.status, message, Number(response.headers.get("Retry-After")) || 0, code);
}

export class Api {
  session: Session | null = null;
  private hasLeft = false;

  constructor(private readonly urls: Urls) {}

  /** Without `call` there is a session but no credential: enough to ask for a call back. */
  async token(widget: string, consent: Consent, { call = true, variables = {} } = {}): Promise<Minted> {
    const told = Object.keys(variables).length > 0 ? { variables } : {};
    const minted = (await this.post(this.urls.token, { widget, consent, call, ...told })) as Minted;
    this.session = minted.session;
    return minted;
  }

  /** Whether a call would find a line just now; without a word in time, the call itself will tell. */
  async isLineFree(widget: string): Promise<boolean> {
    try {
      const asked = `${this.urls.lines}?widget=${encodeURIComponent(widget)}`;
      const response = await fetch(asked, { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(LINE_WORD_MS) });
      const told = (await response.json()) as { free?: unknown };
      return told.free !== false;
    } catch {
      return true;
    }
  }

  async message(text: string): Promise<void> {
    await this.post(this.urls.message, { text });
  }

  async claim(callControlId: string): Promise<void> {
    await this.post(this.urls.claim, { call_control_id: callControlId });
  }

  async rejoin(): Promise<Credentials> {
    return ((await this.post(this.urls.rejoin, {})) as { credentials: Credentials }).credentials;
  }

  async renew(): Promise<{ token: string }> {
    return ((await this.post(this.urls.renew, {})) as { credentials: { token: string } }).credentials;
  }

  /** Have a person called while the assistant goes on; a second wish changes nothing. */
  async request(): Promise<void> {
    await this.post(this.urls.request, {});
  }

  async callback(request: CallbackRequest): Promise<string> {
    return ((await this.post(this.urls.callback, request)) as { due_at: string }).due_at;
  }

  /** Measurements are best effort: a lost report must never disturb the call it describes. */
  report(kind: "latency" | "media" | "error" | "handover", data: object): void {
    if (!this.session) return;
    this.post(this.urls.report, { kind, data }).catch(() => undefined);
  }

  /** What this page heard of the assistant's own call; best effort, for Telnyx tells of it as well. */
  heard(turns: { position: number; role: string; text: string }[]): void {
    if (!this.session) return;
    this.post(this.urls.heard, { turns }).catch(() => undefined);
  }

  /** Works while the page is being torn down, when an ordinary request would be cancelled. */
  leave(): void {
    if (!this.session || this.hasLeft) return;
    this.hasLeft = true;
    this.refuse(this.session);
  }

  /** Say that nobody will be in this session. */
  refuse({ token }: Session): void {
    navigator.sendBeacon(this.urls.leave, new Blob([JSON.stringify({ token })], { type: "application/json" }));
  }

  private async post(url: string, body: object): Promise<unknown> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (this.session) headers["Authorization"] = `Bearer ${this.session.token}`;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const request: RequestInit = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", signal, keepalive: true };
    const response = await fetch(url, request).catch(() => {
      throw new ApiError(0, "");
    });
    if (!response.ok) throw await refusal(response);
    return response.status === 204 || response.status === 202 ? null : response.json();
  }
}
