// Ask for the microphone and say in one word why it could not be had.

export type MicrophoneProblem = "denied" | "dismissed" | "site" | "missing" | "busy" | "insecure" | "failed";

export type MicrophoneAnswer = { stream: MediaStream } | { problem: MicrophoneProblem };

/** The SDK's own number for the same cause, so that the media doctor reads one vocabulary. */
export const MICROPHONE_CODES: Record<MicrophoneProblem, number> = {
  denied: 42001, dismissed: 42001, site: 42001, missing: 42002, busy: 42003, insecure: 42003, failed: 42003,
};

interface FeaturePolicy {
  allowsFeature(name: string): boolean;
}

function forbiddenBySite(): boolean {
  const policy = (document as Document & { featurePolicy?: FeaturePolicy }).featurePolicy;
  return policy ? !policy.allowsFeature("microphone") : false;
}

export function microphoneProblem(error: unknown): MicrophoneProblem {
  const { name, message } = error instanceof DOMException ? error : { name: "", message: "" };
  if (name === "NotAllowedError") {
    if (forbiddenBySite()) return "site";
    return /dismiss/i.test(message) ? "dismissed" : "denied";
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return name === "SecurityError" ? "insecure" : "failed";
}

export async function openMicrophone(): Promise<MicrophoneAnswer> {
  if (!window.isSecureContext || !navigator.mediaDevices) return { problem: "insecure" };
  try {
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    return { stream: await navigator.mediaDevices.getUserMedia({ audio }) };
  } catch (error) {
    return { problem: microphoneProblem(error) };
  }
}

/** What a visitor without a microphone sends: real packets of silence, so that no side takes the call for dead. */
export function silence(context: AudioContext): MediaStream {
  const output = context.createMediaStreamDestination();
  const source = new ConstantSourceNode(context, { offset: 0 });
  source.connect(output);
  source.start();
  return output.stream;
}

export function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
