// A browser and a server for the tests and the screenshots: nothing here leaves the machine.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const NAMES = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "chrome"];
const APPS = ["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

/** Path of a Chrome or Chromium: $CHROME, one on PATH, a macOS app, else playwright-core's own; or null. */
export function findChrome() {
  if (process.env.CHROME) return existsSync(process.env.CHROME) ? process.env.CHROME : null;
  const folders = (process.env.PATH ?? "").split(":");
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...APPS, chromium.executablePath()].find((path) => path && existsSync(path)) ?? null;
}

export function launch() {
  const executablePath = findChrome();
  if (!executablePath) throw new Error("no Chrome or Chromium found; set CHROME=/path/to/chrome");
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu"];
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // Chrome's sandbox refuses to run as root
  return chromium.launch({ executablePath, args: [...quiet, ...root] });
}

const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json", ".woff2": "font/woff2" };

/** Serve `folder` under `prefix` on loopback, gzipped as a web host would; returns {url, close}. */
export async function serve(folder, prefix = "/some/where/") {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
    let file = path.startsWith(prefix) ? join(folder, path.slice(prefix.length)) : "";
    if (file && existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
    if (!file || !existsSync(file)) {
      response.writeHead(404).end("not found");
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const body = readFileSync(file);
    const packed = /html|css|javascript|svg|json/.test(type);
    response.writeHead(200, { "content-type": type, ...(packed && { "content-encoding": "gzip" }) });
    response.end(packed ? gzipSync(body) : body);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}${prefix}`, close: () => server.close() };
}

/** Every page of the site, as paths relative to `folder`. */
export function pagesOf(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => relative(folder, join(folder, name)).split(sep).join("/"))
    .filter((name) => name.endsWith(".html") && !name.startsWith("_static/"))
    .sort();
}

/** Try to install a browser: playwright's own download, else Debian's package when we are root. */
function installChrome() {
  const cli = fileURLToPath(new URL("node_modules/playwright-core/cli.js", import.meta.url));
  const ways = [[process.execPath, cli, "install", "chromium", "--no-shell"]];
  if (process.getuid?.() === 0) {
    ways.push(["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]);
  }
  for (const [command, ...args] of ways) {
    console.log(`no browser found; trying: ${command.split("/").at(-1)} ${args.slice(-3).join(" ")}`);
    spawnSync(command, args, { stdio: "ignore" });
    if (findChrome()) return;
  }
}

// `node book/browser.mjs` makes sure that there is a browser, or says in one line that there is none.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!findChrome() && !process.env.CHROME) installChrome();
  if (!findChrome()) {
    console.error("No Chrome or Chromium found or installable: install one, or set CHROME=/path/to/chrome");
    process.exit(1);
  }
}
