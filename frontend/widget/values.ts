// What the website says of its visitor, as the list of headers on the element. The server looks at all of it again.

import { customHeaders, type Header } from "./config";

const MOST = 40;
const LONGEST = 200;
// Braces would be a template to the assistant; what hides or turns other characters is no text. Some scripts need joiners.
const UNSHOWN = /[{}\p{Cs}\p{Co}]|(?![\u200c\u200d])\p{Cf}/gu;
const SPACES = /[\p{Cc}\p{Z}]+/gu;
// What a call's header can hold.
const ASCII = /^[\x20-\x7e]+$/;

/** “X-User-Tier” and “user-tier” are the assistant's `user_tier`. */
export function variableName(name: string): string {
  return name.trim().toLowerCase().replace(/^x-/, "").replace(/-/g, "_");
}

function headerName(variable: string): string {
  const words = variable.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `X-${words.join("-")}`;
}

function plain(value: string): string {
  const shown = value.replace(SPACES, " ").replace(UNSHOWN, "").trim();
  return [...shown].slice(0, LONGEST).join("").trim();
}

/** The list with what a page passes in place of what it held under the same names; what is no text is left out. */
export function withPassed(attribute: string | null, passed: unknown): string {
  const headers = new Map(customHeaders(attribute).map((header) => [variableName(header.name), header]));
  const given = typeof passed === "object" && passed !== null ? Object.entries(passed as Record<string, unknown>) : [];
  for (const [name, value] of given.slice(0, MOST)) {
    const variable = variableName(name);
    const isSaid = typeof value === "string" && plain(value) !== "";
    if (isSaid && variable) headers.set(variable, { name: headers.get(variable)?.name ?? headerName(variable), value });
  }
  return JSON.stringify([...headers.values()]);
}

/** What of the list this widget takes, fit to be shown. */
export function taken(attribute: string | null, variables: string[]): Header[] {
  const cleaned = customHeaders(attribute).map(({ name, value }) => ({ name, value: plain(value) }));
  return cleaned.filter(({ name, value }) => variables.includes(variableName(name)) && value !== "").slice(0, MOST);
}

/** By the names that the assistant knows. */
export function asVariables(headers: Header[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [variableName(name), value]));
}

/** Those that can travel with a call. */
export function asCallHeaders(headers: Header[]): Header[] {
  return headers.filter(({ value }) => ASCII.test(value));
}
