import Hls, {
  type HlsConfig,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderContext,
  type PlaylistLoaderConstructor,
  type PlaylistLoaderContext,
} from "hls.js/light";

import type { JoinedPlaylists, Next } from "./joined";
import { withoutLowLatency } from "./playlist";

const XhrLoader = Hls.DefaultConfig.loader;

/** Playlists that are asked for in a row until another node's has something new: the parts of a long segment, and some. */
const FOLLOWED_MAX = 32;

/** The playlist loader of one player: it shows hls.js what `joined` makes of playlists, and hides low latency where it is not wanted. */
export function playlistLoader(joined: JoinedPlaylists, lowLatency: boolean): PlaylistLoaderConstructor {
  class PlaylistLoader extends XhrLoader {
    private readonly loaders: HlsConfig;
    /** What is asked after the first answer had nothing new. */
    private follower: InstanceType<typeof XhrLoader> | null = null;
    private followed = 0;

    constructor(config: HlsConfig) {
      super(config);
      this.loaders = config;
    }

    override load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      // The multivariant playlist, which is of no level, has no numbers.
      if ((context as PlaylistLoaderContext).levelOrTrack === null) {
        super.load(context, config, callbacks);
        return;
      }
      const handlers: LoaderCallbacks<LoaderContext> = {
        ...callbacks,
        onSuccess: (response, stats, asked, details) => {
          if (typeof response.data === "string") {
            const answer = joined.answered(response.data, this.followed < FOLLOWED_MAX);
            if ("next" in answer) {
              this.follow(answer.next, context, config, handlers);
              return;
            }
            response.data = lowLatency ? answer.text : withoutLowLatency(answer.text);
          }
          callbacks.onSuccess(response, stats, asked, details);
        },
      };
      super.load({ ...context, url: joined.asked(context.url) }, config, handlers);
    }

    override abort(): void {
      this.follower?.abort();
      super.abort();
    }

    override destroy(): void {
      this.follower?.destroy();
      this.follower = null;
      super.destroy();
    }

    private follow(next: Next, context: LoaderContext, config: LoaderConfiguration, handlers: LoaderCallbacks<LoaderContext>): void {
      this.followed += 1;
      const url = new URL(context.url);
      url.searchParams.set("_HLS_msn", String(next.msn));
      url.searchParams.set("_HLS_part", String(next.part));
      url.searchParams.delete("_HLS_skip");
      this.follower?.destroy();
      this.follower = new XhrLoader(this.loaders);
      this.follower.load({ ...context, url: url.href }, config, handlers);
    }
  }

  return PlaylistLoader as unknown as PlaylistLoaderConstructor;
}
