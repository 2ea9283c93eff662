import Hls, { type ErrorData } from "hls.js/light";

import { authorizeXhr, renewToken } from "../api/authorized-xhr";
import { api, authorizedFetch, unwrap } from "../api/client";
import { asProblem, problemFrom } from "../api/problem";
import { backoffMs } from "../retry";
import { chunkAt, rangeQuery } from "./chunk";
import { keyframeLoader, playlistLoader } from "./loaders";
import { keyframeSpacingS, type Speed } from "./speed";
import { gapsIn, grown, momentOf, parseVod, renderVod, secondsAt, thinned, type VodEntry, type VodGap, vodEndMs } from "./vod";

/** Seconds of the viewer's time that are loaded ahead. */
const AHEAD_S = 15;
/** Seconds of footage kept behind. */
const BEHIND_S = 30;
/** How often the time shown is renewed. */
const TICK_MS = 100;
/** Footage becomes durable some seconds after it happened; who comes this close to now has caught up. */
const CAUGHT_UP_MS = 20_000;
/** A picture that stands still for this long, though it should move, makes the player load anew. */
const STUCK_AFTER_MS = 10_000;
/** So close to the end of what there is, in seconds, a picture that stands still waits for more. */
const EDGE_S = 1;
/** How long it waits: a segment takes 6 s, and some more to become durable. Longer, and nothing is being recorded. */
const EDGE_WAIT_MS = { asItHappens: 30_000, faster: 1_500 };
/** A list that grew to this is ended, and another begun: the node draws it up anew each time. */
const GROWN_MAX_MS = 3_600_000;
/** How long a frame lasts until the camera's own are seen. */
const FRAME_S = 0.04;
/** Chromium plays no faster. */
const RATE_MAX = 16;

export type PlaybackPhase = "loading" | "playing" | "paused" | "retrying" | "unsupported" | "nothing";

export interface PlaybackState {
  phase: PlaybackPhase;
  /** The wall time of the picture; where it is still on its way, of the one that is to come. */
  atMs: number;
  /** Whether only keyframes are shown. */
  keyframes: boolean;
  /** Why it is being tried again. */
  error: unknown;
}

/** A stretch without footage that was passed. */
export interface Jump {
  fromMs: number;
  toMs: number;
}

export interface PlaybackOptions {
  cameraId: string;
  /** The multivariant playlist, as in the camera's `links.playback`; the playlists it names lie beside it. */
  playbackUrl: string;
  onState: (state: PlaybackState) => void;
  onJump: (jump: Jump) => void;
  /** Played up to where footage is still being made. */
  onCaughtUp: () => void;
  /** The first moment with footage at or after one. */
  footageAfter: (ms: number) => Promise<number | null>;
}

/**
 * Plays what was recorded of one camera in one <video>, by wall time: loads range after range, passes what is missing and tells so,
 * and starts again after whatever goes wrong, until `destroy`.
 *
 * Up to twice as fast every picture is played. Faster, the source is the I-frame playlist, thinned out to what can be fetched, with
 * each keyframe made as long as until the next; `playbackRate` then plays that film at the speed.
 */
export class PlaybackPlayer {
  private hls: Hls | null = null;
  private entries: readonly VodEntry[] = [];
  private gaps: readonly VodGap[] = [];
  /** Whether more entries may come: footage of this range is still being made. */
  private grows = false;
  private asked = new AbortController();
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly tickTimer: ReturnType<typeof setInterval>;
  private failures = 0;
  private lastS = 0;
  private lastMovedAt = 0;
  private frameS = FRAME_S;
  private lastFrameS = Number.NaN;
  /** Where iOS began to play by itself. */
  private nativeStartMs: number | null = null;
  private destroyed = false;
  private state: PlaybackState;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly options: PlaybackOptions,
    atMs: number,
    private speed: Speed,
    private wantsToPlay: boolean,
  ) {
    this.state = { phase: "loading", atMs, keyframes: false, error: null };
    video.addEventListener("ended", this.onEnded);
    video.addEventListener("error", this.onVideoError);
    this.tickTimer = setInterval(this.tick, TICK_MS);
    this.noteFrames();
    void this.load(atMs);
  }

  destroy(): void {
    this.destroyed = true;
    this.asked.abort();
    clearInterval(this.tickTimer);
    clearTimeout(this.retryTimer);
    this.video.removeEventListener("ended", this.onEnded);
    this.video.removeEventListener("error", this.onVideoError);
    this.release();
  }

  get atMs(): number {
    return this.state.atMs;
  }

  play(): void {
    this.wantsToPlay = true;
    if (this.state.phase === "nothing") void this.load(this.state.atMs);
    else this.start();
  }

  pause(): void {
    this.wantsToPlay = false;
    this.video.pause();
    if (this.state.phase === "playing") this.report({ phase: "paused" });
  }

  toggle(): void {
    if (this.wantsToPlay) this.pause();
    else this.play();
  }

  setSpeed(speed: Speed): void {
    const reload = keyframeSpacingS(speed) !== keyframeSpacingS(this.speed);
    this.speed = speed;
    if (reload && !this.isNative()) void this.load(this.state.atMs);
    else this.applySpeed();
  }

  /** Goes to a moment; what is loaded already is shown at once. */
  seek(ms: number): void {
    const first = this.entries[0];
    const seconds = first && ms >= first.startMs && this.hls ? secondsAt(this.entries, ms) : null;
    if (seconds === null) {
      void this.load(ms);
      return;
    }
    this.video.currentTime = seconds;
    this.lastS = seconds;
    this.report({ atMs: momentOf(this.entries, seconds) ?? ms, phase: this.wantsToPlay ? "loading" : "paused" });
    this.start();
  }

  /** One picture on (`1`) or back (`-1`), standing still. */
  step(by: 1 | -1): void {
    this.pause();
    if (this.state.keyframes) return;
    // Into the middle of the picture: at its edge, rounding decides which one is shown.
    const target = Math.max(0, this.video.currentTime + by * this.frameS);
    this.video.currentTime = target;
    this.lastS = target;
  }

  private isNative(): boolean {
    return !Hls.isSupported();
  }

  private async load(ms: number): Promise<void> {
    this.asked.abort();
    const asked = new AbortController();
    this.asked = asked;
    const isOver = (): boolean => asked.signal.aborted;
    clearTimeout(this.retryTimer);
    const spacing = this.isNative() ? null : keyframeSpacingS(this.speed);
    // Said before the source goes, so that the last picture can be kept.
    this.report({ phase: "loading", atMs: ms, keyframes: spacing !== null });
    try {
      const chunk = chunkAt(ms, Date.now(), spacing !== null);
      if (chunk === null) {
        this.options.onCaughtUp();
        return;
      }
      if (this.isNative()) {
        await this.loadNative(ms, rangeQuery({ ...chunk, fromMs: ms }));
        return;
      }
      const all = await this.list(spacing === null ? "media.m3u8" : "iframes.m3u8", rangeQuery(chunk), asked.signal);
      if (isOver()) return;
      // A range that ends now goes on as footage is made; of keyframes every one is whole as it stands.
      const whole = spacing === null && Date.now() - chunk.toMs < CAUGHT_UP_MS ? grown([], all) : [];
      const grows = secondsAt(whole, ms) !== null;
      const entries = grows ? whole : spacing === null ? all : thinned(all, spacing);
      const seconds = secondsAt(entries, ms);
      if (seconds === null) {
        await this.goOnAfter(Math.max(ms, vodEndMs(entries)), chunk.toMs, isOver);
        return;
      }
      const foundMs = momentOf(entries, seconds) ?? ms;
      if (foundMs - ms > 1000) this.options.onJump({ fromMs: ms, toMs: foundMs });
      this.attach(entries, seconds, { keyframes: spacing !== null, growsFromMs: grows ? chunk.fromMs : null });
    } catch (error) {
      if (!isOver()) this.retry(error);
    }
  }

  /** The playlist of a range; empty where there is nothing. */
  private async list(name: string, query: string, signal: AbortSignal): Promise<VodEntry[]> {
    const url = new URL(`${name}?${query}`, new URL(this.options.playbackUrl, location.href));
    const response = await authorizedFetch(new Request(url, { signal }));
    if (response.ok) return parseVod(await response.text(), url.href);
    const problem = problemFrom(await response.json().catch(() => null), response);
    if (problem.status === 404) return [];
    throw problem;
  }

  /** Nothing follows `ms` up to `toMs`: goes on where there is something again. */
  private async goOnAfter(ms: number, toMs: number, isOver: () => boolean): Promise<void> {
    if (Date.now() - ms < CAUGHT_UP_MS) {
      this.options.onCaughtUp();
      return;
    }
    const next = await this.options.footageAfter(ms);
    if (isOver()) return;
    // What the timeline calls recorded though no playlist has it is passed: it cannot be played.
    const nextMs = next !== null && next < toMs ? await this.options.footageAfter(toMs) : next;
    if (isOver()) return;
    if (nextMs === null) {
      this.release();
      this.report({ phase: "nothing", atMs: ms });
      return;
    }
    this.options.onJump({ fromMs: ms, toMs: nextMs });
    await this.load(nextMs);
  }

  private attach(entries: readonly VodEntry[], seconds: number, { keyframes, growsFromMs }: { keyframes: boolean; growsFromMs: number | null }): void {
    this.release();
    this.hold(entries);
    this.grows = growsFromMs !== null;
    this.lastS = seconds;
    this.lastMovedAt = performance.now();
    const ahead = AHEAD_S * Math.max(1, this.speed);
    const hls = new Hls({
      // fMP4 needs no transmuxing; a worker from a blob: URL would ask for a wider content security policy.
      enableWorker: false,
      startPosition: seconds,
      maxBufferLength: ahead,
      maxMaxBufferLength: ahead * 2,
      backBufferLength: BEHIND_S * Math.max(1, this.speed),
      pLoader: playlistLoader(this.playlists(growsFromMs, this.asked.signal)),
      xhrSetup: authorizeXhr,
      ...(keyframes ? { fLoader: keyframeLoader(entries) } : {}),
    });
    this.hls = hls;
    hls.on(Hls.Events.ERROR, (_event, data) => this.onHlsError(hls, data));
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.start());
    hls.loadSource(new URL(this.options.playbackUrl, location.href).href);
    hls.attachMedia(this.video);
  }

  /** Gives the playlist of what is held, then, while it grows, of what there is by then. */
  private playlists(growsFromMs: number | null, signal: AbortSignal): () => Promise<string> {
    let first = true;
    return async () => {
      if (!first && growsFromMs !== null && this.grows) {
        const toMs = Date.now();
        const all = await this.list("media.m3u8", rangeQuery({ fromMs: growsFromMs, toMs }), signal);
        signal.throwIfAborted();
        this.hold(grown(this.entries, all));
        this.grows = toMs - growsFromMs < GROWN_MAX_MS;
      }
      first = false;
      return renderVod(this.entries, this.grows);
    };
  }

  private hold(entries: readonly VodEntry[]): void {
    this.entries = entries;
    this.gaps = gapsIn(entries);
  }

  /** Safari on older iPhones plays HLS by itself and sends no headers, so it gets an address that carries its right to look. */
  private async loadNative(ms: number, query: string): Promise<void> {
    if (this.video.canPlayType("application/vnd.apple.mpegurl") === "") {
      this.report({ phase: "unsupported" });
      return;
    }
    const params = { path: { id: this.options.cameraId } };
    const { url } = await unwrap(api.POST("/api/v1/cameras/{id}/capabilities", { params, body: { kind: "playback" } }));
    if (this.destroyed) return;
    this.release();
    this.nativeStartMs = ms;
    this.video.src = `${url}?${query}`;
    this.start();
  }

  private start(): void {
    this.applySpeed();
    this.lastMovedAt = performance.now();
    // Refused autoplay is not a failure: the picture starts at the first tap.
    if (this.wantsToPlay) this.video.play().catch(() => undefined);
  }

  private applySpeed(): void {
    const rate = Math.min(RATE_MAX, this.speed);
    this.video.defaultPlaybackRate = rate;
    this.video.playbackRate = rate;
  }

  private release(): void {
    this.hls?.destroy();
    this.hls = null;
    this.hold([]);
    this.grows = false;
    this.nativeStartMs = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  private readonly onEnded = (): void => {
    // What was not there when the range was loaded may be by now, up to the live edge.
    void this.load(this.entries.length > 0 ? vodEndMs(this.entries) : this.state.atMs);
  };

  private readonly onVideoError = (): void => {
    // hls.js hears of media errors itself; and `release` makes one by taking the source away.
    if (!this.hls && this.video.getAttribute("src")) this.retry(null);
  };

  private onHlsError(hls: Hls, data: ErrorData): void {
    if (hls !== this.hls || !data.fatal) return;
    if (data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR || data.details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR) {
      this.release();
      this.report({ phase: "unsupported" });
      return;
    }
    if (data.response?.code === 401) renewToken();
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.failures === 0) {
      this.failures = 1;
      hls.recoverMediaError();
      return;
    }
    this.retry(data.error);
  }

  private retry(error: unknown): void {
    if (this.destroyed) return;
    this.report({ phase: "retrying", error: asProblem(error) });
    this.release();
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.load(this.state.atMs), backoffMs(this.failures, Math.random()));
    this.failures += 1;
  }

  private readonly tick = (): void => {
    const { video } = this;
    if (!this.hls && this.nativeStartMs === null) return;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.seeking) {
      this.watchStuck();
      return;
    }
    const seconds = video.currentTime;
    const atMs = this.shown(seconds);
    if (seconds !== this.lastS) {
      this.failures = 0;
      this.lastMovedAt = performance.now();
      // A step back or far ahead is a seek, not a passing.
      const far = Math.max(2, this.speed);
      for (const gap of this.gaps) {
        if (this.lastS < gap.atS && gap.atS <= seconds && seconds - this.lastS < far) this.options.onJump(gap);
      }
      this.lastS = seconds;
    } else if (this.waitsAtEdge(seconds)) {
      const wait = this.speed > 1 ? EDGE_WAIT_MS.faster : EDGE_WAIT_MS.asItHappens;
      if (performance.now() - this.lastMovedAt > wait) this.options.onCaughtUp();
      return;
    } else this.watchStuck();
    this.report({ phase: video.paused ? "paused" : "playing", atMs, error: null });
  };

  /** Whether everything that there is so far was played, and more is to come. */
  private waitsAtEdge(seconds: number): boolean {
    const last = this.entries.at(-1);
    return this.grows && this.wantsToPlay && last !== undefined && last.atS + last.durationS - seconds < EDGE_S;
  }

  private watchStuck(): void {
    if (this.wantsToPlay && !this.video.paused && !this.video.ended && performance.now() - this.lastMovedAt > STUCK_AFTER_MS) this.retry(null);
  }

  /** The wall time of the picture, from `EXT-X-PROGRAM-DATE-TIME`. */
  private shown(seconds: number): number {
    if (this.nativeStartMs !== null) return this.nativeStartMs + seconds * 1000;
    return this.hls?.playingDate?.getTime() ?? momentOf(this.entries, seconds) ?? this.state.atMs;
  }

  /** Learns how long the camera's frames last. */
  private noteFrames(): void {
    if (!("requestVideoFrameCallback" in this.video)) return;
    const note: VideoFrameRequestCallback = (_now, { mediaTime }) => {
      const apart = mediaTime - this.lastFrameS;
      if (apart > 0.005 && apart < 0.25 && this.speed <= 1 && !this.video.paused) this.frameS = apart;
      this.lastFrameS = mediaTime;
      if (!this.destroyed) this.video.requestVideoFrameCallback(note);
    };
    this.video.requestVideoFrameCallback(note);
  }

  private report(change: Partial<PlaybackState>): void {
    if (this.destroyed) return;
    const next = { ...this.state, ...change };
    const same = next.phase === this.state.phase && next.atMs === this.state.atMs && next.keyframes === this.state.keyframes && next.error === this.state.error;
    this.state = next;
    if (!same) this.options.onState(next);
  }
}
