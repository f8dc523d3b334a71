// Which refusals of a call are a limit of the account: all lines are busy, and nobody is to blame.

// https://support.telnyx.com/en/articles/4409457-telnyx-sip-response-codes
/** Telnyx's code stands at the end of the SIP reason: “User channel limit exceeded D1”. As in telephony/reason_codes.py. */
const CODE = /(?<![A-Za-z0-9])(D1|D2|D3|D4|D5|D10|D22|D56|P05)[\s.)\]]*$/;

/** The code of such a limit, or "" when it is none. */
export function limitCode(sipReason: string | undefined): string {
  return CODE.exec(sipReason ?? "")?.[1] ?? "";
}
