import { session } from "../auth/browser-session";

/** Gives a request of hls.js the access token. */
export async function authorizeXhr(xhr: XMLHttpRequest, url: string): Promise<void> {
  const token = await session.accessToken();
  if (xhr.readyState === XMLHttpRequest.UNSENT) xhr.open("GET", url, true);
  if (token !== null) xhr.setRequestHeader("authorization", `Bearer ${token}`);
}

/** Has the next request renew a token that the node refused. */
export function renewToken(): void {
  void session.accessToken().then((token) => token !== null && session.reject(token)).catch(() => undefined);
}
