// The pages of the demo in Chromium: node pages.mjs BASE_URL.
import assert from "node:assert/strict";
import { lowContrast, open, run } from "./browser.mjs";

const base = process.argv[2];
const pages = ["/", "/micropython", "/micropython/stm32", "/micropython/stm32/PYBV10", "/micropython/esp32/ESP32_GENERIC-SPIRAM", "/micropython/windows", "/micropython/-/compare", "/micropython/-/compare?boards=stm32/PYBV10,rp2/RPI_PICO2_W", "/micropython/-/compare?boards=stm32,renesas-ra,mimxrt,rp2,esp32,nrf", "/micropython/-/catalog", "/micropython/-/matrix", "/micropython/-/matrix?port=stm32&only=divergent", "/micropython/-/subsystem/usbd", "/micropython/-/history", "/micropython/-/findings", "/micropython/-/findings?port=esp32", "/micropython/-/history/stm32", "/micropython/-/configuration", "/micropython/-/search?q=usbd", "/sample", "/sample/mps2", "/sample/mps2/MPS2_NET", "/sample/virt/VIRT_NET", "/sample/-/search?q=uart", "/sample/-/matrix?port=virt", "/sample/-/subsystem/uart", "/sample/-/catalog", "/sample/-/configuration", "/sample/-/history", "/sample/-/pulls", "/sample/-/pulls/2", "/sample/-/migration", "/micropython/-/migration", "/micropython/-/pulls", "/-/rules", "/-/rules/IB301?project=micropython", "/nope"];
await run({
  async "pages fit the screen and can be read, in both colours"() {
    for (const [colorScheme, width] of [["light", 1320], ["dark", 1320], ["light", 390], ["dark", 390]]) {
      const page = await open({ colorScheme, viewport: { width, height: 844 } });
      for (const path of pages) {
        await page.goto(base + path);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${path} is ${wide} px wide on a screen of ${width}`);
        assert.deepEqual(await page.evaluate(lowContrast), [], `${path} ${colorScheme}`);
      }
    }
  },

  async "lines join the rows that they are about"() {
    const page = await open({ viewport: { width: 1320, height: 900 } });
    await page.goto(`${base}/sample/mps2/MPS2_NET`);
    const gap = await page.evaluate(() => {
      const middle = (box) => box.top + box.height / 2;
      const rows = [...document.querySelectorAll(".inits li:has(.number)")];
      const row = rows.find((row) => row.textContent.includes("mod_network_init"));
      const path = [...document.querySelectorAll("path.join")].find((path) => path.textContent.startsWith("mod_network_init "));
      const start = path.getPointAtLength(0).matrixTransform(path.getScreenCTM());
      return Math.abs(start.y - middle(row.getBoundingClientRect()));
    });
    assert.ok(gap < 1.5, `the line starts ${gap} px beside its row`);
  },

  async "search answers as one types, by keyboard alone"() {
    const page = await open({ viewport: { width: 1320, height: 900 } });
    await page.goto(`${base}/sample/mps2`);
    await page.keyboard.press("/");
    // Answers to what was typed on the way would take the focus with them.
    const answered = page.waitForResponse((response) => response.url().endsWith("q=network_deinit"));
    await page.keyboard.type("network_deinit");
    await answered;
    await page.waitForSelector(".found a");
    assert.match(await page.locator(".found .function").first().innerText(), /^mod_network_deinit/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/sample/-/subsystem/network");
    assert.ok((await page.locator(".subsystem a.deinit bdi").allInnerTexts()).includes("mod_network_deinit"));
  },

  async "without JavaScript every page works, and search submits"() {
    const page = await open({ javaScriptEnabled: false });
    await page.goto(`${base}/sample`);
    await page.fill(".search input", "MPS2_N");
    await page.press(".search input", "Enter");
    await page.waitForURL(/search\?q=MPS2_N$/);
    await page.click(".results a");
    assert.match(await page.locator("h1").innerText(), /^MPS2_NET/);
    const entries = page.locator("details", { hasText: "All entries as a table" });
    await entries.locator("summary").click();
    assert.equal(await entries.locator("tbody tr").count(), 29);
  },
});
