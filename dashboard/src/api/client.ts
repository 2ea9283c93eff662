import createClient from "openapi-fetch";

import { session } from "../auth/browser-session";
import { Problem, problemFrom } from "./problem";
import type { paths } from "./schema";

/** How long an answer may take before the node counts as not reached. */
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * `fetch` with the access token. A 401 is answered by one refresh and one more attempt; when that fails too, the session is
 * over and the sign-in page takes its place. The time-out counts for the whole body: a download has none (`null`).
 */
export async function authorizedFetch(request: Request, timeoutMs: number | null = REQUEST_TIMEOUT_MS): Promise<Response> {
  const attempt = async (): Promise<Response> => {
    const token = await session.accessToken();
    if (token === null) throw new Problem("unauthenticated", 401, "");
    const signal = timeoutMs === null ? request.signal : AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
    const copy = new Request(request.clone(), { signal });
    copy.headers.set("authorization", `Bearer ${token}`);
    const response = await fetch(copy);
    if (response.status === 401) session.reject(token);
    return response;
  };
  try {
    const first = await attempt();
    if (first.status !== 401) return first;
    const second = await attempt();
    if (second.status === 401) session.end();
    return second;
  } catch (error) {
    throw error instanceof Problem ? error : new Problem("network", 0, "");
  }
}

/** The API, typed by the OpenAPI document. */
export const api = createClient<paths>({ baseUrl: "", fetch: (request) => authorizedFetch(request) });

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's data, or the problem thrown. */
export async function unwrap<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemFrom(error, response);
  return data as T;
}
