// The pages of lists: cameras with search and bulk edit, users, the cell, and the node with its charts.
import { check, go, picture, result, settings, step, until } from "./support.mjs";

/** Adds a camera through the form and watches it come online; gives its name. */
export async function addCamera(page) {
  const name = `e2e ${Date.now()}`;
  await go(page, "/cameras");
  await page.getByRole("button", { name: "Add camera" }).first().click();
  const dialog = page.locator("dialog[open]");
  await dialog.locator("input[name=name]").fill(name);
  await dialog.locator("input[name=url]").fill(settings.cameraUrl);
  await picture(page, "add-camera");
  await dialog.locator("button[type=submit]").click();
  const watch = page.locator("[data-watch]");
  await watch.waitFor();
  step("camera_added");
  await until(`the new camera ${settings.cameraState}`, async () => {
    const state = await watch.getAttribute("data-watch");
    if (result.states.at(-1) !== state) result.states.push(state);
    return { done: state === settings.cameraState, value: state };
  });
  step("camera_state_seen", { state: settings.cameraState });
  await picture(page, "camera-state");
  // Closed by its last button; the list must show the same state by itself.
  await dialog.locator("button").last().click();
  const row = page.locator(`li[data-camera][data-state="${settings.cameraState}"]`, { hasText: name });
  await row.waitFor();
  step("camera_listed");
  await picture(page, "cameras");
  await row.locator("a").click();
  await page.locator("h1", { hasText: name }).waitFor();
  step("camera_page");
  await picture(page, "camera");
}

/** Searches, and changes several cameras at once. */
export async function bulkEdit(page) {
  await go(page, "/cameras");
  const rows = page.locator("li[data-camera]");
  await rows.nth(1).waitFor();
  const names = await rows.evaluateAll((all) => all.map((one) => one.querySelector("p").textContent));
  const search = page.getByRole("searchbox", { name: "Search cameras" });
  await search.fill(names[1].toUpperCase());
  await until("the one camera of that name", async () => {
    const found = await rows.locator("p:first-child").allTextContents();
    return { done: found.length > 0 && found.every((name) => name.includes(names[1])), value: found };
  });
  await search.fill("zzzz");
  await page.getByRole("heading", { name: "No camera matches" }).waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await rows.nth(names.length - 1).waitFor();
  step("camera_search");

  const dialog = page.locator("dialog[open]");
  const change = async (action, fill) => {
    await page.getByRole("button", { name: "Change…" }).click();
    await dialog.locator("select").first().selectOption({ label: action });
    await fill?.();
    await dialog.locator("button[type=submit]").click();
    await dialog.getByText("2 of 2 changed.").waitFor();
    await dialog.getByRole("button", { name: "Done" }).click();
    await dialog.waitFor({ state: "detached" });
  };
  const tick = async () => {
    for (const n of [0, 1]) await rows.nth(n).locator("input[type=checkbox]").check();
  };
  await page.getByRole("button", { name: "Select", exact: true }).click();
  await tick();
  await change("Add labels", () => dialog.locator("input").fill("e2e-bulk"));
  // The choice of labels has the new one without a reload.
  const label = page.getByRole("combobox", { name: "Label" });
  await label.locator("option[value='e2e-bulk']").waitFor({ state: "attached" });
  await label.selectOption("e2e-bulk");
  await until("two cameras with the label", async () => {
    const count = await rows.count();
    return { done: count === 2, value: count };
  });
  for (const [action, state] of [["Switch off", "disabled"], ["Switch on", "online"]]) {
    await tick();
    await change(action);
    await until(`both cameras ${state}`, async () => {
      const states = await rows.evaluateAll((all) => all.map((one) => one.dataset.state));
      return { done: states.length === 2 && states.every((one) => one === state), value: states };
    });
  }
  await tick();
  await picture(page, "bulk");
  await change("Remove labels", () => dialog.locator("input").fill("e2e-bulk"));
  await page.getByRole("heading", { name: "No camera matches" }).waitFor();
  step("bulk_edit");
}

/** The node's page: what is recorded, how long there is room, and every chart with a line in it. */
export async function node(page) {
  await go(page, "/node");
  await page.getByText("On disk", { exact: true }).waitFor();
  await page.getByText(/Will reach back/).waitFor();
  const lines = page.locator("figure svg path[d*=L]");
  const charts = await until("a line in every chart", async () => {
    const seen = { charts: await page.locator("figure").count(), lines: await lines.count() };
    return { done: seen.charts >= 6 && seen.lines >= seen.charts, value: seen };
  }, settings.timeoutMs + 120_000);
  const chart = page.locator("figure").first();
  const box = await chart.locator("svg").boundingBox();
  await page.mouse.move(box.x + box.width - 3, box.y + box.height / 2);
  check(!/–$/.test(await chart.locator("figcaption").textContent()), "the value under the pointer");
  await picture(page, "node");
  step("node_charts", charts);
}

/** The page of the cell: of one node here, so it says what a failure would cost and how to add another, and offers no drain. */
export async function cell(page) {
  await go(page, "/cell");
  const verdict = await page.locator("[data-verdict]").textContent();
  check(verdict.includes("This node is alone"), "what a failure would cost", verdict);
  check((await page.locator("[data-node][data-state=up]").count()) === 1, "its node is up");
  await page.getByRole("heading", { name: "A cell of one node" }).waitFor();
  check((await page.getByRole("button", { name: /^Drain/ }).count()) === 0, "nobody could take its cameras");
  await picture(page, "cell");
  step("cell", { verdict });
}

/** Adds a viewer, who sees what a viewer may, and deletes them. */
export async function users(page, context) {
  await go(page, "/users");
  const name = `viewer-${Date.now()}`;
  const dialog = page.locator("dialog[open]");
  const row = (of) => page.locator("li", { hasText: of });
  await row(settings.username).waitFor();
  check(await row(settings.username).getByRole("button", { name: /^Delete/ }).isDisabled(), "nobody deletes themselves");
  await page.getByRole("button", { name: "Add user" }).click();
  await dialog.locator("input[name=new-username]").fill(name);
  await dialog.locator("input[name=new-password]").fill("short");
  await dialog.locator("button[type=submit]").click();
  await dialog.locator("input[name=new-password][aria-invalid=true]").waitFor();
  await dialog.locator("input[name=new-password]").fill("long enough for a viewer");
  await dialog.locator("button[type=submit]").click();
  await dialog.waitFor({ state: "detached" });
  await row(name).waitFor();
  await picture(page, "users");

  const other = await context.browser().newContext();
  try {
    const viewer = await other.newPage();
    await go(viewer, "/users");
    await viewer.locator("input[name=username]").fill(name);
    await viewer.locator("input[name=password]").fill("long enough for a viewer");
    await viewer.locator("button[type=submit]").click();
    await viewer.getByRole("heading", { name: "Only admins see this page" }).waitFor();
    await go(viewer, "/cameras");
    await viewer.locator("li[data-camera]").first().waitFor();
    check((await viewer.getByRole("button", { name: "Add camera" }).count()) === 0, "a viewer is offered no change");
    await row(name).getByRole("button", { name: `Delete ${name}?` }).click();
    await dialog.getByRole("button", { name: "Delete user" }).click();
    await row(name).waitFor({ state: "detached" });
    // Their page learns it by itself.
    await viewer.locator("input[name=password]").waitFor();
  } finally {
    await other.close();
  }
  step("user_added_and_deleted");
}
