// A project of 250 boards in Chromium: node fleet.mjs BASE_URL.
import assert from "node:assert/strict";
import { lowContrast, open, run } from "./browser.mjs";

const base = process.argv[2];
const matrix = "/micropython/-/matrix?port=stm32";
const six = ["stm32/BOARD_001", "stm32/BOARD_040", "rp2/BOARD_003", "samd/BOARD_005", "mimxrt/BOARD_002", "renesas-ra/BOARD_001"];
const compare = `/micropython/-/compare?boards=${six.join(",")}`;

/** Asserts that a page needs no scrolling sideways, and that its text stands out. */
async function assertReadable(page, path, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${path} is ${wide} px wide on a screen of ${width}`);
  assert.deepEqual(await page.evaluate(lowContrast), [], path);
}

await run({
  async "pages of many boards fit the screen and can be read, in both colours"() {
    for (const [colorScheme, width] of [["light", 1320], ["dark", 1320], ["light", 390], ["dark", 390]]) {
      const page = await open({ colorScheme, viewport: { width, height: 844 } });
      for (const path of [matrix, "/micropython/-/matrix", "/micropython/-/matrix?port=stm32&only=divergent", compare, "/micropython/stm32", "/micropython", "/micropython/-/findings?of=builds", "/micropython/-/migration"]) {
        await page.goto(base + path);
        await assertReadable(page, path, width);
      }
    }
  },

  async "a matrix of 110 boards has a column for each order, and no board is lost"() {
    const page = await open({ viewport: { width: 1320, height: 900 } });
    await page.goto(base + matrix);
    const headings = await page.locator(".matrix thead th span").allInnerTexts();
    assert.ok(headings.length > 10 && headings.length < 60, `${headings.length} columns`);
    const boards = new Set((await page.locator("main").innerText()).match(/BOARD_\d{3}/g));
    assert.equal(boards.size, 110);
    // Each cell stands below the heading of its column.
    const beside = await page.evaluate(() => {
      const middle = (element) => { const box = element.getBoundingClientRect(); return box.left + box.width / 2; };
      const columns = [...document.querySelectorAll(".matrix thead th")];
      const cells = [...document.querySelectorAll(".matrix tbody tr:last-child > *")];
      return columns.filter((column, index) => Math.abs(middle(column) - middle(cells[index])) > 1).length;
    });
    assert.equal(beside, 0);
  },

  async "whoever scrolls a wide matrix still sees which row it is"() {
    const page = await open({ viewport: { width: 390, height: 844 } });
    await page.goto(base + matrix);
    const visible = await page.evaluate(() => {
      const region = document.querySelector(".matrix");
      region.scrollLeft = region.scrollWidth;
      const heading = region.querySelector("tbody th").getBoundingClientRect();
      const link = document.elementFromPoint(heading.left + 8, heading.top + heading.height / 2);
      return region.scrollLeft > 0 && link !== null && link.closest("th") !== null;
    });
    assert.ok(visible, "the name of the row is gone or covered");
  },

  async "a cell leads to its evidence"() {
    const page = await open({ viewport: { width: 1320, height: 900 } });
    await page.goto(base + matrix);
    const cell = page.locator(".matrix tbody td a").first();
    const board = (await cell.getAttribute("href")).match(/\/stm32\/(BOARD_\d+)/)[1];
    await cell.click();
    await page.waitForURL((url) => url.pathname === `/micropython/stm32/${board}`);
    assert.match(await page.locator("h1").innerText(), new RegExp(`^${board}`));
  },

  async "six boards are compared without a line that leads nowhere"() {
    const page = await open({ viewport: { width: 1320, height: 900 } });
    await page.goto(base + compare);
    for (const board of six) assert.ok((await page.locator("main").innerText()).includes(board.split("/")[1]), board);
    const loose = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll("main svg")].map((svg) => svg.getBoundingClientRect());
      const paths = [...document.querySelectorAll("main svg path")].map((path) => path.getBoundingClientRect());
      const within = (path) => boxes.some((box) => path.left >= box.left - 1 && path.right <= box.right + 1 && path.top >= box.top - 1 && path.bottom <= box.bottom + 1);
      return { paths: paths.length, loose: paths.filter((path) => !within(path)).length };
    });
    assert.ok(loose.paths > 50, `${loose.paths} lines`);
    assert.equal(loose.loose, 0);
  },
});
