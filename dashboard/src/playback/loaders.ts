import Hls, { type FragmentLoaderConstructor, type LoaderCallbacks, type LoaderConfiguration, type LoaderContext, type PlaylistLoaderConstructor } from "hls.js/light";

import { stretch, videoAlone } from "./fmp4";
import { renderVod, type VodEntry } from "./vod";

/** A playlist loader that gives the entries at hand, whatever it is asked for. */
export function playlistLoader(entries: readonly VodEntry[]): PlaylistLoaderConstructor {
  class KnownPlaylistLoader extends Hls.DefaultConfig.loader {
    override load(context: LoaderContext, _config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      const now = performance.now();
      this.context = context;
      this.stats.loading = { start: now, first: now, end: now };
      const data = renderVod(entries);
      this.stats.loaded = this.stats.total = data.length;
      // As a request would: never before `load` has returned.
      queueMicrotask(() => !this.stats.aborted && callbacks.onSuccess({ url: context.url, data, code: 200 }, this.stats, context, null));
    }

    override abort(): void {
      this.stats.aborted = true;
    }
  }
  return KnownPlaylistLoader as unknown as PlaylistLoaderConstructor;
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
