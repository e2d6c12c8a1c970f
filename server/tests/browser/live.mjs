// The report of a pull request in Chromium, while the last word of its builds comes:
// node live.mjs BASE_URL, with a token and the commit in TOKEN and COMMIT.
import assert from "node:assert/strict";
import { open, run } from "./browser.mjs";

const base = process.argv[2];
const { TOKEN, COMMIT } = process.env;

await run({
  async "a report that is looked at follows its builds"() {
    const page = await open({ viewport: { width: 1320, height: 900 } });
    const follows = page.waitForRequest((request) => request.url().endsWith("/events"));
    await page.goto(`${base}/micropython/-/pulls/7`);
    await follows;
    assert.match(await page.locator("#report").innerText(), /more may come/);
    const finish = `${base}/api/v1/commits/${COMMIT}/finish?project=micropython`;
    const answer = await fetch(finish, { method: "POST", headers: { authorization: `Bearer ${TOKEN}` } });
    assert.equal(answer.status, 200);
    await page.locator("#report", { hasText: "all builds are there" }).waitFor();
    assert.equal(await page.locator("#report").count(), 1);
  },
});
