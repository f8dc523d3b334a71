// A login that ends while a call stands is replaced in the session that carries the call, so that its sound goes on.

import type { TelnyxRTC } from "@telnyx/webrtc";

// https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/BaseSession.ts
/** The SDK's warning, 120 s before a login token ends. */
export const TOKEN_EXPIRING_SOON = 34001;

const PAUSES_MS = [0, 3_000, 7_000, 15_000, 30_000, 30_000];
const ANSWER_MS = 10_000;

export interface RenewalNeeds<Login> {
  /** The client of the call; null once there is none that needs it. */
  client(): TelnyxRTC | null;
  login(): Promise<Login>;
}

export class Renewal<Login extends { token: string }> {
  private isRunning = false;

  constructor(private readonly needs: RenewalNeeds<Login>) {}

  /** The login under which the session goes on; null when it is too late, or under way already. */
  async run(): Promise<Login | null> {
    if (this.isRunning) return null;
    this.isRunning = true;
    try {
      for (const pause of PAUSES_MS) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        const client = this.needs.client();
        if (!client) return null;
        const login = await this.renew(client);
        if (login) return login;
      }
      return null;
    } finally {
      this.isRunning = false;
    }
  }

  private async renew(client: TelnyxRTC): Promise<Login | null> {
    try {
      const login = await this.needs.login();
      return (await logInAgain(client, login.token)) ? login : null;
    } catch {
      return null; // The server is away, or refuses: the next pause may be long enough.
    }
  }
}

/** Over the socket that is open: a socket that is just coming back logs in with the fresh token by itself. */
function logInAgain(client: TelnyxRTC, token: string): Promise<boolean> {
  client.options.login_token = token;
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ANSWER_MS);
    void client.login({ creds: { login_token: token }, onSuccess: () => resolve(true), onError: () => resolve(false) });
  });
}
