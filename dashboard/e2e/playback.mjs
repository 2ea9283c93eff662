// A camera's past: timeline, thumbnails, speeds, gaps and clips.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, check, go, goLive, picture, placeOf, plays, recordedPicture, run, settings, step, until, wallClock } from "./support.mjs";

/** Looks back from live, plays at several speeds, takes a clip out, and returns to live. */
export async function lookBack(page, camera) {
  await go(page, `/cameras/${camera}`);
  await page.locator("[role=slider]").waitFor();
  // As much as is played at 16 times the speed below must have been recorded.
  const recorded = await until("a minute of footage", async () => {
    const seconds = await page.evaluate(() => Number(document.querySelector("[data-recorded-s]")?.dataset.recordedS ?? 0));
    return { done: seconds >= 60, value: seconds };
  }, settings.timeoutMs + 60_000);
  step("footage_on_the_timeline", { seconds: recorded });
  await thumbnails(page);
  await page.keyboard.press("ArrowLeft");
  const began = await recordedPicture(page);
  check(Date.now() - began <= 60_000, "looking back from live begins shortly before now", Date.now() - began);
  const speeds = {};
  speeds["1"] = await plays(page, 1);
  const speed = page.locator("select[data-speed]");
  for (const times of ["0.25", "2", "4", "16"]) {
    await goLive(page);
    await page.keyboard.press("ArrowLeft");
    await page.locator("[data-wall-clock]").waitFor();
    // Far enough back that the live edge is not reached meanwhile.
    for (let back = 0; back < 4; back += 1) await page.keyboard.press("ArrowLeft");
    await speed.selectOption(times);
    speeds[times] = await plays(page, Number(times));
  }
  step("plays_at_speed", { speeds });
  await clip(page);
  await page.keyboard.press("Home");
  await page.locator("[data-phase=playing]").waitFor();
  step("live_again");
}

/** Pointing at the timeline shows the picture of that moment; dragging the playhead shows it large, and letting go plays there. */
async function thumbnails(page) {
  const now = Date.now();
  const preview = page.locator("img[data-preview]");
  const shown = async () => ({ source: await preview.getAttribute("src"), width: await preview.evaluate((image) => image.naturalWidth) });
  const sources = new Set();
  for (const back of [40_000, 20_000]) {
    const place = await placeOf(page, now - back);
    await page.mouse.move(place.x, place.y);
    await preview.waitFor();
    await until("another picture under the pointer", async () => {
      const seen = await shown();
      return { done: seen.width > 0 && !sources.has(seen.source), value: seen };
    });
    sources.add((await shown()).source);
  }
  step("thumbnails_while_hovering");
  await picture(page, "hover");
  const [from, to] = [await placeOf(page, now - 15_000), await placeOf(page, now - 35_000)];
  await page.mouse.move(from.x, from.top);
  await page.mouse.down();
  await page.mouse.move(to.x, to.top, { steps: 5 });
  await until("the picture while scrubbing", async () => {
    const width = await page.evaluate(() => document.querySelector("img[data-scrub]")?.naturalWidth ?? 0);
    // The view moves with the clock; a nudge asks for the picture of where the pointer is now.
    if (width === 0) await page.mouse.move(to.x + Math.random(), to.top);
    return { done: width > 0, value: width };
  });
  await page.mouse.up();
  const played = await recordedPicture(page);
  check(Math.abs(played - (now - 35_000)) < 20_000, "it plays from where the playhead was dropped", (now - played) / 1000);
  step("scrubs");
  await page.mouse.move(5, 5);
  await goLive(page);
}

/** Sets both ends of a clip, downloads it, and looks into the file. */
async function clip(page) {
  await goLive(page);
  await page.keyboard.press("ArrowLeft");
  await plays(page, 1);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("i");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("o");
  // The browser would ask a person where to save.
  await page.evaluate(() => (window.showSaveFilePicker = undefined));
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("button[data-download]").click()]);
  await page.locator("[data-clip-end=saved]").waitFor();
  const file = join(tmpdir(), `eyrie-e2e-${process.pid}.mp4`);
  try {
    await download.saveAs(file);
    step("clip_downloaded", { file: download.suggestedFilename(), ...inspect(file) });
  } finally {
    rmSync(file, { force: true });
  }
  await picture(page, "clip");
}

/** What ffprobe says of a clip of ten seconds that is cut at keyframes; every picture of it must decode. */
function inspect(file) {
  const entries = "stream=codec_type,codec_name,width,height,nb_frames,nb_read_frames:format=duration,size";
  const { out } = run("ffprobe", ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", file]);
  const { streams, format } = JSON.parse(out);
  const video = streams.find((stream) => stream.codec_type === "video");
  check(video, "the clip has pictures", streams);
  const [seconds, frames] = [Number(format.duration), Number(video.nb_read_frames)];
  check(seconds >= 9.5 && seconds <= 20, "ten seconds, and as far as the keyframes around them", seconds);
  check(frames === Number(video.nb_frames), "every picture the file names is read", video);
  if (settings.fps > 0) check(Math.abs(frames - seconds * settings.fps) <= 2, `${settings.fps} pictures a second`, { frames, seconds });
  const { err } = run("ffmpeg", ["-v", "error", "-i", file, "-f", "null", "-"]);
  check(err.trim() === "", "the clip decodes without a complaint", err);
  return { bytes: Number(format.size), seconds, frames, codec: video.codec_name, width: video.width, height: video.height };
}

/** Points at a gap, which tells its cause, and plays across it. */
export async function gap(page, camera) {
  const { gaps } = await ask("GET", `/api/v1/cameras/${camera}/gaps`);
  const length = (one) => Date.parse(one.end) - Date.parse(one.start);
  // The longest after the first: before its first connection a camera has one, too.
  const longest = gaps.filter((one) => one.cause !== "starting").sort((a, b) => length(b) - length(a))[0];
  check(longest, "there is a gap", gaps);
  const [startMs, endMs] = [Date.parse(longest.start), Date.parse(longest.end)];
  await go(page, `/cameras/${camera}?at=${new Date(startMs - 4_000).toISOString()}`);
  await recordedPicture(page);
  const told = page.locator("[data-told=missing]");
  await until("the gap tells its cause", async () => {
    const place = await placeOf(page, (startMs + endMs) / 2);
    await page.mouse.move(place.x, place.y);
    const cause = (await told.count()) > 0 ? await told.getAttribute("data-cause") : null;
    return { done: cause === longest.cause, value: { cause, wanted: longest.cause } };
  });
  step("gap_tells_its_cause", { cause: longest.cause, words: await told.textContent() });
  await picture(page, "gap");
  await page.mouse.move(5, 5);
  await until("it says that a gap was passed", async () => {
    const words = await page.locator("[data-notice]").textContent();
    return { done: words.includes("gap"), value: { words, wall: await wallClock(page) } };
  });
  const after = await until("playing goes on behind the gap", async () => {
    const wall = await wallClock(page);
    return { done: wall > endMs + 1_000, value: { wall, endMs } };
  });
  check(after.wall < endMs + 60_000, "it goes on where footage goes on", after);
  step("plays_across_a_gap", { seconds: (endMs - startMs) / 1000 });
}
