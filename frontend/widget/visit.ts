// One visit on the wire: its session with us, our live line to it, its call, and the way back into that call.

import { Api, type Session } from "./api";
import { customHeaders, type WidgetConfig } from "./config";
import type { Login } from "./engine";
import { CallLine, type LineEvents } from "./line";
import { Rejoin } from "./rejoin";
import { ProspectSocket, type SocketEvents } from "./socket";
import type { Surface } from "./surface";

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
  isAnonymousLeg = false;
  private socket: ProspectSocket | null = null;

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

  /** Open a session. Without `call` it is enough to ask for a call back. */
  async open({ call = true } = {}): Promise<Login> {
    const { version, recording } = this.config.consent;
    this.api = new Api(this.config.urls);
    const { credentials, session } = await this.api.token(this.config.slug, { version, recording }, { call });
    this.surface.bind(session.id);
    return credentials ? { token: credentials.token } : { assistantId: this.surface.attribute("agent-id") ?? this.config.assistant_id };
  }

  async place(login: Login): Promise<void> {
    this.isAnonymousLeg = "assistantId" in login;
    const { signalling_host: host, ice_servers: iceServers, region, destination } = this.config;
    const headers = customHeaders(this.surface.attribute("call-custom-headers"));
    if (this.api.session) headers.push({ name: "X-Session-Ticket", value: this.api.session.ticket });
    const callerName = this.surface.attribute("call-caller-name") ?? "";
    const dial = { destination, callerName, headers, stream: this.events.outgoing(), speaker: this.surface.speaker };
    await this.line.place({ login, host, iceServers, region }, dial);
  }

  listen(session: Session): void {
    this.socket?.close();
    this.socket = new ProspectSocket(this.config.urls.socket, session.token, this.events.socket);
  }

  letGo(): void {
    this.rejoin.forget();
    void this.line.close();
    this.socket?.close();
    this.socket = null;
  }

  forget(): void {
    this.api = new Api(this.config.urls);
  }

  async sayGoodbye(): Promise<void> {
    const { api } = this;
    const stats = await this.line.stats();
    if (stats) api.report("media", { ...stats });
    api.leave();
  }
}
