// One line of the probe: a client of the browser SDK with a call of its own, and an ear upon what comes in.

import { TelnyxRTC, type Call, type IClientOptions, type INotification } from "@telnyx/webrtc";

import { callStats } from "../shared/stats";
import { Ear } from "./ear";
import { Voice } from "./tones";

export interface Where {
  host: string;
  iceServers: RTCIceServer[] | null;
  region: string;
}

export type Login = { token: string } | { assistantId: string };
export type Tell = (what: string, data?: Record<string, unknown>) => void;

const OVER = new Set(["hangup", "destroy", "purge"]);
const NOT_REATTACHED = 48501;
// A reason such as “Caller Origination Number is Invalid D35”.
const REASON = /\b[A-Z]{1,2}[0-9]{1,3}\b/;

interface Coded {
  error?: { code?: number; fatal?: boolean };
  warning?: { code?: number };
}

export class Line {
  readonly ear: Ear;
  private answers = false;
  private client: TelnyxRTC | null = null;
  private call: Call | null = null;
  private readonly rung = new Map<string, Call>();
  private voice: Voice | null = null;
  private isLost = false;
  private readonly speaker = new Audio();
  private readonly over = new Set<string>();

  constructor(
    readonly name: string,
    private readonly context: AudioContext,
    private readonly microphone: MediaStreamAudioSourceNode | null,
    private readonly tell: Tell,
  ) {
    this.ear = new Ear(context);
    this.speaker.autoplay = true;
    // Only the visitor's line is for the person in front of the page; the others are measured.
    this.speaker.muted = name !== "caller" && name !== "anonymous";
  }

  async connect(login: Login, where: Where): Promise<void> {
    await this.close();
    const options: IClientOptions & { host?: string } = {
      enableCallReports: false,
      // Another line's token in this tab's storage would send this one to that line's session.
      // https://github.com/team-telnyx/webrtc/blob/main/packages/js/docs/ts/interfaces/IClientOptions.md
      skipLastVoiceSdkId: true,
      ...("token" in login
        ? { login_token: login.token }
        : { anonymous_login: { target_type: "ai_assistant", target_id: login.assistantId } }),
    };
    if (where.host) options.host = where.host;
    if (where.iceServers) options.iceServers = where.iceServers;
    if (where.region) options.region = where.region;
    const client = new TelnyxRTC(options);
    client.clearReconnectToken();
    this.client = client;
    const mine = (run: () => void) => client === this.client && run();
    client.on("telnyx.ready", () => mine(() => this.ready(client)));
    client.on("telnyx.error", (event: Coded) => mine(() => this.failed(event)));
    client.on("telnyx.warning", (event: Coded) => mine(() => this.tell("warning", { code: event.warning?.code ?? 0 })));
    client.on("telnyx.socket.close", () => mine(() => this.tell(this.isLost ? "lost" : "closed")));
    client.on("telnyx.notification", (note: INotification) => mine(() => this.notified(note)));
    await client.connect();
  }

  place(destination: string, headers: { name: string; value: string }[], callerNumber: string): void {
    if (!this.client) throw new Error("no client");
    this.call = this.client.newCall({
      destinationNumber: destination,
      callerName: "AgileAdapt probe",
      ...(callerNumber ? { callerNumber } : {}),
      customHeaders: headers,
      localStream: this.speak(),
      remoteElement: this.speaker,
      audio: true,
    });
    this.tell("placed");
  }

  /** Answer what rings, also what rings already. */
  expect(answers: boolean): void {
    this.answers = answers;
    const [first] = this.rung.values();
    if (first) this.answer(first);
  }

  hangUp(): void {
    for (const call of [this.call, ...this.rung.values()]) void call?.hangup();
    this.rung.clear();
    this.call = null;
    this.ear.deaf();
  }

  async close(): Promise<void> {
    this.hangUp();
    const { client } = this;
    this.client = null;
    this.answers = this.isLost = false;
    this.voice?.close();
    this.voice = null;
    client?.clearReconnectToken();
    await client?.disconnect();
  }

  speaks(isSpeaking: boolean): void {
    this.voice?.speaks(isSpeaking);
  }

  silent(): void {
    this.voice?.silent();
  }

  /** Cuts the signalling as a lost network does: the call's sound goes on meanwhile. */
  loseSocket(): void {
    this.isLost = true;
    const socket = (this.client as unknown as { connection?: { _wsClient?: WebSocket } } | null)?.connection?._wsClient;
    socket?.close();
  }

  async stats(): Promise<Record<string, unknown>> {
    const stats = await callStats(this.call?.peer?.instance);
    return {
      rtt_ms: Math.round(stats.rttMs),
      jitter_ms: Math.round(stats.jitterMs),
      packets_received: stats.packetsReceived,
      packets_sent: stats.packetsSent,
      packets_lost: stats.packetsLost,
      local: stats.localCandidate,
      remote: stats.remoteCandidate,
      connection: stats.connection,
    };
  }

  private speak(): MediaStream {
    this.voice?.close();
    this.voice = new Voice(this.context, this.name, this.microphone);
    return this.voice.stream;
  }

  private ready(client: TelnyxRTC): void {
    const place = { dc: (client.dc ?? "").toLowerCase(), region: (client.region ?? "").toLowerCase() };
    this.tell(this.isLost ? "reattached" : "ready", place);
    this.isLost = false;
  }

  private failed({ error }: Coded): void {
    const code = error?.code ?? 0;
    if (code === NOT_REATTACHED) this.tell("not reattached", { code });
    else this.tell(error?.fatal ? "refused" : "error", { code });
  }

  private notified({ type, call }: INotification): void {
    if (type !== "callUpdate" || !call) return;
    if (call.recoveredCallId && call.recoveredCallId === this.call?.id) this.call = call;
    const ids = call.telnyxIDs;
    const about = { ids: { call: ids?.telnyxCallControlId ?? "", session: ids?.telnyxSessionId ?? "" } };
    if (call.state === "ringing" && call.direction === "inbound") this.ringing(call, about);
    else if (call.state === "active") this.active(call, about);
    else if (OVER.has(call.state)) this.ended(call, about);
    else if (call.id === this.call?.id && about.ids.call) this.tell("known", about);
  }

  private ringing(call: Call, about: object): void {
    if (this.rung.has(call.id)) return;
    this.rung.set(call.id, call);
    this.tell("ringing", { ...about });
    this.answer(call);
  }

  private answer(call: Call): void {
    if (!this.answers || this.call) return;
    this.call = call;
    this.rung.delete(call.id);
    call.options.localStream = this.speak();
    call.options.remoteElement = this.speaker;
    void call.answer({});
  }

  private active(call: Call, about: object): void {
    if (call.id !== this.call?.id) return;
    const stream = call.remoteStream;
    if (stream) {
      this.speaker.srcObject ??= stream;
      this.ear.listen(stream);
    }
    this.tell("active", { ...about });
  }

  private ended(call: Call, about: object): void {
    const isOurs = call.id === this.call?.id || this.rung.delete(call.id);
    if (!isOurs || this.over.has(call.id)) return;
    this.over.add(call.id);
    if (call.id === this.call?.id) {
      this.call = null;
      this.speaker.srcObject = null;
      this.ear.deaf();
    }
    const reason = REASON.exec(call.sipReason ?? "")?.[0] ?? "";
    this.tell("ended", { ...about, cause: call.cause ?? "", sip: call.sipCode ?? 0, reason });
  }
}
