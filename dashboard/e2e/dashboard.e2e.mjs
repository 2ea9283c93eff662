// Drives the dashboard in a real browser against a real node and prints one JSON result.
//
//   EYRIE_URL          the node, such as http://127.0.0.1:8080
//   EYRIE_USER         default: admin
//   EYRIE_PASSWORD     required
//   EYRIE_VIDEOS       how many pictures of the grid must move (default: 4)
//   EYRIE_CAMERA_URL   an RTSP address to add through the form; without it that step is left out
//   EYRIE_CAMERA_STATE the state the added camera must reach (default: online)
//   EYRIE_TIMEOUT_S    for each step (default: 60)
//   EYRIE_MOVING_S     from the click on sign-in to the last of those pictures moving, at most (default: 30; here it is about one
//                      second, and the bound leaves room for a machine that does much else)
//   EYRIE_SCREENSHOTS  a directory for pictures of each step; without it none are taken
//   CHROMIUM           the browser (default: /usr/bin/chromium)
//
// Exits with 0 when everything was seen, 1 when something was not, 2 when it was started wrongly.
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const env = process.env;
const baseUrl = env.EYRIE_URL;
const password = env.EYRIE_PASSWORD;
const username = env.EYRIE_USER ?? "admin";
const videosWanted = Number(env.EYRIE_VIDEOS ?? "4");
const cameraUrl = env.EYRIE_CAMERA_URL;
const cameraState = env.EYRIE_CAMERA_STATE ?? "online";
const timeout = Number(env.EYRIE_TIMEOUT_S ?? "60") * 1000;
const movingWithin = Number(env.EYRIE_MOVING_S ?? "30") * 1000;
const screenshots = env.EYRIE_SCREENSHOTS;

if (!baseUrl || !password) {
  console.error("EYRIE_URL and EYRIE_PASSWORD must be set; the head of this file lists all settings.");
  process.exit(2);
}

const result = { ok: false, steps: [], first_pictures_ms: {}, all_moving_ms: null, videos: [], states: [], page_errors: [], console_errors: [] };
const started = performance.now();
const step = (name, detail = {}) => result.steps.push({ name, at_ms: Math.round(performance.now() - started), ...detail });

/**
 * Runs in the page: notes when each tile's first and second picture is shown, on the page's clock. Decoded frames alone prove
 * nothing: a page whose thread is busy shows them seconds later.
 */
function notePictures() {
  const noted = (window.eyriePictures = {});
  const hooked = new WeakSet();
  const hook = (video) => {
    if (hooked.has(video)) return;
    hooked.add(video);
    const onPicture = (now) => {
      const camera = video.closest("[data-camera]")?.dataset.camera;
      const times = camera && (noted[camera] ??= []);
      if (times && times.push(now) >= 2) return;
      video.requestVideoFrameCallback(onPicture);
    };
    video.requestVideoFrameCallback(onPicture);
  };
  new MutationObserver(() => document.querySelectorAll("article[data-camera] video").forEach(hook)).observe(document, {
    childList: true,
    subtree: true,
  });
}

/** Asks `look` every 500 ms until it is done, and gives its value. */
async function until(what, look, limit = timeout) {
  const end = performance.now() + limit;
  let seen;
  while (performance.now() < end) {
    seen = await look();
    if (seen.done) return seen.value;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`not seen within ${limit / 1000} s: ${what}; last seen: ${JSON.stringify(seen?.value ?? null)}`);
}

const readVideos = (page) =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll("article[data-camera] video"), (video) => {
      const quality = video.getVideoPlaybackQuality();
      return {
        camera: video.closest("[data-camera]").dataset.camera,
        phase: video.closest("[data-phase]").dataset.phase,
        position_s: video.currentTime,
        frames: quality.totalVideoFrames,
        dropped: quality.droppedVideoFrames,
        width: video.videoWidth,
        height: video.videoHeight,
      };
    }),
  );

/** Videos whose position and count of decoded frames have both risen since `before`. */
function moved(before, after) {
  return after.filter((video) => {
    const earlier = before.find((candidate) => candidate.camera === video.camera);
    return earlier && video.width > 0 && video.position_s > earlier.position_s && video.frames > earlier.frames;
  });
}

/** A player that runs dry again and again goes on without low latency: it blocks on no playlist any more, and moves. */
async function runDry(page, camera) {
  const playlists = [];
  const onRequest = (request) => {
    const url = new URL(request.url());
    if (url.pathname.includes(`/cameras/${camera}/live/`) && url.pathname.endsWith("/media.m3u8")) playlists.push(url.search);
  };
  page.on("request", onRequest);
  await until("a playlist asked for with low latency", async () => ({ done: playlists.some((query) => query.includes("_HLS_msn")), value: playlists }));
  await page.evaluate((id) => {
    const video = document.querySelector(`article[data-camera="${id}"] video`);
    for (let dry = 0; dry < 3; dry += 1) video.dispatchEvent(new Event("waiting"));
  }, camera);
  const asked = playlists.length;
  await until("three playlists asked for without low latency", async () => {
    const since = playlists.slice(asked);
    return { done: since.length >= 3 && since.slice(-3).every((query) => !query.includes("_HLS_")), value: since };
  });
  let last = await readVideos(page);
  await until("a moving picture without low latency", async () => {
    const now = await readVideos(page);
    const moves = moved(last, now).some((video) => video.camera === camera && video.phase === "playing");
    last = now;
    return { done: moves, value: now };
  });
  page.off("request", onRequest);
  step("goes_on_without_low_latency");
}

/** The wall time of the recorded picture, in milliseconds; NaN while it is live. */
const wallClock = (page) => page.evaluate(() => Date.parse(document.querySelector("[data-wall-clock]")?.dataset.wallClock ?? ""));

/** Waits until the recorded picture goes on `times` as fast as the viewer's clock, give or take a third. */
async function plays(page, times) {
  const decoded = () => page.evaluate(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);
  return until(`playing at ${times} times the speed`, async () => {
    const [at, wall, frames] = [performance.now(), await wallClock(page), await decoded()];
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const [elapsed, shown, more] = [performance.now() - at, (await wallClock(page)) - wall, (await decoded()) - frames];
    const speed = shown / elapsed;
    return { done: more > 0 && Math.abs(speed / times - 1) < 0.33, value: { speed, pictures: more } };
  });
}

/** Looks back from live, plays at several speeds, takes a clip out, and returns to live. */
async function lookBack(page, camera) {
  await page.goto(new URL(`/cameras/${camera}`, baseUrl).href);
  const line = page.locator("[role=slider]");
  await line.waitFor();
  // As much as is played at 16 times the speed below must have been recorded.
  const recorded = await until("a minute of footage", async () => {
    const seconds = await page.evaluate(() => Number(document.querySelector("[data-recorded-s]")?.dataset.recordedS ?? 0));
    return { done: seconds >= 60, value: seconds };
  }, timeout + 60_000);
  step("footage_on_the_timeline", { seconds: recorded });
  await page.keyboard.press("ArrowLeft");
  const began = await until("the recorded picture", async () => {
    const wall = await wallClock(page);
    return { done: !Number.isNaN(wall), value: wall };
  });
  if (Date.now() - began > 60_000) throw new Error(`looking back from live began ${Date.now() - began} ms ago`);
  const speeds = {};
  speeds["1"] = await plays(page, 1);
  const speed = page.locator("select[data-speed]");
  for (const times of ["0.25", "2", "4", "16"]) {
    await page.keyboard.press("Home");
    await page.locator("[data-wall-clock]").waitFor({ state: "detached" });
    await page.keyboard.press("ArrowLeft");
    await page.locator("[data-wall-clock]").waitFor();
    // Far enough back that the live edge is not reached meanwhile.
    for (let back = 0; back < 4; back += 1) await page.keyboard.press("ArrowLeft");
    await speed.selectOption(times);
    speeds[times] = await plays(page, Number(times));
  }
  step("plays_at_speed", { speeds });

  await page.keyboard.press("Home");
  await page.locator("[data-wall-clock]").waitFor({ state: "detached" });
  await page.keyboard.press("ArrowLeft");
  await plays(page, 1);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("i");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("o");
  // The browser would ask a person where to save.
  await page.evaluate(() => (window.showSaveFilePicker = undefined));
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("button[data-download]").click()]);
  const { size } = statSync(await download.path());
  if (size < 10_000) throw new Error(`a clip of 10 s has ${size} bytes`);
  await page.locator("[data-clip-end=saved]").waitFor();
  step("clip_downloaded", { bytes: size, file: download.suggestedFilename() });
  await page.keyboard.press("Home");
  await page.locator("[data-phase=playing]").waitFor();
  step("live_again");
}

async function run(page) {
  const picture = async (name) => {
    if (screenshots) await page.screenshot({ path: join(screenshots, `${name}.png`) });
  };
  await page.addInitScript(notePictures);
  await page.goto(baseUrl);
  await page.locator("input[name=username]").fill(username);
  await page.locator("input[name=password]").fill(password);
  await picture("sign-in");
  const clickedAt = await page.evaluate(() => performance.now());
  await page.locator("button[type=submit]").click();
  await page.locator("header summary").waitFor();
  step("signed_in");

  if (videosWanted > 0) {
    await page.locator("article[data-camera]").nth(videosWanted - 1).waitFor();
    let last = await readVideos(page);
    // A position may jump once to the live edge; what counts is movement together with newly decoded frames.
    result.videos = await until(`${videosWanted} moving pictures`, async () => {
      const now = await readVideos(page);
      const moving = moved(last, now);
      last = now;
      return moving.length >= videosWanted ? { done: true, value: moving } : { done: false, value: now };
    });
    step("pictures_moving", { videos: result.videos.length });
    const shown = await until(`${videosWanted} tiles with two pictures shown`, async () => {
      const pictures = await page.evaluate(() => window.eyriePictures);
      const twice = Object.entries(pictures).filter(([, times]) => times.length === 2);
      return { done: twice.length >= videosWanted, value: twice };
    });
    for (const [camera, [first]] of shown) result.first_pictures_ms[camera] = Math.round(first - clickedAt);
    result.all_moving_ms = Math.round(shown.map(([, [, second]]) => second - clickedAt).sort((a, b) => a - b)[videosWanted - 1]);
    if (result.all_moving_ms > movingWithin) {
      throw new Error(`${result.all_moving_ms} ms from sign-in to ${videosWanted} moving pictures; at most ${movingWithin} ms are allowed`);
    }
    await picture("live");
    await runDry(page, result.videos[0].camera);
    await lookBack(page, result.videos[0].camera);
    await picture("looked-back");
  }

  if (cameraUrl) {
    const name = `e2e ${Date.now()}`;
    await page.goto(new URL("/cameras", baseUrl).href);
    await page.getByRole("button", { name: "Add camera" }).first().click();
    const dialog = page.locator("dialog[open]");
    await dialog.locator("input[name=name]").fill(name);
    await dialog.locator("input[name=url]").fill(cameraUrl);
    await picture("add-camera");
    await dialog.locator("button[type=submit]").click();
    const watch = page.locator("[data-watch]");
    await watch.waitFor();
    step("camera_added");
    await until(`the new camera ${cameraState}`, async () => {
      const state = await watch.getAttribute("data-watch");
      if (result.states.at(-1) !== state) result.states.push(state);
      return { done: state === cameraState, value: state };
    });
    step("camera_state_seen", { state: cameraState });
    await picture("camera-state");
    // Closed by its last button; the list must show the same state by itself.
    await dialog.locator("button").last().click();
    const row = page.locator(`li[data-camera][data-state="${cameraState}"]`, { hasText: name });
    await row.waitFor();
    step("camera_listed");
    await picture("cameras");
    await row.locator("a").click();
    await page.locator("h1", { hasText: name }).waitFor();
    step("camera_page");
    await picture("camera");
  }
}

const profile = mkdtempSync(join(tmpdir(), "eyrie-e2e-"));
if (screenshots) mkdirSync(screenshots, { recursive: true });
let context;
try {
  context = await chromium.launchPersistentContext(profile, {
    executablePath: env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
    viewport: { width: 1440, height: 900 },
    ignoreHTTPSErrors: true,
  });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  page.on("pageerror", (error) => result.page_errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && result.console_errors.length < 50) result.console_errors.push(message.text());
  });
  try {
    await run(page);
    result.ok = result.page_errors.length === 0;
  } catch (error) {
    result.error = String(error);
    if (screenshots) await page.screenshot({ path: join(screenshots, "failed.png") }).catch(() => undefined);
  }
} catch (error) {
  result.error = String(error);
} finally {
  await context?.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(JSON.stringify(result, null, 2));
process.exit(result.ok ? 0 : 1);
