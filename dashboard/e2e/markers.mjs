// Markers: made, shown as the text they are, told to others, found again, changed and deleted.
import { ask, check, go, picture, recordedPicture, step, until } from "./support.mjs";

const HOSTILE = `<img src=x onerror="window.eyrieHacked=1"> "van" & 'lorry'`;

export async function markers(page, camera) {
  await go(page, `/cameras/${camera}`);
  await page.locator("[role=slider]").waitFor();
  await page.keyboard.press("ArrowLeft");
  await recordedPicture(page);
  const rows = page.locator("li[data-marker]");
  const dialog = page.locator("dialog[open]");
  const row = (title) => rows.filter({ has: page.getByText(title, { exact: true }) });

  await page.keyboard.press("m");
  await dialog.waitFor();
  // The title has the focus: whoever presses M goes on typing.
  await page.keyboard.type(HOSTILE);
  await dialog.locator("input[list]").fill("Delivery");
  await dialog.locator("textarea").fill("<script>window.eyrieHacked=2</script>\nsecond line");
  await dialog.locator("button[type=submit]").click();
  await dialog.waitFor({ state: "detached" });
  await row(HOSTILE).waitFor();
  check((await rows.locator("img, script").count()) === 0, "what somebody typed is text", await rows.first().innerHTML());
  check((await page.evaluate(() => window.eyrieHacked)) === undefined, "what somebody typed does nothing");
  const flag = page.getByRole("button", { name: `Play ${HOSTILE}`, exact: true });
  await flag.waitFor();
  step("marker_made");
  await picture(page, "marker");

  await row(HOSTILE).getByRole("button", { name: `Edit ${HOSTILE}`, exact: true }).click();
  await dialog.locator("input").first().fill("White van");
  await dialog.locator("button[type=submit]").click();
  await dialog.waitFor({ state: "detached" });
  await row("White van").waitFor();
  step("marker_changed");

  // Nothing on this page asks for markers again by itself: what others mark comes by the WebSocket.
  const start = new Date(Date.now() - 20_000).toISOString();
  const others = await ask("POST", `/api/v1/cameras/${camera}/markers`, { start, category: "person", title: "Somebody else's" });
  await row("Somebody else's").waitFor();
  await ask("DELETE", `/api/v1/cameras/${camera}/markers/${others.id}`);
  await row("Somebody else's").waitFor({ state: "detached" });
  step("markers_of_others_come_and_go");

  await page.getByRole("link", { name: "Search all markers" }).click();
  const search = page.getByRole("searchbox", { name: "Search markers" });
  await search.fill("zzzz");
  await page.getByRole("heading", { name: "No marker matches" }).waitFor();
  await search.fill("whITE v");
  await row("White van").waitFor();
  check((await rows.count()) === 1, "one marker is found", await rows.count());
  await page.getByRole("combobox", { name: "Category" }).fill("incident");
  await page.getByRole("heading", { name: "No marker matches" }).waitFor();
  await page.getByRole("combobox", { name: "Category" }).fill("delivery");
  await row("White van").waitFor();
  await until("the picture of the marker", async () => {
    const width = await rows.first().evaluate((one) => one.querySelector("img")?.naturalWidth ?? 0);
    return { done: width > 0, value: width };
  });
  await picture(page, "markers");
  await row("White van").locator("a").click();
  await page.waitForURL(/\/cameras\/.*at=/);
  await recordedPicture(page);
  step("marker_found_again");

  await row("White van").getByRole("button", { name: "Delete White van" }).click();
  await dialog.getByRole("button", { name: "Delete marker" }).click();
  await row("White van").waitFor({ state: "detached" });
  check((await ask("GET", `/api/v1/markers?search=white`)).items.length === 0, "the marker is gone");
  step("marker_deleted");
}
