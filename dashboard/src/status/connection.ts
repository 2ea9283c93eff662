import { api, unwrap } from "../api/client";
import { backoffMs } from "../retry";
import { type FeedMessage, readMessage } from "./feed";

/** How long a socket may take to say its first word. */
const OPEN_TIMEOUT_MS = 10_000;

export interface ConnectionEvents {
  onMessage: (message: FeedMessage) => void;
  /** Whether statuses arrive by themselves now. */
  onUp: (up: boolean) => void;
}

/** A kept connection: how to end it, and how to tell the node something while it is open. */
export interface Connection {
  stop: () => void;
  /** Sent now or, where there is no connection, not at all: `onUp` says when to say it again. */
  send: (message: object) => void;
}

/** Keeps one WebSocket of status changes open until `stop`. */
export function keepConnected({ onMessage, onUp }: ConnectionEvents): Connection {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let stopped = false;
  let asking = false;

  const retry = (): void => {
    if (stopped) return;
    clearTimeout(timer);
    onUp(false);
    timer = setTimeout(() => void connect(), backoffMs(failures, Math.random()));
    failures += 1;
  };

  const connect = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      const { ticket } = await unwrap(api.POST("/api/v1/ws-tickets")).finally(() => (asking = false));
      // `stop` may have been called while the ticket was on its way.
      if (isStopped()) return;
      const url = new URL("/api/v1/ws", location.href);
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const opened = new WebSocket(url, ["eyrie.v1", `ticket.${ticket}`]);
      socket = opened;
      timer = setTimeout(() => opened.close(), OPEN_TIMEOUT_MS);
      opened.onmessage = (event: MessageEvent<unknown>) => {
        const message = typeof event.data === "string" ? readMessage(event.data) : null;
        if (!message) return;
        clearTimeout(timer);
        failures = 0;
        if (message.type === "snapshot") onUp(true);
        onMessage(message);
      };
      opened.onclose = () => {
        if (socket === opened) retry();
      };
    } catch {
      retry();
    }
  };
  const isStopped = (): boolean => stopped;

  const hurry = (): void => {
    if (socket?.readyState === WebSocket.OPEN || socket?.readyState === WebSocket.CONNECTING) return;
    clearTimeout(timer);
    void connect();
  };
  addEventListener("online", hurry);
  void connect();

  return {
    stop: () => {
      stopped = true;
      removeEventListener("online", hurry);
      clearTimeout(timer);
      const open = socket;
      socket = null;
      open?.close();
    },
    send: (message) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
  };
}
