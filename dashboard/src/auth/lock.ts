/** How long a tab may hold the fallback lease before others take it for crashed. */
const LEASE_MS = 10_000;
/** How long a tab waits between looks at a lease held by another. */
const LEASE_POLL_MS = 60;
/** How long two tabs that wrote at the same moment wait to see which of them won. */
const LEASE_SETTLE_MS = 30;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
}

/**
 * Runs `work` while no other tab of this origin does. Web Locks where there are any; browsers give them to secure contexts
 * only, so over plain HTTP in a local network a lease in `storage` stands in for them. The lease is best effort: two tabs
 * that slip through present the same refresh token, which costs a sign-in, never safety.
 */
export async function withTabLock<T>(name: string, storage: Storage, work: () => Promise<T>): Promise<T> {
  const locks: LockManager | undefined = typeof navigator === "undefined" ? undefined : (navigator as { locks?: LockManager }).locks;
  if (locks) return locks.request(name, work);

  const key = `${name}.lease`;
  const mine = randomId();
  const holder = (): string | null => {
    const [id, until] = (storage.getItem(key) ?? "").split(" ");
    return id && Number(until) > Date.now() ? id : null;
  };
  while (holder() !== mine) {
    if (holder() === null) {
      storage.setItem(key, `${mine} ${Date.now() + LEASE_MS}`);
      await pause(LEASE_SETTLE_MS);
    } else {
      await pause(LEASE_POLL_MS);
    }
  }
  try {
    return await work();
  } finally {
    if (holder() === mine) storage.removeItem(key);
  }
}
