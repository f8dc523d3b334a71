// What the SDK's calls are asked on this page.

import type { Call } from "@telnyx/webrtc";

export const LIVE_STATES = new Set(["active", "held", "recovering"]);
export const OVER_STATES = new Set(["hangup", "destroy", "purge"]);

export function header(call: Call, name: string): string | null {
  const headers = (call.options.customHeaders ?? []) as { name: string; value: string }[];
  return headers.find((one) => one.name.toLowerCase() === name)?.value ?? null;
}
