import Hls, { type FragmentLoaderConstructor, type LoaderCallbacks, type LoaderConfiguration, type LoaderContext, type PlaylistLoaderConstructor } from "hls.js/light";

import { stretch, videoAlone } from "./fmp4";
import type { VodEntry } from "./vod";

/** A playlist loader that gives what `next` does, whatever it is asked for. */
export function playlistLoader(next: () => Promise<string>): PlaylistLoaderConstructor {
  class GivenPlaylistLoader extends Hls.DefaultConfig.loader {
    override load(context: LoaderContext, _config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      const { stats } = this;
      this.context = context;
      stats.loading.start = performance.now();
      next().then(
        (data) => {
          if (stats.aborted) return;
          stats.loading.first = stats.loading.end = performance.now();
          stats.loaded = stats.total = data.length;
          callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
        },
        (error: unknown) => {
          if (!stats.aborted) callbacks.onError({ code: 0, text: String(error) }, context, null, stats);
        },
      );
    }

    override abort(): void {
      this.stats.aborted = true;
    }
  }
  return GivenPlaylistLoader as unknown as PlaylistLoaderConstructor;
}

/** A fragment loader that makes each keyframe last until the next: shown one after the other, faster than it happened. */
export function keyframeLoader(entries: readonly VodEntry[]): FragmentLoaderConstructor {
  const byUrl = new Map(entries.map((entry) => [entry.url, entry]));
  const clockRates = new Map<string, number>();
  class KeyframeLoader extends Hls.DefaultConfig.loader {
    override load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      super.load(context, config, {
        ...callbacks,
        onSuccess: (response, stats, loaded, details) => {
          const { data } = response;
          const entry = byUrl.get(loaded.url);
          if (data instanceof ArrayBuffer) {
            const clockRate = entry ? clockRates.get(entry.initUrl) : videoAlone(data);
            if (entry) stretch(data, entry.durationS, clockRate ?? 1);
            else if (clockRate != null) clockRates.set(loaded.url, clockRate);
          }
          callbacks.onSuccess(response, stats, loaded, details);
        },
      });
    }
  }
  return KeyframeLoader as unknown as FragmentLoaderConstructor;
}
