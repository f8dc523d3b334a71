// One visit on the wire: its session with us, our live line to it, its call, and the way back into that call.

import { Api, type Session } from "./api";
import type { Header, WidgetConfig } from "./config";
import type { Login } from "./engine";
import { CallLine, type LineEvents } from "./line";
import { Rejoin } from "./rejoin";
import { ProspectSocket, type SocketEvents } from "./socket";
import type { Surface } from "./surface";
import { asCallHeaders, asVariables, taken } from "./values";

export interface VisitEvents {
  line: LineEvents;
  socket: SocketEvents;
  /** What the call sends. */
  outgoing(): MediaStream;
  /** The server's latest word. */
  isRejoinWanted(): boolean;
  rejoining(): void;
}

export class Visit {
  readonly line: CallLine;
  readonly rejoin: Rejoin;
  api: Api;
  private socket: ProspectSocket | null = null;
  private former: Session | null = null;

  constructor(
    private readonly config: WidgetConfig,
    private readonly surface: Surface,
    private readonly events: VisitEvents,
  ) {
    this.api = new Api(config.urls);
    this.line = new CallLine(events.line);
    this.rejoin = new Rejoin(this.line, {
      api: () => this.api,
      isWanted: () => events.isRejoinWanted(),
      place: async (token) => {
        events.rejoining();
        await this.place({ token });
      },
    });
  }

  isLineFree(): Promise<boolean> {
    return this.api.isLineFree(this.config.slug);
  }

  /** Open a session. Without `call` it is enough to ask for a call back. */
  async open({ call = true } = {}): Promise<Login> {
    const { version, recording } = this.config.consent;
    this.api = new Api(this.config.urls);
    const variables = asVariables(this.told);
    const { credentials, session } = await this.api.token(this.config.slug, { version, recording }, { call, variables });
    this.surface.bind(session.id);
    return credentials ? { token: credentials.token } : { assistantId: this.surface.attribute("agent-id") ?? this.config.assistant_id };
  }

  /** Go on in a session that somebody opened to call this page back. */
  adopt(session: Session): void {
    this.former = this.api.session;
    this.enter(session);
  }

  /** Back to the session whose promise still stands; false when this page was not called back. */
  retreat(): boolean {
    const { former } = this;
    if (!former) return false;
    this.former = null;
    this.enter(former);
    this.listen(former);
    return true;
  }

  async place(login: Login): Promise<void> {
    const { destination, caller_number: callerNumber } = this.config;
    const headers = asCallHeaders(this.told);
    if (this.api.session) headers.push({ name: "X-Session-Ticket", value: this.api.session.ticket });
    const callerName = this.surface.attribute("call-caller-name") ?? "";
    const stream = this.events.outgoing();
    const dial = { destination, callerName, callerNumber, headers, stream, speaker: this.surface.newSpeaker() };
    await this.line.place({ login, signalling: this.config, renewed: () => this.api.renew() }, dial);
  }

  listen(session: Session): void {
    this.socket?.close();
    this.socket = new ProspectSocket(this.config.urls.socket, session.token, this.events.socket);
  }

  endCall(): void {
    this.rejoin.forget();
    void this.line.close();
  }

  letGo(): void {
    this.endCall();
    this.socket?.close();
    this.socket = null;
  }

  forget(): void {
    this.former = null;
    this.api = new Api(this.config.urls);
  }

  async sayGoodbye(): Promise<void> {
    const { api } = this;
    const stats = await this.line.stats();
    if (stats) api.report("media", { ...stats });
    api.leave();
  }

  private get told(): Header[] {
    return taken(this.surface.attribute("call-custom-headers"), this.config.variables);
  }

  private enter(session: Session): void {
    this.api = new Api(this.config.urls);
    this.api.session = session;
    this.surface.bind(session.id);
  }
}
