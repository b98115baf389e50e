// One browser and one server per test file. BOOK_SITE names another built site to test.
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { launch, pagesOf, serve } from "../../book/browser.mjs";

export const SITE = resolve(process.env.BOOK_SITE ?? fileURLToPath(new URL("../../_build/html", import.meta.url)));
export const PAGES = pagesOf(SITE).filter((path) => path !== "index.html"); // that one only forwards

/** Open the browser and the server, run `body`, and close both whatever happens. */
export async function withSite(body) {
  const server = await serve(SITE);
  const browser = await launch();
  try {
    return await body({ browser, url: server.url });
  } finally {
    await browser.close();
    server.close();
  }
}

/** One subtest for each path, two at a time; `body` gets the test, the browser, the page's address and its path. */
export function onEvery(name, paths, body) {
  test(name, { concurrency: 2 }, (t) =>
    withSite(({ browser, url }) => Promise.all(paths.map((path) => t.test(path, (t) => body({ t, browser, url: url + path, path }))))),
  );
}

/** The address of a page that is opened from a folder, without any server. */
export const fromFolder = (path) => pathToFileURL(`${SITE}/${path}`).href;

/** Open a page and record everything a reader would call broken: `faults` stays empty or the test fails. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const faults = [];
  await context.route("**/*", (route) => {
    const { hostname, protocol } = new URL(route.request().url());
    if (hostname === "127.0.0.1" || ["file:", "blob:", "data:"].includes(protocol)) return route.continue();
    faults.push(`outside request: ${route.request().url()}`);
    return route.abort();
  });
  page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("response", (response) => response.status() >= 400 && faults.push(`${response.status()}: ${response.url()}`));
  await page.goto(url, { waitUntil: "load" });
  return { page, faults, close: () => context.close() };
}

/** Wait until every widget of the page is live, or its note of failure is there. */
export async function live(page) {
  await page.waitForFunction(() => [...document.querySelectorAll(".rp-host")].every((host) => host.dataset.live || host.querySelector(".rp-host-note")));
}
