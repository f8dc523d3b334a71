// One live conversation per visitor: a second tab is told where the first one is.

const NAME = "agileadapt-call";

/** Resolves with a release function, or null when another tab of this browser holds the conversation. */
export function claimCall(): Promise<(() => void) | null> {
  if (!navigator.locks) return Promise.resolve(() => undefined);
  return new Promise((resolve) => {
    void navigator.locks.request(NAME, { ifAvailable: true }, (lock) => {
      if (!lock) {
        resolve(null);
        return undefined;
      }
      return new Promise<void>((release) => {
        resolve(release);
      });
    });
  });
}
