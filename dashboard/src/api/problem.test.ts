import { describe, expect, it } from "vitest";

import { asProblem, Problem, problemFrom, problemWords, retryAfterSeconds } from "./problem";

const response = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

describe("problems", () => {
  it("reads code, fields and pause", () => {
    const body = { code: "invalid_fields", detail: "d", request_id: "r", errors: [{ field: "name", reason: "must not be empty" }] };
    const problem = problemFrom(body, response(422, { "retry-after": "7" }));
    expect(problem.code).toBe("invalid_fields");
    expect(problem.fields).toEqual([{ field: "name", reason: "must not be empty" }]);
    expect(problem.retryAfterS).toBe(7);
  });

  it("survives bodies that are no problem at all", () => {
    for (const body of [null, "<html>", 5, [], { errors: "no" }, { errors: [null, 3] }]) {
      expect(problemFrom(body, response(502)).status).toBe(502);
    }
  });

  it("says in words what happened, and how to find a fault of ours", () => {
    expect(problemWords(new TypeError("Failed to fetch"))).toMatch(/cannot be reached/);
    expect(problemWords(new Problem("internal", 500, "", "abc"))).toMatch(/Request abc/);
    expect(problemWords(new Problem("http_502", 502, ""))).not.toBe("");
    expect(problemWords(new Problem("bad_credentials", 401, "x"))).toMatch(/wrong/);
    expect(problemWords(new Problem("new_code", 409, "Said by a newer node."))).toBe("Said by a newer node.");
    expect(asProblem("anything").code).toBe("network");
  });

  it("reads Retry-After as seconds and as a date", () => {
    expect(retryAfterSeconds("3", 0)).toBe(3);
    expect(retryAfterSeconds("Thu, 01 Jan 1970 00:00:10 GMT", 4_000)).toBe(6);
    expect(retryAfterSeconds("soon", 0)).toBeNull();
    expect(retryAfterSeconds(null, 0)).toBeNull();
  });
});
