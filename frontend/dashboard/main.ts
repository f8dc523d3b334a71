// The closers' page: connects what the server says with what the page shows and what the closer does.

import { address, readConfig, type Desk } from "./config";
import { post, Refused } from "./api";
import { refreshTimes, startClock } from "./clock";
import { Answers } from "./answers";
import { Callbacks } from "./callbacks";
import { Calls } from "./calls";
import { Duty } from "./duty";
import { Fields } from "./fields";
import { Keys } from "./keys";
import { Line } from "./line";
import { CallList } from "./list";
import { Microphone } from "./microphone";
import { Notes } from "./notes";
import { Page } from "./page";
import { bindPreferences, keepOpenSections, listDevices } from "./preferences";
import { Ring } from "./ring";
import { Search } from "./search";
import { LiveSocket, type Frame } from "./socket";
import { Sound } from "./sound";
import { Status } from "./status";
import { Steering } from "./steering";
import { toast } from "./toasts";
import { Transcript } from "./transcript";

let isStarted = false;
const config = readConfig();
const page = new Page();
const sound = new Sound();
const notes = new Notes(config);
const transcript = new Transcript();
const fields = new Fields();
const list = new CallList(config.watching);
const status = new Status(() => socket.hurry());
const microphone = new Microphone(() => changed());
const line = new Line(config, sound, microphone, () => changed());
const steering = new Steering(config);
new Answers(config);
const calls = new Calls(config, { taken });
const callbacks = new Callbacks(config, page, { taken });
const search = new Search(config, page);
const ring = new Ring(config, sound, {
  accepted: taken,
  changed: () => {
    refreshTimes();
    status.refresh();
  },
});
const socket = new LiveSocket(
  { url: config.urls.socket, probe: config.urls.board, epoch: config.epoch, cursors: config.cursors, watching: config.watching },
  {
    frame: received,
    beat: (frame) => {
      callbacks.beat(frame["checked"]);
      return duty.present();
    },
    connection: (state, reason, since) => {
      status.connection(state, reason, since);
      changed();
    },
  },
);
const duty = new Duty(config, { line, sound, microphone, socket });

/** A call is ours now. */
function taken(desk: Desk): void {
  line.attend(desk);
  if (desk.session !== socket.watched) watch(desk.session);
}

function received(frame: Frame): void {
  if (frame.fragments) page.apply(frame.fragments);
  if (frame.type === "snapshot") {
    if (!callbacks.isShown && !search.isShown) list.choose(frame.watching ?? null);
  }
  else if (frame.type === "gone") for (const session of frame.sessions ?? []) page.remove(`card-${session}`);
  else if (frame.type === "ring") ring.show(frame);
  else if (frame.type === "ring_over") ring.over(frame);
  else if (frame.type === "register") void line.registerAnew();
  else if (frame.type === "desk") {
    line.attend(frame as unknown as Desk);
    ring.confirm(frame["ring"]);
  }
}

function changed(): void {
  if (!isStarted) return;
  if (duty.show() && microphone.isGranted) void listDevices();
}

async function act(url: string, body: object = {}): Promise<void> {
  try {
    await post(url, body);
  } catch (error) {
    toast(error instanceof Refused ? error.message : "That did not work. Try again.", "danger");
  }
}

function watch(session: string | null, isNew = true): void {
  // While the line is away the choice waits for it: another page would not load either, and would drop a call.
  if (socket.isOver) {
    location.assign(session ? address(config.urls.session, session) : config.urls.board);
    return;
  }
  if (isNew) history.pushState({ session }, "", session ? address(config.urls.session, session) : config.urls.board);
  list.choose(session);
  socket.watch(session);
}

function step(by: 1 | -1): void {
  const session = list.step(by);
  if (session) watch(session);
}

async function complete(button: HTMLElement): Promise<void> {
  await notes.flush();
  await act(address(config.urls.complete, button.dataset["complete"] ?? ""), { disposition: button.dataset["disposition"] });
}

function showHelp(): void {
  (document.getElementById("help") as HTMLDialogElement).showModal();
}

const CLICKS: Record<string, (element: HTMLElement) => void> = {
  "[data-availability]": (button) => void duty.setAvailable(button.dataset["availability"] === "on"),
  "[data-back]": () => void duty.back(),
  "[data-complete]": (button) => void complete(button),
  "[data-promise-done]": (button) => void act(button.dataset["promiseDone"] ?? ""),
  "[data-help]": showHelp,
  "[data-test-ring]": () => sound.test(),
  "[data-allow-notifications]": () => void Notification.requestPermission().then(offerNotifications),
};

function onClick(event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const link = target?.closest<HTMLAnchorElement>("a[data-watch]");
  if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    watch(link.dataset["watch"] || null);
    return;
  }
  for (const [selector, run] of Object.entries(CLICKS)) {
    const element = target?.closest<HTMLElement>(selector);
    if (element) run(element);
  }
  closeMenu(target);
}

function closeMenu(target: Element | null): void {
  const menu = document.getElementById("menu") as HTMLDetailsElement;
  if (menu.open && !menu.contains(target)) menu.open = false;
}

function offerNotifications(): void {
  const button = document.querySelector<HTMLElement>("[data-allow-notifications]");
  if (button) button.hidden = !("Notification" in window) || Notification.permission !== "default";
}

const keys = new Keys({
  a: () => void ring.accept(),
  d: () => void ring.decline(),
  m: () => line.mute(),
  h: () => void line.hold(),
  e: () => void line.end(),
  t: () => calls.takeByKey(),
  b: () => calls.beginHandingBack() || void duty.back(),
  s: () => steering.focus(),
  c: () => void callbacks.show(),
  j: () => step(1),
  k: () => step(-1),
  n: () => void notes.focus(),
  "/": () => (search.isShown ? search.focus() : list.focusSearch()),
  "?": showHelp,
});

bindPreferences({
  volume: (share) => sound.setVolume(share),
  shortcuts: (isOn) => {
    keys.isOn = isOn;
  },
  microphone: (device) => line.useMicrophone(device),
  speaker: (device) => line.useSpeaker(device),
});
page.onChange(() => {
  refreshTimes();
  list.refresh();
  keepOpenSections();
  transcript.refresh();
  search.refresh();
  fields.refresh();
  status.refresh();
  callbacks.refresh();
});
document.addEventListener("click", onClick);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenu(null);
});
window.addEventListener("popstate", (event) => {
  const state = event.state as { session?: string; callbacks?: string; search?: string } | null;
  if (state?.callbacks) void callbacks.show(state.callbacks, false);
  else if (state?.search) void search.show(state.search, false);
  else watch(state?.session ?? null, false);
});
sound.onChange(() => changed());

isStarted = true;
history.replaceState(callbacks.state ?? search.state ?? { session: config.watching }, "");
startClock();
offerNotifications();
page.changed();
changed();
