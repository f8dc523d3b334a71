// Put the server's pieces into the page. The server rendered them; nothing is built or decided here.

import { Idiomorph } from "idiomorph";

export interface Fragment {
  target: string;
  html: string;
  into?: string;
  sort?: number;
}

// What a person opened or typed stays, whatever the server sends.
const OURS: Record<string, (element: Element) => boolean> = {
  open: (element) => element instanceof HTMLDetailsElement,
  disabled: (element) => element.hasAttribute("data-needs-live"),
  title: (element) => element.hasAttribute("data-needs-live") || element instanceof HTMLTimeElement,
  "aria-current": (element) => element.hasAttribute("data-watch"),
  hidden: (element) => element.hasAttribute("data-latest"),
};

const isKept = (node: Node): boolean => node instanceof Element && node.hasAttribute("data-untouched");

export function morph(before: Element, after: Element): void {
  Idiomorph.morph(before, after, {
    morphStyle: "outerHTML",
    callbacks: {
      beforeNodeMorphed: (old) => !isKept(old),
      beforeNodeRemoved: (old) => !isKept(old),
      beforeAttributeUpdated: (attribute, node) => !OURS[attribute]?.(node),
    },
  });
}

function parse(html: string): HTMLElement | null {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild as HTMLElement | null;
}

const sortOf = (element: Element): number => Number(element.getAttribute("data-sort") ?? 0);

/** Keep a list in the order of its `data-sort`; almost always the place is at one of the two ends. */
function place(list: Element, item: Element, sort: number): void {
  const after = [...list.children].find((other) => other !== item && sortOf(other) > sort) ?? null;
  if (item.parentElement === list && item.nextElementSibling === after) return;
  const focused = item.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  list.insertBefore(item, after);
  focused?.focus({ preventScroll: true });
}

function putInto(fragment: Fragment, fresh: HTMLElement, listId: string): void {
  const list = document.getElementById(listId);
  if (!list) return;
  const known = document.getElementById(fragment.target);
  if (known) morph(known, fresh);
  place(list, known ?? fresh, fragment.sort ?? 0);
}

/** A different session is new content, not a change of the old: it must not inherit scroll positions or open lines. */
const isOther = (before: HTMLElement, after: HTMLElement): boolean => before.dataset["session"] !== after.dataset["session"];

function put(fragment: Fragment): void {
  const fresh = parse(fragment.html);
  if (!fresh) return;
  if (fragment.into) {
    putInto(fragment, fresh, fragment.into);
    return;
  }
  const known = document.getElementById(fragment.target);
  if (!known) return;
  const hadFocus = known.contains(document.activeElement);
  if (isOther(known, fresh)) known.replaceWith(fresh);
  else morph(known, fresh);
  if (hadFocus) keepFocus(fragment.target);
}

/** What had the focus may be gone: then the part that it stood in has it, so that the way on begins there. */
function keepFocus(target: string): void {
  const isLost = document.activeElement === null || document.activeElement === document.body;
  if (isLost) document.getElementById(target)?.focus({ preventScroll: true });
}

export class Page {
  private readonly watchers: (() => void)[] = [];

  /** Called once after every batch, so that clocks, counts and scrolling agree with what is shown. */
  onChange(run: () => void): void {
    this.watchers.push(run);
  }

  apply(fragments: Fragment[]): void {
    for (const fragment of fragments) put(fragment);
    this.changed();
  }

  remove(id: string): void {
    document.getElementById(id)?.remove();
    this.changed();
  }

  changed(): void {
    for (const run of this.watchers) run();
  }
}
