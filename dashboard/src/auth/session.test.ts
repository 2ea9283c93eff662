import { beforeEach, describe, expect, it } from "vitest";

import { Problem } from "../api/problem";
import { isFresh, REFRESH_KEY, Session, type SessionDeps } from "./session";

/** A node that hands out tokens and refuses a refresh token's second use, as the real one does. */
class TokenNode {
  issued = 0;
  refreshes = 0;
  valid = new Set<string>();
  down = false;

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    await Promise.resolve();
    if (this.down) throw new TypeError("fetch failed");
    if (url.endsWith("/login")) return this.answer();
    if (url.endsWith("/logout")) return new Response(null, { status: 204 });
    this.refreshes += 1;
    const { refresh_token } = JSON.parse(init.body as string) as { refresh_token: string };
    if (this.valid.delete(refresh_token)) return this.answer();
    return Response.json({ code: "unauthenticated", detail: "" }, { status: 401 });
  };

  private answer(): Response {
    this.issued += 1;
    const refresh_token = `refresh-${this.issued}`;
    this.valid.add(refresh_token);
    return Response.json({ access_token: `access-${this.issued}`, refresh_token, expires_in: 600 });
  }
}

class MemoryStorage implements Storage {
  private readonly map = new Map<string, string>();
  get length(): number {
    return this.map.size;
  }
  clear = (): void => this.map.clear();
  getItem = (key: string): string | null => this.map.get(key) ?? null;
  key = (index: number): string | null => [...this.map.keys()][index] ?? null;
  removeItem = (key: string): void => void this.map.delete(key);
  setItem = (key: string, value: string): void => void this.map.set(key, value);
}

/** A lock that lets one in at a time, as Web Locks do across tabs. */
function turnstile(): SessionDeps["lock"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

let node: TokenNode;
let storage: MemoryStorage;
let now: number;
let lock: SessionDeps["lock"];
const tab = (): Session => new Session({ storage, fetch: node.fetch, now: () => now, lock, channel: null });

beforeEach(() => {
  node = new TokenNode();
  storage = new MemoryStorage();
  now = 1_000_000;
  lock = turnstile();
});

describe("session", () => {
  it("keeps the access token out of storage", async () => {
    const session = tab();
    await session.signIn("admin", "secret");
    expect(await session.accessToken()).toBe("access-1");
    expect(storage.getItem(REFRESH_KEY)).toBe("refresh-1");
    expect(storage.length).toBe(1);
  });

  it("renews shortly before the token runs out, once for all who ask", async () => {
    const session = tab();
    await session.signIn("admin", "secret");
    now += 580_000;
    const tokens = await Promise.all([session.accessToken(), session.accessToken(), session.accessToken()]);
    expect(tokens).toEqual(["access-2", "access-2", "access-2"]);
    expect(node.refreshes).toBe(1);
  });

  it("never uses a refresh token twice when two tabs renew at once", async () => {
    const [one, two] = [tab(), tab()];
    await one.signIn("admin", "secret");
    now += 600_000;
    const tokens = await Promise.all([one.accessToken(), two.accessToken()]);
    expect(tokens).toEqual(["access-2", "access-3"]);
    expect(one.signedIn()).toBe(true);
  });

  it("ends when the node refuses the refresh token", async () => {
    const session = tab();
    await session.signIn("admin", "secret");
    node.valid.clear();
    now += 600_000;
    let ended = false;
    session.subscribe(() => (ended = true));
    expect(await session.accessToken()).toBeNull();
    expect(session.signedIn()).toBe(false);
    expect(ended).toBe(true);
  });

  it("stays signed in while the node is out of reach", async () => {
    const session = tab();
    await session.signIn("admin", "secret");
    now += 600_000;
    node.down = true;
    await expect(session.accessToken()).rejects.toBeInstanceOf(Problem);
    expect(session.signedIn()).toBe(true);
    node.down = false;
    expect(await session.accessToken()).toBe("access-2");
  });

  it("renews after a refused token, but not one that was renewed meanwhile", async () => {
    const session = tab();
    await session.signIn("admin", "secret");
    session.reject("access-0");
    expect(await session.accessToken()).toBe("access-1");
    session.reject("access-1");
    expect(await session.accessToken()).toBe("access-2");
  });

  it("forgets everything on signing out, even when the node cannot be told", async () => {
    const session = tab();
    await session.signIn("admin", "secret");
    node.down = true;
    await session.signOut();
    expect(session.signedIn()).toBe(false);
    expect(await session.accessToken()).toBeNull();
  });

  it("takes a token for stale 30 s before its end", () => {
    const access = { token: "a", expiresAt: 100_000 };
    expect(isFresh(access, 69_999)).toBe(true);
    expect(isFresh(access, 70_000)).toBe(false);
    expect(isFresh(null, 0)).toBe(false);
  });
});
