// What every test in a browser needs: pages whose errors fail the test, and how
// well their text can be read.
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** A page whose errors fail the test: scripts, and what the policy forbids. */
export async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complain = (text) => {
    if (!text.includes("404 (Not Found)")) throw new Error(text);
  };
  page.on("pageerror", (error) => complain(error.message));
  page.on("console", (message) => message.type() === "error" && complain(message.text()));
  return page;
}

/** WCAG 2.1 contrast of every text on the page, below 4.5. */
export function lowContrast() {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = (text) => text.match(/[\d.]+/g).map(Number);
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(element);
    if (!own || style.display === "none" || element.closest("svg") || !element.getClientRects().length) continue;
    const [a, b] = [luminance(colour(style.color)), luminance(background(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return low;
}

/** Runs tests by name; prints what failed and exits with 1, or `ok` and 0. */
export async function run(tests) {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
    } catch (error) {
      failed += 1;
      console.log(`${name}: ${error.message}`);
    }
  }
  await browser.close();
  if (failed === 0) console.log("ok");
  process.exit(failed === 0 ? 0 : 1);
}
