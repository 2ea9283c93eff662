// What the steps share: settings, the protocol of the run, waiting, and the node's own interface.
import { spawnSync } from "node:child_process";

const env = process.env;
export const settings = {
  baseUrl: env.EYRIE_URL,
  password: env.EYRIE_PASSWORD,
  username: env.EYRIE_USER ?? "admin",
  videos: Number(env.EYRIE_VIDEOS ?? "4"),
  fps: Number(env.EYRIE_FPS ?? "0"),
  cameraUrl: env.EYRIE_CAMERA_URL,
  cameraState: env.EYRIE_CAMERA_STATE ?? "online",
  gapCamera: env.EYRIE_GAP_CAMERA,
  timeoutMs: Number(env.EYRIE_TIMEOUT_S ?? "60") * 1000,
  movingMs: Number(env.EYRIE_MOVING_S ?? "30") * 1000,
  screenshots: env.EYRIE_SCREENSHOTS,
  chromium: env.CHROMIUM ?? "/usr/bin/chromium",
};

/** What is printed at the end. */
export const result = {
  ok: false,
  steps: [],
  first_pictures_ms: {},
  all_moving_ms: null,
  videos: [],
  states: [],
  page_errors: [],
  console_errors: [],
};
const started = performance.now();

/** Notes that something was seen. */
export const step = (name, detail = {}) => result.steps.push({ name, at_ms: Math.round(performance.now() - started), ...detail });

/** Fails the run unless `holds`. */
export function check(holds, what, seen = null) {
  if (!holds) throw new Error(`${what}; seen: ${JSON.stringify(seen)}`);
}

/** Asks `look` until it is done, and gives its value. */
export async function until(what, look, limit = settings.timeoutMs) {
  const end = performance.now() + limit;
  let seen;
  while (performance.now() < end) {
    seen = await look();
    if (seen.done) return seen.value;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`not seen within ${limit / 1000} s: ${what}; last seen: ${JSON.stringify(seen?.value ?? null)}`);
}

/** Opens an address of the dashboard. */
export const go = (page, path) => page.goto(new URL(path, settings.baseUrl).href);

/** A picture of the page, where pictures are wanted. */
export async function picture(page, name) {
  if (settings.screenshots) await page.screenshot({ path: `${settings.screenshots}/${name}.png` });
}

let token;
/** Asks the node itself, as somebody else beside the page would; gives the answer's JSON. */
export async function ask(method, path, body) {
  const send = (address, init) => fetch(new URL(address, settings.baseUrl), init);
  const json = { "content-type": "application/json" };
  if (!token) {
    const { username, password } = settings;
    const signedIn = await send("/api/v1/auth/login", { method: "POST", headers: json, body: JSON.stringify({ username, password }) });
    token = (await signedIn.json()).access_token;
  }
  const init = { method, headers: { ...json, authorization: `Bearer ${token}` }, ...(body ? { body: JSON.stringify(body) } : {}) };
  const answer = await send(path, init);
  check(answer.ok, `${method} ${path} is answered well`, answer.status);
  return answer.status === 204 ? null : answer.json();
}

/** Runs a program to its end; gives what it wrote to both its outputs. */
export function run(program, args) {
  const ended = spawnSync(program, args, { encoding: "utf8" });
  check(ended.status === 0, `${program} ends well`, ended.stderr || String(ended.error));
  return { out: ended.stdout, err: ended.stderr };
}

/** The wall time of the recorded picture, in milliseconds; NaN while it is live. */
export const wallClock = (page) => page.evaluate(() => Date.parse(document.querySelector("[data-wall-clock]")?.dataset.wallClock ?? ""));

/** Waits until a recorded picture is there; gives its wall time. */
export const recordedPicture = (page) =>
  until("the recorded picture", async () => {
    const wall = await wallClock(page);
    return { done: !Number.isNaN(wall), value: wall };
  });

/** Goes to live and waits until it is. */
export async function goLive(page) {
  await page.keyboard.press("Home");
  await page.locator("[data-wall-clock]").waitFor({ state: "detached" });
}

/** Waits until the recorded picture goes on `times` as fast as the viewer's clock, give or take a third. */
export async function plays(page, times) {
  const decoded = () => page.evaluate(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);
  return until(`playing at ${times} times the speed`, async () => {
    const [at, wall, frames] = [performance.now(), await wallClock(page), await decoded()];
    // What is measured is the speed over this second.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const [elapsed, shown, more] = [performance.now() - at, (await wallClock(page)) - wall, (await decoded()) - frames];
    const speed = shown / elapsed;
    return { done: more > 0 && Math.abs(speed / times - 1) < 0.33, value: { speed, pictures: more } };
  });
}

/** Where a moment lies on the timeline of the page, in pixels of the screen. */
export async function placeOf(page, ms) {
  const line = page.locator("[role=slider]");
  const [min, max] = [Number(await line.getAttribute("aria-valuemin")), Number(await line.getAttribute("aria-valuemax"))];
  const box = await line.boundingBox();
  check(box && ms >= min && ms <= max, "the moment is in view", { ms, min, max });
  return { x: box.x + ((ms - min) / (max - min)) * box.width, y: box.y + box.height * 0.7, top: box.y + 10 };
}
