// Prints chapters of the built site: `node book/print.mjs SITE`, one JSON job a line in, one answer a line out.
// A job is {path, book, slugs, whole, titles, numbers}, see compose in paper.mjs; it is answered with {path} or {error}.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { launch, serve } from "./browser.mjs";
import { compose, ELSEWHERE } from "./paper.mjs";

const SHEET = readFileSync(new URL("theme/paper.css", import.meta.url), "utf8");
const EMPTY = `<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<link rel="stylesheet" href="../_static/book.css"><style>${SHEET}</style></head><body class="paper"></body></html>`;

const server = await serve(process.argv[2]);
const browser = await launch();
const context = await browser.newContext({ colorScheme: "light" });
await context.route("**/chapters/paper.html", (route) => route.fulfill({ contentType: "text/html", body: EMPTY }));

async function print({ path, ...job }) {
  const page = await context.newPage();
  const faults = [];
  page.on("requestfailed", (request) => faults.push(`not loaded: ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && faults.push(`${response.status()}: ${response.url()}`));
  try {
    await page.goto(`${server.url}chapters/paper.html`);
    await page.emulateMedia({ media: "print" });
    await page.evaluate(compose, { ...job, elsewhere: ELSEWHERE });
    await page.pdf({ path, preferCSSPageSize: true, printBackground: true, tagged: true, outline: true, timeout: 0 });
    if (faults.length) throw new Error(faults.join("; "));
  } finally {
    await page.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer = { path: job.path };
  try {
    await print(job);
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
server.close();
