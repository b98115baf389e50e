// The menu "Run it" and what it hands out: every file is there, and numbers are those of the page.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { open, PAGES, SITE, withSite } from "./harness.mjs";

const read = (path) => readFileSync(join(SITE, path), "utf8");
const all = (text, pattern) => [...text.matchAll(pattern)].map((found) => found.slice(1).join(" ")).sort();
const CHAPTERS = PAGES.filter((path) => read(path).includes('class="run"'));

test("every page made from a notebook has the menu", () => {
  assert.ok(CHAPTERS.length > 20);
  for (const path of PAGES) {
    const source = new URL(`../../${path.replace(".html", ".ipynb")}`, import.meta.url);
    assert.equal(CHAPTERS.includes(path), existsSync(source), path);
  }
});

test("theorems, formulas, figures and exercises have the page's numbers", () => {
  for (const path of CHAPTERS) {
    const page = read(path);
    const { cells } = JSON.parse(read(`notebooks/${path.split("/").pop().replace(".html", ".ipynb")}`));
    const text = cells.filter((cell) => cell.cell_type === "markdown").map(({ source }) => source.join("")).join("\n");
    const blocks = /([A-Z][a-z]+) (\d+\.\d+)/.source;
    assert.deepEqual(
      all(text, new RegExp(`\\*\\*${blocks}(?= \\(|\\.\\*\\*)`, "g")),
      all(page, new RegExp(`admonition-title"><span class="caption-number">${blocks}`, "g")),
      path,
    );
    assert.deepEqual(all(text, /\\tag\{([\d.]+)\}/g), all(page, /class="eqno">\(([\d.]+)\)/g), path);
    assert.deepEqual(all(text, /^\*Figure ([\d.]+)\.\*/gm), all(page, /caption-number">Fig\. ([\d.]+)/g), path);
  }
});

test("where a chapter has exercises the menu offers a student's copy: all of them, with the page's numbers, and no solution", () => {
  let copies = 0;
  for (const path of CHAPTERS) {
    const page = read(path);
    const file = page.match(/href="\.\.\/(students\/[^"]+)" download/)?.[1];
    const asked = all(page, /admonition-title"><span class="caption-number">Exercise (\d+\.\d+)/g);
    assert.equal(Boolean(file), asked.length > 0, path);
    if (!file) continue;
    copies += 1;
    const { cells } = JSON.parse(read(file));
    const text = cells.filter((cell) => cell.cell_type === "markdown").map(({ source }) => source.join("")).join("\n");
    assert.deepEqual(all(text, /^\*\*Exercise (\d+\.\d+) \(/gm), asked, path);
    assert.ok(!text.includes("Solution to"), path);
  }
  assert.ok(copies > 20);
});

test("the menu opens by keyboard, hands out files, fits a phone and closes", async () => {
  await withSite(async ({ browser, url }) => {
    const { page, faults, close } = await open(browser, `${url}chapters/temperature.html`, { viewport: { width: 320, height: 700 } });
    const [summary, list] = [page.locator(".run summary"), page.locator(".run ul")];
    await summary.focus();
    await page.keyboard.press("Enter");
    const box = await list.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 320, "inside the window");
    const names = await list.locator("a").evaluateAll((links) => links.map(({ href, download }) => [href, download]));
    assert.equal(names.length, 4);
    for (const [href] of names) {
      const answer = await page.request.get(href);
      assert.ok(answer.ok() && (await answer.body()).length > 10_000, href);
    }
    const [saved] = await Promise.all([page.waitForEvent("download"), list.locator("a").nth(2).click()]);
    assert.equal(saved.suggestedFilename(), "temperature.ipynb");
    await summary.press("Escape");
    assert.equal(await list.isVisible(), false);
    await summary.click();
    await page.mouse.click(10, 650);
    assert.equal(await list.isVisible(), false);
    assert.deepEqual(faults, []);
    await close();
  });
});
