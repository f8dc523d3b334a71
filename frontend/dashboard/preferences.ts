// What this browser remembers: appearance, ring volume, shortcuts, sound devices, open sections.

const PREFIX = "agileadapt.";

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null; // Storage may be forbidden; the page works without.
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // See above.
  }
}

export interface PreferenceEvents {
  volume(share: number): void;
  shortcuts(isOn: boolean): void;
  microphone(device: string): void;
  speaker(device: string): void;
}

const YEAR_SECONDS = 31_536_000;

function bindTheme(): void {
  const cookie = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1] ?? "system";
  for (const choice of document.querySelectorAll<HTMLInputElement>("input[name=theme]")) {
    choice.checked = choice.value === cookie;
    choice.addEventListener("change", () => {
      // A cookie, so that the server can render the right colours at once.
      // biome-ignore lint/suspicious/noDocumentCookie: not every browser has the Cookie Store API, and it answers later.
      document.cookie = `theme=${choice.value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
      if (choice.value === "system") delete document.documentElement.dataset["theme"];
      else document.documentElement.dataset["theme"] = choice.value;
    });
  }
}

function bindVolume(events: PreferenceEvents): void {
  const slider = document.getElementById("volume") as HTMLInputElement;
  slider.value = recall("volume") ?? slider.value;
  const apply = () => {
    remember("volume", slider.value);
    events.volume(Number(slider.value) / 100);
  };
  slider.addEventListener("input", apply);
  apply();
}

function bindShortcuts(events: PreferenceEvents): void {
  const box = document.getElementById("shortcuts") as HTMLInputElement;
  box.checked = recall("shortcuts") !== "off";
  const apply = () => {
    remember("shortcuts", box.checked ? "on" : "off");
    events.shortcuts(box.checked);
  };
  box.addEventListener("change", apply);
  apply();
}

function bindDevice(id: string, name: string, apply: (device: string) => void): void {
  const list = document.getElementById(id) as HTMLSelectElement;
  list.addEventListener("change", () => {
    remember(name, list.value);
    apply(list.value);
  });
}

function fill(id: string, devices: MediaDeviceInfo[], chosen: string): void {
  const list = document.getElementById(id) as HTMLSelectElement;
  while (list.options.length > 1) list.remove(1);
  for (const device of devices) list.add(new Option(device.label || "Unnamed device", device.deviceId));
  list.value = devices.some((device) => device.deviceId === chosen) ? chosen : "";
}

/** Names of devices are only told once the microphone is allowed. */
export async function listDevices(): Promise<void> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind) => devices.filter((one) => one.kind === kind && one.deviceId !== "default" && one.deviceId !== "");
  fill("microphone-device", of("audioinput"), recall("microphone") ?? "");
  fill("speaker-device", of("audiooutput"), recall("speaker") ?? "");
}

/** Sections that were opened once stay open for every call. */
export function keepOpenSections(): void {
  for (const section of document.querySelectorAll<HTMLDetailsElement>("details[data-remember]")) {
    if (section.dataset["bound"]) continue;
    section.dataset["bound"] = "yes";
    const name = `open.${section.dataset["remember"] ?? ""}`;
    section.open = recall(name) === "yes";
    section.addEventListener("toggle", () => remember(name, section.open ? "yes" : "no"));
  }
}

export function bindPreferences(events: PreferenceEvents): void {
  bindTheme();
  bindVolume(events);
  bindShortcuts(events);
  bindDevice("microphone-device", "microphone", events.microphone);
  bindDevice("speaker-device", "speaker", events.speaker);
  navigator.mediaDevices?.addEventListener("devicechange", () => void listDevices());
}
