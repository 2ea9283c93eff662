// Watches one camera in a real browser while its node dies, and prints what the viewer saw as one JSON object: the longest time
// without a new picture, how often the stream was opened anew, and when it ran out of pictures.
//
//   EYRIE_URL, EYRIE_USER, EYRIE_PASSWORD, EYRIE_TIMEOUT_S, CHROMIUM   as for dashboard.e2e.mjs; the node is one that stays
//   EYRIE_WATCH_S      how long to watch from the first moving picture on (default: 25)
//
// Says "playing" on a line of its own once pictures move: that is when to kill the other node.
import { chromium } from "playwright-core";

import { signIn } from "./live.mjs";
import { settings, until } from "./support.mjs";

const watchMs = Number(process.env.EYRIE_WATCH_S ?? "25") * 1000;

/** Runs in the page: the time of each picture that is shown, and the longest pause between two. */
function notePauses() {
  const noted = (window.eyriePauses = { pictures: 0, last: 0, longest: 0, videos: 0, waits: [] });
  const hooked = new WeakSet();
  const hook = (video) => {
    if (hooked.has(video)) return;
    hooked.add(video);
    noted.videos += 1;
    const onPicture = (now) => {
      if (noted.last > 0) noted.longest = Math.max(noted.longest, now - noted.last);
      noted.last = now;
      noted.pictures += 1;
      video.requestVideoFrameCallback(onPicture);
    };
    video.requestVideoFrameCallback(onPicture);
    video.addEventListener("waiting", () => noted.waits.length < 20 && noted.waits.push(Math.round(performance.now())));
  };
  new MutationObserver(() => document.querySelectorAll("article[data-camera] video").forEach(hook)).observe(document, {
    childList: true,
    subtree: true,
  });
}

const browser = await chromium.launch({ executablePath: settings.chromium, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  context.setDefaultTimeout(settings.timeoutMs);
  const page = await context.newPage();
  let opened = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.endsWith("/live/index.m3u8")) opened += 1;
  });
  const refused = [];
  // Whether the last playlist was asked for with low latency: a player that runs dry again and again goes on without.
  let lowLatency = false;
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname.endsWith("/live/media.m3u8")) lowLatency = search.includes("_HLS_msn");
  });
  page.on("response", (response) => {
    const { pathname, search } = new URL(response.url());
    const name = pathname.split("/live/")[1];
    if (name && !response.ok() && refused.length < 20) refused.push(`${response.status()} ${name}${search}`);
  });
  await page.addInitScript(notePauses);
  await signIn(page);
  const read = () => page.evaluate(() => ({ ...window.eyriePauses, now: performance.now() }));
  await until("moving pictures", async () => {
    const seen = await read();
    return { done: seen.pictures >= 75, value: seen };
  });
  await page.evaluate(() => (window.eyriePauses.longest = 0));
  const before = { ...(await read()), opened };
  console.log("playing");
  await new Promise((resolve) => setTimeout(resolve, watchMs));
  const after = await read();
  const longest = Math.max(after.longest, after.now - after.last);
  const result = { longest_pause_ms: Math.round(longest), since_last_ms: Math.round(after.now - after.last) };
  console.log(JSON.stringify({ ...result, opened: opened - before.opened, opened_before: before.opened, videos: after.videos, low_latency: lowLatency, waits: after.waits.map((at) => at - Math.round(before.now)), pictures: after.pictures - before.pictures, refused }));
} finally {
  await browser.close();
}
