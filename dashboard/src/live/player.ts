import Hls, { type ErrorData, type HlsConfig } from "hls.js/light";

import { authorizeXhr, renewToken } from "../api/authorized-xhr";
import { api, unwrap } from "../api/client";
import { backoffMs } from "../retry";
import { DryRuns } from "./dry-runs";
import { JoinedPlaylists } from "./joined";
import { playlistLoader } from "./playlist-loader";

/** Seconds behind the live edge a player without low latency stays. */
const PLAIN_BEHIND_S = 4;
/** Seconds of media kept on either side: a wall of players must not fill the memory of a phone. */
const BUFFER_S = 12;
/** A picture that stands still for this long, though it should move, makes the player start anew. */
const STUCK_AFTER_MS = 8_000;
/** What a node that died had is refused by the others: soon after, the playlist names what another one has. */
const FRAGMENT_RETRY = { maxNumRetry: 6, retryDelayMs: 250, maxRetryDelayMs: 4_000 };
/** How often a player looks at its own progress. */
const WATCH_EVERY_MS = 1_000;
/** A playlist that has not grown for this long ran dry itself, in seconds: the camera or its node has a pause. */
const PAUSE_S = 1.5;
/** A player that ran this long has recovered: the next failure is a first one. */
const HEALTHY_AFTER_MS = 10_000;

export type PlayerPhase = "loading" | "playing" | "retrying" | "unsupported";

export interface PlayerState {
  phase: PlayerPhase;
  /** Seconds behind the live edge, where known. */
  behindS: number | null;
}

export interface PlayerOptions {
  cameraId: string;
  /** The multivariant playlist, as in the camera's `links.hls`. */
  hlsUrl: string;
  lowLatency: boolean;
  onState: (state: PlayerState) => void;
}

function hlsConfig(joined: JoinedPlaylists, lowLatency: boolean): Partial<HlsConfig> {
  const common: Partial<HlsConfig> = {
    // fMP4 needs no transmuxing; a worker from a blob: URL would ask for a wider content security policy.
    enableWorker: false,
    lowLatencyMode: lowLatency,
    backBufferLength: BUFFER_S,
    maxBufferLength: BUFFER_S,
    maxMaxBufferLength: BUFFER_S * 2,
    maxLiveSyncPlaybackRate: 1.25,
    liveDurationInfinity: true,
    startFragPrefetch: true,
    xhrSetup: authorizeXhr,
    pLoader: playlistLoader(joined, lowLatency),
    fragLoadPolicy: { default: { ...Hls.DefaultConfig.fragLoadPolicy.default, errorRetry: FRAGMENT_RETRY } },
  };
  if (lowLatency) return common;
  return { ...common, liveSyncDuration: PLAIN_BEHIND_S, liveMaxLatencyDuration: PLAIN_BEHIND_S * 4 };
}

/**
 * Keeps one <video> at the live edge of one camera until `destroy`: starts again with backoff after whatever goes wrong, and
 * when the picture stands still.
 */
export class LivePlayer {
  private hls: Hls | null = null;
  private failures = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly watchTimer: ReturnType<typeof setInterval>;
  private lastPosition = -1;
  private lastMovedAt = performance.now();
  private movingSince: number | null = null;
  private readonly dryRuns = new DryRuns();
  private lowLatency: boolean;
  private state: PlayerState = { phase: "loading", behindS: null };
  private destroyed = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly options: PlayerOptions,
  ) {
    this.lowLatency = options.lowLatency;
    video.addEventListener("error", this.onVideoError);
    video.addEventListener("waiting", this.onWaiting);
    video.addEventListener("timeupdate", this.onTimeUpdate);
    this.watchTimer = setInterval(this.watch, WATCH_EVERY_MS);
    this.start();
  }

  destroy(): void {
    this.destroyed = true;
    clearInterval(this.watchTimer);
    clearTimeout(this.retryTimer);
    this.video.removeEventListener("error", this.onVideoError);
    this.video.removeEventListener("waiting", this.onWaiting);
    this.video.removeEventListener("timeupdate", this.onTimeUpdate);
    this.release();
  }

  private start(): void {
    this.lastMovedAt = performance.now();
    this.lastPosition = -1;
    if (Hls.isSupported()) this.startHls();
    else if (this.video.canPlayType("application/vnd.apple.mpegurl") !== "") void this.startNative();
    else this.report({ phase: "unsupported", behindS: null });
  }

  private startHls(): void {
    const joined = new JoinedPlaylists(this.lowLatency ? "parts" : "segments");
    const hls = new Hls(hlsConfig(joined, this.lowLatency));
    this.hls = hls;
    hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, part }) => {
      if (part && frag.sn !== "initSegment") joined.loaded(frag.sn, part.index);
    });
    hls.on(Hls.Events.ERROR, (_event, data) => this.onHlsError(hls, data));
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.play());
    hls.loadSource(this.options.hlsUrl);
    hls.attachMedia(this.video);
  }

  /** Safari on iOS plays HLS by itself and sends no headers, so it gets an address that carries its right to look. */
  private async startNative(): Promise<void> {
    try {
      const path = { id: this.options.cameraId };
      const call = api.POST("/api/v1/cameras/{id}/capabilities", { params: { path }, body: { kind: "live" } });
      const { url } = await unwrap(call);
      if (this.destroyed) return;
      this.video.src = url;
      this.play();
    } catch {
      this.retry();
    }
  }

  private play(): void {
    // Refused autoplay is not a failure: the picture starts at the first tap.
    this.video.play().catch(() => undefined);
  }

  private release(): void {
    this.hls?.destroy();
    this.hls = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** The buffer ran dry. Once is nothing; again and again, low latency is too much to ask. */
  private readonly onWaiting = (): void => {
    // Before the first picture, waiting is starting.
    if (!this.lowLatency || this.movingSince === null) return;
    // Nor is it this machine or its line that cannot keep up when hls.js goes elsewhere, or the stream itself has a pause.
    if (this.video.seeking || (this.hls?.latestLevelDetails?.age ?? 0) > PAUSE_S) return;
    if (this.dryRuns.note(performance.now())) this.giveUpLowLatency();
  };

  private giveUpLowLatency(): void {
    this.lowLatency = false;
    this.movingSince = null;
    // Said before the source goes, so that the last picture can be kept.
    this.report({ phase: "loading", behindS: null });
    this.release();
    this.start();
  }

  /** A first picture is shown at once, not at the next look of `watch`. */
  private readonly onTimeUpdate = (): void => {
    if (this.state.phase !== "playing") this.watch();
  };

  private readonly onVideoError = (): void => {
    // hls.js hears of media errors itself; and `release` makes one by taking the source away.
    if (!this.hls && this.video.getAttribute("src")) this.retry();
  };

  private onHlsError(hls: Hls, data: ErrorData): void {
    if (hls !== this.hls || !data.fatal) return;
    if (data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) {
      this.release();
      clearTimeout(this.retryTimer);
      clearInterval(this.watchTimer);
      this.report({ phase: "unsupported", behindS: null });
      return;
    }
    // The token ran out on the way; the next request asks for a new one.
    if (data.response?.code === 401) renewToken();
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.failures === 0) {
      this.failures = 1;
      hls.recoverMediaError();
      return;
    }
    this.retry();
  }

  private retry(): void {
    if (this.destroyed) return;
    // Said before the source goes, so that the last picture can be kept.
    this.report({ phase: "retrying", behindS: null });
    this.release();
    clearTimeout(this.retryTimer);
    this.movingSince = null;
    this.retryTimer = setTimeout(() => this.start(), backoffMs(this.failures, Math.random()));
    this.lastMovedAt = Number.POSITIVE_INFINITY;
    this.failures += 1;
  }

  private readonly watch = (): void => {
    const now = performance.now();
    const position = this.video.currentTime;
    if (position !== this.lastPosition && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !this.video.paused) {
      const moved = this.lastPosition >= 0;
      this.lastPosition = position;
      this.lastMovedAt = now;
      if (!moved) return;
      this.movingSince ??= now;
      if (now - this.movingSince > HEALTHY_AFTER_MS) this.failures = 0;
      this.report({ phase: "playing", behindS: this.behind() });
    } else if (now - this.lastMovedAt > STUCK_AFTER_MS && !this.video.paused) {
      this.lowLatency = false;
      this.retry();
    } else if (this.video.paused && this.hls && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      this.play();
    }
  };

  private behind(): number | null {
    if (this.hls) {
      const { latency } = this.hls;
      return latency > 0 ? latency : null;
    }
    const { seekable } = this.video;
    return seekable.length > 0 ? Math.max(0, seekable.end(seekable.length - 1) - this.video.currentTime) : null;
  }

  private report(state: PlayerState): void {
    if (this.destroyed || (state.phase === this.state.phase && state.behindS === this.state.behindS)) return;
    this.state = state;
    this.options.onState(state);
  }
}
