import type { StreamFacts } from "../api/pending2";

/** Cameras one connection may watch at once, as the node has it. */
const WATCHED_MAX = 32;

type Send = (message: object) => void;

/** The latest facts of the cameras that somebody looks at; tells the node which those are. */
export class FactsBoard {
  private readonly facts = new Map<string, StreamFacts>();
  private readonly watchers = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private send: Send | null = null;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly latest = (camera: string): StreamFacts | undefined => this.facts.get(camera);

  /** Where to say what is watched; `null` when there is nobody to say it to. */
  connect(send: Send | null): void {
    this.send = send;
  }

  /** Says once more what is watched: the connection is a new one. */
  sayAgain(): void {
    if (this.watchers.size > 0) this.say();
  }

  apply(camera: string, facts: StreamFacts): void {
    if (!this.watchers.has(camera)) return;
    this.facts.set(camera, facts);
    for (const listener of this.listeners) listener();
  }

  /** Watches a camera until the answer is called; several may watch the same one. */
  watch(camera: string): () => void {
    const before = this.watchers.get(camera) ?? 0;
    this.watchers.set(camera, before + 1);
    if (before === 0) this.say();
    return () => {
      const left = (this.watchers.get(camera) ?? 1) - 1;
      if (left > 0) {
        this.watchers.set(camera, left);
        return;
      }
      this.watchers.delete(camera);
      this.facts.delete(camera);
      this.say();
    };
  }

  private say(): void {
    this.send?.({ type: "watch_facts", cameras: [...this.watchers.keys()].slice(0, WATCHED_MAX) });
  }
}
