// `make screenshots`: every page as a picture, light, dark and on a phone, in _build/screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, pagesOf, serve } from "./browser.mjs";

const [site, out] = process.argv.slice(2);
const views = {
  light: { viewport: { width: 1360, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1360, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2 },
};

mkdirSync(out, { recursive: true });
const server = await serve(site);
const browser = await launch();
for (const [name, view] of Object.entries(views)) {
  const context = await browser.newContext({ ...view, reducedMotion: "reduce" });
  const page = await context.newPage();
  for (const path of pagesOf(site)) {
    await page.goto(server.url + path, { waitUntil: "networkidle" });
    await page.evaluate(async () => {
      const images = [...document.images];
      for (const image of images) image.loading = "eager"; // a full-page picture sees all of them at once
      await Promise.all(images.map((image) => image.decode().catch(() => {})));
    });
    const file = `${path.replace(/\.html$/, "").replaceAll("/", "-")}-${name}.png`;
    await page.screenshot({ path: join(out, file), fullPage: true });
  }
  await context.close();
}
await browser.close();
server.close();
console.log(`screenshots of ${pagesOf(site).length} pages in ${out}`);
