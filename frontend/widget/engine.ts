// The call itself, over the real @telnyx/webrtc. Loaded only after the visitor's click.

import { TelnyxRTC, type Call, type IClientOptions, type INotification } from "@telnyx/webrtc";

import { Renewal, TOKEN_EXPIRING_SOON } from "../shared/renewal";
import { clientOptions, opusFirst, type Signalling } from "../shared/signalling";
import { callStats, type CallStats } from "../shared/stats";
import type { Frame } from "./captions";

export type Login = { token: string } | { assistantId: string };

export interface Line {
  login: Login;
  signalling: Signalling;
  /** The same login with a later end, while the visit lives. */
  renewed(): Promise<{ token: string }>;
}

export interface Dial {
  destination: string;
  callerName: string;
  callerNumber: string;
  headers: { name: string; value: string }[];
  stream: MediaStream;
  speaker: HTMLAudioElement;
}

export interface EngineEvents {
  ready(where: { dc: string | null; region: string | null }): void;
  /** The other side's audio is up. */
  active(callControlId: string): void;
  remote(stream: MediaStream): void;
  /** `sipReason` is Telnyx's, such as “User channel limit exceeded D1”. */
  ended(cause: string, sipReason: string): void;
  frame(frame: Frame): void;
  error(error: { code: number; fatal: boolean }): void;
}

interface SdkError {
  error?: { code?: number; fatal?: boolean };
}

interface SdkWarning {
  warning?: { code?: number };
}

const ENDED = new Set(["hangup", "destroy", "purge"]);

function credentials(login: Login): IClientOptions {
  if ("token" in login) return { login_token: login.token };
  return { anonymous_login: { target_type: "ai_assistant", target_id: login.assistantId } };
}

export class Engine {
  readonly isAnonymous: boolean;
  private readonly client: TelnyxRTC;
  private call: Call | null = null;
  private hasEnded = false;
  private remoteStream: MediaStream | null = null;
  private announcedId = "";

  constructor(
    line: Line,
    private readonly events: EngineEvents,
  ) {
    this.isAnonymous = "assistantId" in line.login;
    this.client = new TelnyxRTC({ ...clientOptions(line.signalling), ...credentials(line.login) });
    // A token left by an earlier call of this tab would make the SDK resume that call instead of starting ours.
    // https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/util/reconnect.ts
    this.client.clearReconnectToken();
    this.client.on("telnyx.ready", () => {
      events.ready({ dc: this.client.dc, region: this.client.region });
    });
    this.client.on("telnyx.notification", (notification: INotification) => {
      this.notified(notification);
    });
    this.client.on("telnyx.ai.conversation", (message: { params?: Frame }) => {
      if (message.params) events.frame(message.params);
    });
    this.client.on("telnyx.error", (event: SdkError) => {
      events.error({ code: event.error?.code ?? 49001, fatal: event.error?.fatal === true });
    });
    const renewal = new Renewal({ client: () => (this.hasEnded ? null : this.client), login: () => line.renewed() });
    this.client.on("telnyx.warning", (event: SdkWarning) => {
      if (event.warning?.code === TOKEN_EXPIRING_SOON) void renewal.run();
    });
  }

  connect(): void {
    // The call that this one takes over from may have left its token since.
    this.client.clearReconnectToken();
    void this.client.connect();
  }

  /** The SDK stops the tracks it was given when a call ends, hence the copy: the microphone outlives a call. */
  dial({ destination, callerName, callerNumber, headers, stream, speaker }: Dial): void {
    this.call = this.client.newCall({
      destinationNumber: destination,
      callerName,
      ...(callerNumber && { callerNumber }),
      customHeaders: headers,
      localStream: stream.clone(),
      remoteElement: speaker,
      audio: true,
      preferred_codecs: opusFirst(),
    });
  }

  mute(isMuted: boolean): void {
    if (isMuted) this.call?.muteAudio();
    else this.call?.unmuteAudio();
  }

  // https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/webrtc/Call.ts
  /** The second argument is not optional in 2.27: without it the SDK throws. */
  async send(text: string): Promise<void> {
    if (!this.call) throw new Error("no call to send a message on");
    await this.call.sendConversationMessage(text, []);
  }

  async replaceMicrophone(stream: MediaStream): Promise<void> {
    const track = stream.clone().getAudioTracks()[0] ?? null;
    const sender = this.peer?.getSenders().find((one) => one.track?.kind === "audio" || one.track === null);
    await sender?.replaceTrack(track);
  }

  stats(): Promise<CallStats> {
    return callStats(this.peer);
  }

  get connection(): RTCPeerConnectionState | "none" {
    return this.peer?.connectionState ?? "none";
  }

  /** The token by which a lost connection finds its call again is the tab's: it stays when another call has it now. */
  async close({ isFollowed = false } = {}): Promise<void> {
    this.hasEnded = true; // whatever the SDK still says about this call is no news
    await this.call?.hangup().catch(() => undefined); // the call may be gone already
    if (!isFollowed) this.client.clearReconnectToken();
    await this.client.disconnect();
  }

  private get peer(): RTCPeerConnection | null {
    return this.call?.peer?.instance ?? null;
  }

  private notified({ type, call }: INotification): void {
    if (type !== "callUpdate" || !call || this.hasEnded) return;
    // After a network change the SDK continues the call under a new object that names the old one.
    // https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/webrtc/BaseCall.ts
    if (call.recoveredCallId && call.recoveredCallId === this.call?.id) this.call = call;
    if (call.id !== this.call?.id) return;
    if (call.state === "active") this.activated(call);
    if (ENDED.has(call.state) && call.prevState !== "recovering") this.finished(call);
  }

  private activated(call: Call): void {
    const stream = call.remoteStream;
    if (stream && stream !== this.remoteStream) {
      this.remoteStream = stream;
      this.events.remote(stream);
    }
    const id = call.telnyxIDs.telnyxCallControlId ?? "";
    if (this.announcedId === id && id) return;
    this.announcedId = id;
    this.events.active(id);
  }

  private finished(call: Call): void {
    this.hasEnded = true;
    this.events.ended(call.cause ?? "", call.sipReason ?? "");
  }
}
