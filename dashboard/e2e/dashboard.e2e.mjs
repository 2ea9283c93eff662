// Drives the dashboard in a real browser against a real node and prints one JSON result.
//
//   EYRIE_URL          the node, such as http://127.0.0.1:8080
//   EYRIE_USER         default: admin
//   EYRIE_PASSWORD     required
//   EYRIE_VIDEOS       how many pictures of the grid must move (default: 4); 0 leaves out all that needs cameras
//   EYRIE_FPS          pictures a second that the cameras send, to check a clip by; without it they are not counted
//   EYRIE_CAMERA_URL   an RTSP address to add through the form; without it that step is left out
//   EYRIE_CAMERA_STATE the state the added camera must reach (default: online)
//   EYRIE_GAP_CAMERA   a camera with a gap to point at and to play across; without it that step is left out
//   EYRIE_TIMEOUT_S    for each step (default: 60)
//   EYRIE_MOVING_S     from the click on sign-in to the last of those pictures moving, at most (default: 30; here it is about one
//                      second, and the bound leaves room for a machine that does much else)
//   EYRIE_SCREENSHOTS  a directory for pictures of each step; without it none are taken
//   CHROMIUM           the browser (default: /usr/bin/chromium)
//
// Exits with 0 when everything was seen, 1 when something was not, 2 when it was started wrongly. The steps are in the files
// beside it. It changes what it finds: labels of two cameras, markers, a layout and a user come and go.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

import { addCamera, bulkEdit, cell, node, users } from "./lists.mjs";
import { layouts, notePictures, picturesMove, runDry, signIn } from "./live.mjs";
import { markers } from "./markers.mjs";
import { gap, lookBack } from "./playback.mjs";
import { picture, result, settings } from "./support.mjs";

if (!settings.baseUrl || !settings.password) {
  console.error("EYRIE_URL and EYRIE_PASSWORD must be set; the head of this file lists all settings.");
  process.exit(2);
}

async function drive(page, context) {
  await page.addInitScript(notePictures);
  const clickedAt = await signIn(page);
  if (settings.videos > 0) {
    await picturesMove(page, clickedAt);
    const camera = result.videos[0].camera;
    await runDry(page, camera);
    if (settings.videos >= 4) await layouts(page);
    await lookBack(page, camera);
    await markers(page, camera);
  }
  if (settings.gapCamera) await gap(page, settings.gapCamera);
  if (settings.cameraUrl) await addCamera(page);
  if (settings.videos > 1) await bulkEdit(page);
  await node(page);
  await cell(page);
  await users(page, context);
}

if (settings.screenshots) mkdirSync(settings.screenshots, { recursive: true });
let browser;
try {
  browser = await chromium.launch({ executablePath: settings.chromium, args: ["--no-sandbox", "--disable-gpu"] });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(settings.timeoutMs);
  const page = await context.newPage();
  page.on("pageerror", (error) => result.page_errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && result.console_errors.length < 50) result.console_errors.push(message.text());
  });
  try {
    await drive(page, context);
    result.ok = result.page_errors.length === 0;
  } catch (error) {
    result.error = String(error?.stack ?? error);
    await picture(page, "failed").catch(() => undefined);
  }
} catch (error) {
  result.error = String(error);
} finally {
  await browser?.close();
}
console.log(JSON.stringify(result, null, 2));
process.exit(result.ok ? 0 : 1);
