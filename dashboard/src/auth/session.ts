import { Problem, problemFrom } from "../api/problem";
import type { TokenPair } from "../api/types";

// Where tokens live, and why.
//
// The access token lives in memory only and runs out within minutes. The refresh token lives in localStorage: it must survive
// a reload and be one for all tabs, for it is good for one use, and a second use of the same token ends the whole family.
// sessionStorage would be copied into duplicated tabs and so make exactly that happen. The price is that a script running in
// our origin could read it. Against that stand a content security policy without inline or foreign scripts, names that are
// only ever rendered as text, and the rotation itself: a stolen token ends the family as soon as both sides have used it.

export const REFRESH_KEY = "eyrie.refresh";
/** A token is renewed this long before it runs out, so that no request carries one that dies on its way. */
const RENEW_BEFORE_MS = 30_000;
/** A refresh must answer within this time, for every tab waits for it. */
const REFRESH_TIMEOUT_MS = 10_000;

interface Access {
  token: string;
  /** `Date.now()` at which it runs out. */
  expiresAt: number;
}

/** Whether a token is still good at `nowMs`, with some time left for its way to the node. */
export function isFresh(access: Access | null, nowMs: number): access is Access {
  return access !== null && nowMs < access.expiresAt - RENEW_BEFORE_MS;
}

export interface SessionDeps {
  storage: Storage;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  now: () => number;
  lock: <T>(work: () => Promise<T>) => Promise<T>;
  /** Hands a new access token to the other tabs, and theirs to this one. */
  channel: Pick<BroadcastChannel, "postMessage" | "addEventListener"> | null;
}

/** The signed-in user of this browser, or nobody. */
export class Session {
  private access: Access | null = null;
  private refreshing: Promise<string | null> | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly deps: SessionDeps) {
    deps.channel?.addEventListener("message", (event: Event) => {
      const access = (event as MessageEvent<Access | null>).data;
      if (access === null) this.forget();
      else if (typeof access.token === "string" && this.signedIn()) this.access = access;
    });
  }

  /** Whether there is something to be signed in with. */
  readonly signedIn = (): boolean => this.deps.storage.getItem(REFRESH_KEY) !== null;

  /** Called at each change of `signedIn`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  async signIn(username: string, password: string): Promise<void> {
    const pair = await this.post("login", { username, password });
    this.keep(pair);
    this.notify();
  }

  /** Ends the session here, in the other tabs and at the node; the last may fail, the token then runs out by itself. */
  async signOut(): Promise<void> {
    const refreshToken = this.deps.storage.getItem(REFRESH_KEY);
    this.end();
    if (refreshToken !== null) await this.send("logout", { refresh_token: refreshToken }).catch(() => undefined);
  }

  /**
   * An access token good for the next request, renewed if need be; `null` when nobody is signed in.
   *
   * Throws a `network` problem when the node cannot be reached: the session may still be good.
   */
  async accessToken(): Promise<string | null> {
    if (isFresh(this.access, this.deps.now())) return this.access.token;
    this.refreshing ??= this.refresh().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  /** Says that the node refused `token`, so that the next request renews it. A token renewed meanwhile stays. */
  reject(token: string): void {
    if (this.access?.token === token) this.access = null;
  }

  /** Forgets all tokens, in every tab. */
  end(): void {
    this.deps.storage.removeItem(REFRESH_KEY);
    this.deps.channel?.postMessage(null);
    this.forget();
  }

  /** Another tab signed in or out. */
  noticeOtherTab(): void {
    if (this.signedIn()) this.notify();
    else this.forget();
  }

  private forget(): void {
    this.access = null;
    this.notify();
  }

  private async refresh(): Promise<string | null> {
    const rejected = this.access;
    return this.deps.lock(async () => {
      // Another tab may have renewed while this one waited for the lock.
      if (this.access !== rejected && isFresh(this.access, this.deps.now())) return this.access.token;
      // Read inside the lock: the token another tab has just used up must never be used again.
      const refreshToken = this.deps.storage.getItem(REFRESH_KEY);
      if (refreshToken === null) return null;
      try {
        const pair = await this.post("refresh", { refresh_token: refreshToken });
        this.keep(pair);
        return pair.access_token;
      } catch (error) {
        const refused = error instanceof Problem && (error.status === 401 || error.status === 403 || error.status === 422);
        if (!refused) throw error;
        this.end();
        return null;
      }
    });
  }

  private keep(pair: TokenPair): void {
    this.access = { token: pair.access_token, expiresAt: this.deps.now() + pair.expires_in * 1000 };
    this.deps.storage.setItem(REFRESH_KEY, pair.refresh_token);
    this.deps.channel?.postMessage(this.access);
  }

  private async post(path: string, body: object): Promise<TokenPair> {
    const response = await this.send(path, body);
    const json: unknown = await response.json().catch(() => null);
    if (!response.ok) throw problemFrom(json, response, this.deps.now());
    return json as TokenPair;
  }

  private async send(path: string, body: object): Promise<Response> {
    try {
      return await this.deps.fetch(`/api/v1/auth/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REFRESH_TIMEOUT_MS),
      });
    } catch {
      throw new Problem("network", 0, "");
    }
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
