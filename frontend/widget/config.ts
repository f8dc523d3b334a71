// What the server wrote into the page, and what the site owner wrote on the element.

import type { Signalling } from "../shared/signalling";
import type { Urls } from "./api";

export interface WidgetConfig extends Signalling {
  slug: string;
  mode: "credential" | "anonymous";
  assistant_id: string;
  /** Digits. */
  destination: string;
  /** Empty: none is sent, so that Telnyx names the credential instead. */
  caller_number: string;
  company: string;
  /** What the website may say of its visitor. */
  variables: string[];
  consent: { version: string; text: string; recording: boolean };
  urls: Urls;
}

export interface Header {
  name: string;
  value: string;
}

export function readConfig(): WidgetConfig {
  const element = document.getElementById("widget-config");
  if (!element?.textContent) throw new Error("widget-config is missing from the page");
  return JSON.parse(element.textContent) as WidgetConfig;
}

const isHeader = (value: unknown): value is Header => {
  const { name, value: content } = (value ?? {}) as Partial<Header>;
  return typeof name === "string" && /^X-[\w-]+$/i.test(name) && typeof content === "string";
};

/** Only `X-` headers travel; anything else in the attribute is left out rather than failing the call. */
export function customHeaders(attribute: string | null): Header[] {
  try {
    const given: unknown = JSON.parse(attribute ?? "[]");
    return Array.isArray(given) ? given.filter(isHeader) : [];
  } catch {
    return [];
  }
}
