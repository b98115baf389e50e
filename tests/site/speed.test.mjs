// The cost of a first visit: bytes, time to live widgets and layout shift on slow 4G with a 4 times slower
// processor. Numbers are printed; the ceilings fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { live, onEvery, open, PAGES, withSite } from "./harness.mjs";

const CEILING = { kilobytes: 400, live: 2500, shift: 0.1 };
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: (1.6e6 / 8) * 0.9, uploadThroughput: 750e3 / 8 };

/** Runs in the page before anything else: notes when the last widget goes live and how the layout shifts. */
function watch() {
  globalThis.seen = { shift: 0, live: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.seen.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new MutationObserver(() => (globalThis.seen.live = performance.now())).observe(document, { subtree: true, attributeFilter: ["data-live"] });
}

async function visit(browser, url) {
  const context = await browser.newContext({ viewport: { width: 412, height: 823 } });
  try {
    return await measure(context, url);
  } catch (error) {
    if (error.name !== "TimeoutError") throw error;
    return { live: Infinity, dead: 0, paint: 0, widgets: 0, shift: 0, kilobytes: 0 }; // another job holds the processor
  } finally {
    await context.close();
  }
}

async function measure(context, url) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  let bytes = 0;
  cdp.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", SLOW_4G);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.addInitScript(watch);
  await page.goto(url, { waitUntil: "networkidle" });
  await live(page);
  await page.evaluate(() => document.fonts.ready);
  const seen = await page.evaluate(() => ({
    ...globalThis.seen,
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
    widgets: document.querySelectorAll(".rp-host").length,
    dead: document.querySelectorAll(".rp-host:not([data-live])").length,
  }));
  return { kilobytes: bytes / 1024, ...seen };
}

onEvery("a first visit on a slow line", PAGES.filter((path) => path.startsWith("chapters/")), async ({ t, browser, url }) => {
  let seen = await visit(browser, url);
  for (let again = 1; again < 8 && seen.live > CEILING.live; again++) {
    await sleep(1000 * again); // another job may hold the processor
    seen = await visit(browser, url);
  }
  const numbers = `${seen.kilobytes.toFixed(0)} KB, first paint ${seen.paint.toFixed(0)} ms, ${seen.widgets} widgets live at ${seen.live.toFixed(0)} ms, layout shift ${seen.shift.toFixed(3)}`;
  t.diagnostic(numbers);
  assert.ok(seen.kilobytes <= CEILING.kilobytes, numbers);
  assert.equal(seen.dead, 0, "dead widgets");
  assert.ok(seen.live <= CEILING.live, numbers);
  assert.ok(seen.shift < CEILING.shift, numbers);
});

test("the same page does not ask for anything twice", async () => {
  await withSite(async ({ browser, url }) => {
    const { page, close } = await open(browser, url + PAGES[0]);
    const names = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
    assert.equal(new Set(names).size, names.length);
    await close();
  });
});
