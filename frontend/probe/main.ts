// The probe's page: it does what the command asks, tells what it sees and hears, and hangs up when the command is gone.

import { post, Refused } from "../dashboard/api";
import { h, say } from "../shared/dom";
import { Line, type Login } from "./line";

interface Config {
  urls: { turn: string; login: string };
  signalling_host: string;
  ice_servers: RTCIceServer[] | null;
  region: string;
}

interface Order {
  number: number;
  kind: string;
  arguments: Record<string, unknown>;
}

interface Seen {
  seenAt: number;
  data: Record<string, unknown>;
}

const EVERY_MS = 250;
const SHOWN = 200;
const tab = crypto.randomUUID();
const config = JSON.parse(document.getElementById("probe-config")?.textContent ?? "{}") as Config;
const find = (name: string) => document.querySelector<HTMLElement>(`[data-${name}]`)!;
const [start, now, prompt, list, log] = ["start", "now", "say", "lines", "log"].map(find) as [HTMLButtonElement, ...HTMLElement[]];
const lines = new Map<string, Line>();
const meters = new Map<string, HTMLMeterElement>();
const context = new AudioContext({ sampleRate: 48_000 });
const seen: Seen[] = [];
let microphone: MediaStreamAudioSourceNode | null = null;

function tell(what: string, data: Record<string, unknown> = {}): void {
  seen.push({ seenAt: performance.now(), data: { what, ...data } });
  const { ids: _, ...shown } = data;
  log!.prepend(h("li", {}, new Date().toLocaleTimeString(), ` ${what} `, JSON.stringify(shown)));
  while (log!.childElementCount > SHOWN) log!.lastElementChild?.remove();
}

function lineOf(name: string): Line {
  const known = lines.get(name);
  if (known) return known;
  const line = new Line(name, context, microphone, (what, data) => tell(what, { line: name, ...data }));
  const meter = h("meter", { min: 0, max: 80, "aria-label": `${name} hears` });
  list!.append(h("li", {}, h("b", {}, name), meter));
  meters.set(name, meter);
  lines.set(name, line);
  return line;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
const count = (value: unknown) => (typeof value === "number" ? value : 0);

async function login(line: string): Promise<Login> {
  return { token: text((await post(config.urls.login, { line, tab }))["token"]) };
}

const DOES: Record<string, (line: Line, given: Record<string, unknown>) => Promise<void> | void> = {
  async login(line, given) {
    const assistantId = text(given["assistant"]);
    const credentials = assistantId ? { assistantId } : await login(line.name);
    const { signalling_host: host, ice_servers: iceServers, region } = config;
    await line.connect(credentials, { host, iceServers, region });
  },
  call(line, given) {
    const headers = (given["headers"] ?? []) as { name: string; value: string }[];
    line.place(text(given["destination"]), headers, text(given["caller_number"]));
  },
  expect(line, given) {
    line.expect(given["answers"] === true);
  },
  async measure(line, given) {
    const heard = await line.ear.measure(count(given["ms"]), { firstVoice: given["first_voice"] === true });
    tell("heard", { line: line.name, name: text(given["name"]), ...heard });
  },
  async speak(line, given) {
    prompt!.hidden = false;
    say(prompt!, text(given["text"]));
    line.speaks(true);
    await new Promise((resolve) => setTimeout(resolve, count(given["ms"])));
    line.speaks(false);
    prompt!.hidden = true;
    tell("spoken", { line: line.name });
  },
  quiet(line) {
    line.silent();
  },
  async stats(line) {
    tell("stats", { line: line.name, ...(await line.stats()) });
  },
  lose_socket(line) {
    line.loseSocket();
  },
  hang_up(line) {
    line.hangUp();
  },
  async close(line) {
    await line.close();
  },
};

async function obey({ kind, arguments: given }: Order): Promise<void> {
  if (kind === "show") {
    say(now!, text(given["text"]));
    return;
  }
  const line = lineOf(text(given["line"]));
  try {
    await DOES[kind]?.(line, given);
  } catch (error) {
    tell("failed", { line: line.name, code: error instanceof Refused ? error.status : 0 });
  }
}

/** One exchange with the server; false when the probe is over. */
async function turn(after: number): Promise<{ after: number; isOver: boolean }> {
  const telling = seen.splice(0, 100);
  const told = telling.map(({ seenAt, data }) => ({ ...data, age_ms: Math.round(performance.now() - seenAt) }));
  let answer: Record<string, unknown>;
  try {
    answer = await post(config.urls.turn, { tab, after, told });
  } catch (error) {
    if (error instanceof Refused && error.status >= 400 && error.status < 500) throw error;
    seen.unshift(...telling); // the server may be busy: told with the next turn
    return { after, isOver: false };
  }
  const orders = answer["orders"] as Order[];
  // Each by itself: while one line is measured, another one may have to be hung up.
  for (const order of orders) void obey(order);
  return { after: orders.at(-1)?.number ?? after, isOver: answer["is_over"] === true };
}

async function run(): Promise<void> {
  for (let state = { after: 0, isOver: false }; !state.isOver; ) {
    state = await turn(state.after);
    for (const [name, meter] of meters) meter.value = lines.get(name)?.ear.level ?? 0;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function begin(): Promise<void> {
  start!.disabled = true;
  await context.resume();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true } });
    microphone = context.createMediaStreamSource(stream);
  } catch {
    tell("failed", { code: 42001 }); // without it, the steps in which somebody speaks show nothing
  }
  document.body.dataset["state"] = "running";
  say(now!, "Waiting for the command.");
  let words = "The probe is over; its report lies where the command says. You may close this page.";
  try {
    await run();
  } catch (error) {
    words = error instanceof Error ? error.message : String(error);
  }
  await Promise.all([...lines.values()].map((line) => line.close()));
  document.body.dataset["state"] = "over";
  say(now!, words);
}

start.addEventListener("click", () => void begin());
start.disabled = false; // a press before this would do nothing
