// How both pages' phones reach Telnyx: as the server wrote it into the page, in the words of the SDK.

import type { IClientOptions } from "@telnyx/webrtc";

/** Empty or null: the SDK's own host, servers and region. */
export interface Signalling {
  signalling_host: string;
  ice_servers: RTCIceServer[] | null;
  ice_prefetch: boolean;
  region: string;
}

export function clientOptions(given: Signalling): IClientOptions & { host?: string } {
  return {
    // https://github.com/team-telnyx/webrtc/blob/main/packages/js/docs/ts/interfaces/IClientOptions.md
    // Reports would carry captions, headers and logins to a third place; ours go through the back end instead.
    enableCallReports: false,
    prefetchIceCandidates: given.ice_prefetch,
    ...(given.signalling_host ? { host: given.signalling_host } : {}),
    ...(given.ice_servers ? { iceServers: given.ice_servers } : {}),
    ...(given.region ? { region: given.region } : {}),
  };
}

type Codec = RTCRtpCodec;

const ofBrowser = (): Codec[] => RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];

/** Opus before whatever else the browser speaks; the others stay, for a side that has none. */
export function opusFirst(codecs: Codec[] = ofBrowser()): Codec[] {
  const isOpus = ({ mimeType }: Codec): boolean => mimeType.toLowerCase() === "audio/opus";
  return [...codecs.filter(isOpus), ...codecs.filter((codec) => !isOpus(codec))];
}
