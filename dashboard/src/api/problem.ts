import { m } from "../messages";

/** What is wrong with which field of an input. */
export interface FieldError {
  field: string;
  reason: string;
}

/** An answer that says no (RFC 9457), or no answer at all (`network`). */
export class Problem extends Error {
  constructor(
    /** The API's stable code, or `network` when the node was not reached. */
    readonly code: string,
    readonly status: number,
    /** The API's own sentence; may be empty. */
    readonly detail: string,
    readonly requestId: string | null = null,
    readonly fields: readonly FieldError[] = [],
    /** Seconds after which to come back, where the answer said so. */
    readonly retryAfterS: number | null = null,
  ) {
    super(`${code}: ${detail}`);
    this.name = "Problem";
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Seconds from a `Retry-After` header (RFC 9110 section 10.2.3), either of its forms. */
export function retryAfterSeconds(header: string | null, nowMs: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - nowMs) / 1000));
}

/** Reads an error body, whatever it is: a proxy in between may answer with anything. */
export function problemFrom(body: unknown, response: Response, nowMs: number = Date.now()): Problem {
  const retryAfter = retryAfterSeconds(response.headers.get("retry-after"), nowMs);
  if (!isRecord(body)) return new Problem(`http_${response.status}`, response.status, "", null, [], retryAfter);
  const fields = Array.isArray(body.errors)
    ? body.errors.filter(isRecord).map((error) => ({ field: text(error.field), reason: text(error.reason) }))
    : [];
  const code = text(body.code) || `http_${response.status}`;
  return new Problem(code, response.status, text(body.detail), text(body.request_id) || null, fields, retryAfter);
}

/** Any thrown thing as a problem. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem("network", 0, "");
}

/** A problem in a person's words: what happened and what to do. */
export function problemWords(error: unknown): string {
  const problem = asProblem(error);
  const byCode: Readonly<Record<string, string>> = m.problems;
  const words = byCode[problem.code] ?? (problem.status >= 500 ? m.problems.internal : problem.detail || m.problems.unknown);
  const lines = [words];
  const saysMore = ["invalid_fields", "invalid_query", "limit_reached", "already_exists", "cell_refused", "unavailable"];
  if (saysMore.includes(problem.code) && problem.fields.length === 0 && problem.detail) lines.push(problem.detail);
  if (problem.code === "internal" && problem.requestId) lines.push(m.requestId(problem.requestId));
  return lines.join(" ");
}
