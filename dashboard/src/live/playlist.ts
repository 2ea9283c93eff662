const LOW_LATENCY_TAGS = ["#EXT-X-PART:", "#EXT-X-PART-INF:", "#EXT-X-PRELOAD-HINT:", "#EXT-X-SERVER-CONTROL:", "#EXT-X-RENDITION-REPORT:"];

/**
 * A media playlist (RFC 8216bis) without its low-latency tags. hls.js blocks on playlists that allow it even with its
 * low-latency mode off, and a wall of blocked requests uses up the six connections HTTP/1.1 gives one origin.
 */
export function withoutLowLatency(playlist: string): string {
  return playlist
    .split("\n")
    .filter((line) => !LOW_LATENCY_TAGS.some((tag) => line.startsWith(tag)))
    .join("\n");
}

/** How many low-latency players share one HTTP/1.1 origin: each holds one of six connections, two must stay free. */
const LOW_LATENCY_PLAYERS_HTTP1 = 4;

/** Whether `players` at once may all use low latency over `protocol` (the ALPN name, as in `nextHopProtocol`). */
export function mayUseLowLatency(players: number, protocol: string): boolean {
  const multiplexed = protocol === "h2" || protocol === "h3";
  return multiplexed || players <= LOW_LATENCY_PLAYERS_HTTP1;
}

/** The protocol this page came by; empty where the browser does not say. */
export function pageProtocol(): string {
  const [navigation] = performance.getEntriesByType("navigation");
  return (navigation as PerformanceNavigationTiming | undefined)?.nextHopProtocol ?? "";
}
