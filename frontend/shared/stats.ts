// Read what a call's connection measured, in one flat object.

export interface CallStats {
  packetsReceived: number;
  packetsLost: number;
  /** Null before the first packet. */
  lastPacketAgoMs: number | null;
  bytesReceived: number;
  packetsSent: number;
  bytesSent: number;
  totalAudioEnergy: number;
  audioLevel: number;
  jitterMs: number;
  rttMs: number;
  localCandidate: string;
  remoteCandidate: string;
  connection: string;
}

const NOTHING: CallStats = {
  packetsReceived: 0, packetsLost: 0, lastPacketAgoMs: null, bytesReceived: 0, packetsSent: 0, bytesSent: 0, totalAudioEnergy: 0,
  audioLevel: 0, jitterMs: 0, rttMs: 0, localCandidate: "", remoteCandidate: "", connection: "none",
};

type Row = Record<string, unknown> & { type: string };

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);

/** The browser tells it as a time of day; only how long ago it was is of use elsewhere. */
function ago(timeOfDay: unknown): number | null {
  return typeof timeOfDay === "number" && timeOfDay > 0 ? performance.timeOrigin + performance.now() - timeOfDay : null;
}

function addInbound(total: CallStats, row: Row): void {
  total.lastPacketAgoMs ??= ago(row["lastPacketReceivedTimestamp"]);
  total.packetsReceived += number(row["packetsReceived"]);
  total.packetsLost += number(row["packetsLost"]);
  total.bytesReceived += number(row["bytesReceived"]);
  total.totalAudioEnergy += number(row["totalAudioEnergy"]);
  total.audioLevel = Math.max(total.audioLevel, number(row["audioLevel"]));
  total.jitterMs = Math.max(total.jitterMs, number(row["jitter"]) * 1000);
}

function addPair(total: CallStats, row: Row, rows: Map<string, Row>): void {
  const kind = (id: unknown) => String(rows.get(String(id))?.["candidateType"] ?? "");
  total.rttMs = number(row["currentRoundTripTime"]) * 1000;
  total.localCandidate = kind(row["localCandidateId"]);
  total.remoteCandidate = kind(row["remoteCandidateId"]);
}

export function summarise(report: Iterable<[string, Row]>, connection: string): CallStats {
  const rows = new Map(report);
  const total = { ...NOTHING, connection };
  for (const row of rows.values()) {
    if (row.type === "inbound-rtp" && row["kind"] === "audio") addInbound(total, row);
    if (row.type === "outbound-rtp" && row["kind"] === "audio") {
      total.packetsSent += number(row["packetsSent"]);
      total.bytesSent += number(row["bytesSent"]);
    }
    if (row.type === "candidate-pair" && row["nominated"] && row["state"] === "succeeded") addPair(total, row, rows);
  }
  return total;
}

export async function callStats(peer: RTCPeerConnection | null | undefined): Promise<CallStats> {
  if (!peer) return { ...NOTHING };
  const report = await peer.getStats();
  return summarise(report as unknown as Map<string, Row>, peer.connectionState);
}

/** True when what arrived since the last look would be heard as bad: 5 % lost, 60 ms jitter or 500 ms round trip. */
export function isPoor(before: CallStats, now: CallStats): boolean {
  const received = now.packetsReceived - before.packetsReceived;
  const lost = now.packetsLost - before.packetsLost;
  const share = received + lost > 0 ? lost / (received + lost) : 0;
  return share > 0.05 || now.jitterMs > 60 || now.rttMs > 500;
}
