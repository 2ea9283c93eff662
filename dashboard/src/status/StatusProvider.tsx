import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useMemo, useState, useSyncExternalStore } from "react";

import type { StreamFacts } from "../api/types";
import type { CameraStatus } from "../api/types";
import { FactsBoard } from "../facts/board";
import { keepConnected } from "./connection";
import { newerStatus, StatusBoard } from "./feed";

/** How often cameras are asked for while no status arrives by itself. */
const POLL_WHILE_DOWN_MS = 5_000;
/** A first connection gets this long before its absence is shown. */
const NOTICE_AFTER_MS = 2_500;

interface StatusContext {
  board: StatusBoard;
  facts: FactsBoard;
  /** Whether statuses arrive by themselves. */
  up: boolean;
}

const Context = createContext<StatusContext>({ board: new StatusBoard(), facts: new FactsBoard(), up: false });

/** Feeds pushed statuses to everything inside; polls while the push is down. `off`: for who may not see cameras, or is not known yet. */
export function StatusProvider({ off, children }: { off: boolean; children: ReactNode }) {
  const queries = useQueryClient();
  const [board] = useState(() => new StatusBoard());
  const [facts] = useState(() => new FactsBoard());
  const [up, setUp] = useState(false);

  useEffect(() => {
    if (off) return;
    const connection = keepConnected({
      onUp: (isUp) => {
        setUp(isUp);
        // A new connection knows nothing of what the last one was asked to watch.
        if (isUp) facts.sayAgain();
      },
      onMessage: (message) => {
        if (message.type === "facts") {
          facts.apply(message.camera, message.facts);
          return;
        }
        board.apply(message);
        if (message.type === "cameras_changed") {
          void queries.invalidateQueries({ queryKey: ["cameras"] });
          void queries.invalidateQueries({ queryKey: ["labels"] });
        }
        if (message.type === "markers_changed") {
          void queries.invalidateQueries({ queryKey: ["markers"] });
          void queries.invalidateQueries({ queryKey: ["timeline", message.camera] });
        }
        // The stream facts of a camera are known once it is online.
        if (message.type === "status" && message.status.state === "online") {
          void queries.invalidateQueries({ queryKey: ["cameras", "one", message.camera] });
        }
      },
    });
    facts.connect(connection.send);
    return () => {
      facts.connect(null);
      connection.stop();
    };
  }, [board, facts, off, queries]);

  useEffect(() => {
    if (up || off) return;
    const timer = setInterval(() => void queries.invalidateQueries({ queryKey: ["cameras"] }), POLL_WHILE_DOWN_MS);
    return () => clearInterval(timer);
  }, [off, up, queries]);

  const value = useMemo(() => ({ board, facts, up: up || off }), [board, facts, off, up]);
  return <Context value={value}>{children}</Context>;
}

/** A camera's status now: what was pushed, or what was fetched where that is newer. */
export function useCameraStatus(camera: string, fetched: CameraStatus): CameraStatus {
  const { board } = use(Context);
  const pushed = useSyncExternalStore(board.subscribe, () => board.status(camera));
  return newerStatus(pushed, fetched);
}

/** The changes of a camera's status seen since the page was opened, latest first. */
export function useStatusChanges(camera: string): readonly CameraStatus[] {
  const { board } = use(Context);
  return useSyncExternalStore(board.subscribe, () => board.changes(camera));
}

/** What is measured of a camera's stream, pushed each second while this is on the screen; `undefined` until it arrives. */
export function useLiveFacts(camera: string): StreamFacts | undefined {
  const { facts } = use(Context);
  useEffect(() => facts.watch(camera), [facts, camera]);
  return useSyncExternalStore(facts.subscribe, () => facts.latest(camera));
}

/** Whether to say that statuses do not arrive by themselves. */
export function useConnectionNotice(): boolean {
  const { up } = use(Context);
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    if (up) return;
    const timer = setTimeout(() => setWaited(true), NOTICE_AFTER_MS);
    return () => {
      clearTimeout(timer);
      setWaited(false);
    };
  }, [up]);
  return !up && waited;
}
