import { withTabLock } from "./lock";
import { REFRESH_KEY, Session } from "./session";

const LOCK_NAME = "eyrie.refresh.lock";

/** The session of this tab. */
export const session = new Session({
  storage: localStorage,
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  lock: (work) => withTabLock(LOCK_NAME, localStorage, work),
  channel: "BroadcastChannel" in globalThis ? new BroadcastChannel("eyrie.session") : null,
});

addEventListener("storage", (event) => {
  if (event.key === REFRESH_KEY || event.key === null) session.noticeOtherTab();
});
