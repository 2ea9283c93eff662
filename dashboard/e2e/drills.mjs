// Drills a cell in a real browser as somebody with the role driller: looks at the catalogue and a dry run, breaks a node, watches it,
// aborts, and takes the report. Prints one JSON object.
//
//   EYRIE_URL, EYRIE_USER, EYRIE_PASSWORD, EYRIE_TIMEOUT_S, EYRIE_SCREENSHOTS, CHROMIUM   as for dashboard.e2e.mjs
//   EYRIE_DRILL_NODE   the name of a node that may be stopped, and is not the one at EYRIE_URL; without it the page must say how to
//                      start agents
import { mkdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

import { check, go, picture, result, settings, step, until } from "./support.mjs";

const node = process.env.EYRIE_DRILL_NODE;
const FILE = `drill: seen
hypothesis: a node that hangs is missed <i>by nobody</i>
target: {local: {nodes: 3, cameras: 3}}
settle: {held: 1s, within: 60s}
probes: {recorded_gap: {longest: 60s}}
faults:
  - {at: 1s, for: 10m, pause: {node: ${node}}}
blast_radius: {nodes: 1, cameras: all}
guardrails: {nodes_down: 1, longest: 30m}
`;
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };

/** A picture at both sizes; nothing may be wider than a phone. */
async function both(page, name) {
  await picture(page, `${name}-desk`);
  await page.setViewportSize(PHONE);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await picture(page, `${name}-phone`);
  await page.setViewportSize(DESK);
  check(wide <= 0, `${name}: nothing is wider than a phone`, wide);
}

async function signIn(page) {
  await go(page, "/");
  await page.locator("input[name=username]").fill(settings.username);
  await page.locator("input[name=password]").fill(settings.password);
  await page.locator("button[type=submit]").click();
  await page.getByRole("heading", { name: "Drills", exact: true }).waitFor();
  check((await page.getByRole("link", { name: "Cameras" }).count()) === 0, "who drills is shown no cameras");
  step("signed in");
}

async function drill(page) {
  await page.locator("[data-agent=heard]").nth(2).waitFor();
  await page.locator("[data-drill=kill-a-node]").waitFor();
  await both(page, "catalogue");
  step("catalogue", { drills: await page.locator("[data-drill]").count() });

  await page.getByRole("button", { name: "What kill-a-node would do" }).click();
  const plan = page.getByRole("dialog");
  await plan.getByText("may touch at most 1 node", { exact: false }).waitFor();
  check((await plan.getByRole("button", { name: "Break it" }).count()) === 0, "a dry run breaks nothing");
  await both(page, "plan");
  await plan.getByRole("button", { name: "Close" }).last().click();
  step("dry run");

  await page.getByRole("button", { name: "Run a file of your own" }).click();
  await page.locator("dialog textarea").fill(FILE);
  await page.getByRole("button", { name: "What it would do" }).last().click();
  const ask = page.getByRole("dialog");
  await ask.getByText("touches at most 1 node and all cameras", { exact: false }).waitFor();
  const go_on = ask.getByRole("button", { name: "Break it" });
  check(await go_on.isDisabled(), "nothing is broken before its name is typed");
  await ask.getByLabel("Type seen to go on").fill("seen");
  await both(page, "confirm");
  await go_on.click();
  step("begun");

  const running = page.locator("[data-running]");
  await running.waitFor();
  await page.locator("[data-fault=inForce]").waitFor();
  check((await running.innerText()).includes("<i>by nobody</i>"), "what the file says is text");
  // The cell finds out that the node is gone; the page follows.
  await until("a node down", async () => {
    const text = await running.innerText();
    return { done: text.includes("1, at most 1"), value: text };
  });
  await both(page, "running");
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  check(await page.getByRole("button", { name: "Abort" }).evaluate((button) => button.getBoundingClientRect().top < window.innerHeight), "abort is on the screen at the end of the page");
  step("in force");

  await page.getByRole("button", { name: "Abort" }).click();
  await page.locator("[data-report=aborted]").waitFor();
  await running.waitFor({ state: "detached" });
  await both(page, "report");
  step("aborted");

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Page of seen" }).click();
  const text = readFileSync(await (await downloading).path(), "utf8");
  check(text.includes("&lt;i&gt;by nobody") && !text.includes("<i>by nobody"), "the report shows hostile text as text");
  step("report");
}

if (settings.screenshots) mkdirSync(settings.screenshots, { recursive: true });
let browser;
try {
  browser = await chromium.launch({ executablePath: settings.chromium, args: ["--no-sandbox", "--disable-gpu"] });
  const context = await browser.newContext({ viewport: DESK, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(settings.timeoutMs);
  const page = await context.newPage();
  page.on("pageerror", (error) => result.page_errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && result.console_errors.length < 50) result.console_errors.push(message.text());
  });
  try {
    await signIn(page);
    if (node) {
      await drill(page);
    } else {
      await page.getByText("No agent is heard yet").waitFor();
      check(await page.getByRole("button", { name: "Run kill-a-node" }).isDisabled(), "nothing can be run without agents");
      await both(page, "empty");
      step("empty");
    }
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
