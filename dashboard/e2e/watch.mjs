// Watches a page of the dashboard in a real browser for a while, for the benchmarks: prints the line "watching" once its pictures
// move, and at the end what it saw as one line of JSON.
//
//   EYRIE_URL       the node, such as http://127.0.0.1:8080
//   EYRIE_USER      default: admin
//   EYRIE_PASSWORD  required
//   EYRIE_PATH      the page (default: /)
//   EYRIE_VIDEOS    how many pictures must move (default: 1)
//   EYRIE_SECONDS   how long to watch (default: 60)
//   EYRIE_NUMBERS   any text: reads the number that simulated cameras paint into the first picture, a few times a second
//   EYRIE_SETTLE_S  readings of the first seconds are left out (default: 10)
//   CHROMIUM        the browser (default: /usr/bin/chromium)
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const env = process.env;
const videosWanted = Number(env.EYRIE_VIDEOS ?? "1");
const seconds = Number(env.EYRIE_SECONDS ?? "60");
const settleMs = Number(env.EYRIE_SETTLE_S ?? "10") * 1000;
const startWithinMs = 60_000;

if (!env.EYRIE_URL || !env.EYRIE_PASSWORD) {
  console.error("EYRIE_URL and EYRIE_PASSWORD must be set; the head of this file lists all settings.");
  process.exit(2);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const readVideos = (page) =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll("[data-phase=playing] video"), (video) => {
      const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
      return { position_s: video.currentTime, frames: totalVideoFrames, dropped: droppedVideoFrames };
    }),
  );

/** Waits until all pictures have moved within a second. */
async function moving(page) {
  const end = performance.now() + startWithinMs;
  let before = [];
  while (performance.now() < end) {
    await sleep(1000);
    const now = await readVideos(page);
    const moved = now.filter((video, at) => before[at] && video.position_s > before[at].position_s && video.frames > before[at].frames);
    if (moved.length >= videosWanted) return;
    before = now;
  }
  throw new Error(`${videosWanted} pictures do not move within ${startWithinMs / 1000} s; last seen: ${JSON.stringify(before)}`);
}

/**
 * Runs in the page: reads the number in each picture that is shown, at most every 100 ms. Sixteen squares in a band at half the
 * height: white, fourteen bits of the number, black.
 */
function readNumbers() {
  const CELLS = 16;
  const readings = (window.eyrieReadings = []);
  const video = document.querySelector("[data-phase=playing] video");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [CELLS, 1];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let last = 0;
  const onPicture = () => {
    video.requestVideoFrameCallback(onPicture);
    if (Date.now() - last < 100) return;
    last = Date.now();
    const { videoWidth: width, videoHeight: height } = video;
    context.drawImage(video, 0, height * 0.48, width, height * 0.04, 0, 0, CELLS, 1);
    const at_ms = Date.now();
    const pixels = context.getImageData(0, 0, CELLS, 1).data;
    const bits = Array.from({ length: CELLS }, (_, cell) => pixels[cell * 4] > 128);
    const whole = bits[0] && !bits[CELLS - 1];
    const number = bits.slice(1, -1).reduce((value, bit) => value * 2 + (bit ? 1 : 0), 0);
    readings.push({ at_ms, number: whole ? number : null });
  };
  video.requestVideoFrameCallback(onPicture);
}

async function run(page) {
  await page.goto(env.EYRIE_URL);
  await page.locator("input[name=username]").fill(env.EYRIE_USER ?? "admin");
  await page.locator("input[name=password]").fill(env.EYRIE_PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.locator("header summary").waitFor();
  await page.goto(new URL(env.EYRIE_PATH ?? "/", env.EYRIE_URL).href);
  await moving(page);
  const before = await readVideos(page);
  const begun = Date.now();
  if (env.EYRIE_NUMBERS) await page.evaluate(readNumbers);
  console.log("watching");
  await sleep(seconds * 1000);
  const after = await readVideos(page);
  const readings = (await page.evaluate(() => window.eyrieReadings ?? [])).filter((reading) => reading.at_ms >= begun + settleMs);
  const videos = after.map((video, at) => ({
    frames: video.frames - (before[at]?.frames ?? 0),
    dropped: video.dropped - (before[at]?.dropped ?? 0),
  }));
  console.log(JSON.stringify({ videos, readings }));
}

const profile = mkdtempSync(join(tmpdir(), "eyrie-watch-"));
let context;
let failed = false;
try {
  context = await chromium.launchPersistentContext(profile, {
    executablePath: env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
    viewport: { width: 1440, height: 900 },
  });
  await run(await context.newPage());
} catch (error) {
  console.error(error);
  failed = true;
} finally {
  await context?.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
