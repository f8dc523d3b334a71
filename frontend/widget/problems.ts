// Turn a refused start into words the visitor can act on.

import type { ApiError } from "./api";
import type { Problem } from "./facts";
import { T } from "./messages";
import { minutes } from "./time";

export function tokenProblem({ status, retryAfterSeconds }: ApiError): Problem {
  const reference = status ? String(status) : "";
  switch (status) {
    case 0:
      return { text: T.problem.network, reference, canRetry: true };
    case 400:
    case 403:
    case 404:
      return { text: T.problem.refused, reference, canRetry: false };
    case 429: {
      const text = retryAfterSeconds ? T.problem.busyFor(minutes(retryAfterSeconds)) : T.problem.busy;
      return { text, reference, canRetry: true };
    }
    default:
      return { text: T.problem.token, reference, canRetry: true };
  }
}
