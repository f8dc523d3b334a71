// Ask the server to do something; a refusal carries words for the screen.

export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly told: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

const UNREACHABLE = "The server cannot be reached. Check your connection and try again.";

function csrfToken(): string {
  return document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function answer(response: Response): Promise<Record<string, unknown>> {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json") ?? false;
  if (response.redirected || (response.status === 403 && !isJson)) {
    throw new Refused("You are signed out, or your rights changed. Reload the page.", 403, "signed_out");
  }
  try {
    return (await response.json()) as Record<string, unknown>;
  } catch {
    throw new Refused(`The server answered with an error (${response.status}). Try again.`, response.status, "error");
  }
}

export async function post(url: string, body: object = {}, keepalive = false): Promise<Record<string, unknown>> {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), Accept: "application/json" };
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), keepalive, credentials: "same-origin" });
  } catch {
    throw new Refused(UNREACHABLE, 0, "unreachable");
  }
  const told = await answer(response);
  if (!response.ok) throw new Refused(String(told["message"] ?? UNREACHABLE), response.status, String(told["code"] ?? ""), told);
  return told;
}
