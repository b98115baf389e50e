// A chapter in a real JupyterLab: the sliders write back to Python, and the questions answer.
// Started by the step `lab` of `make proof`. LAB_PYTHON names the interpreter that has JupyterLab.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../../book/browser.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.LAB_PYTHON ?? join(ROOT, ".venv", "bin", "python");
const CHAPTER = "where-the-gradient-stops.ipynb";
const READS = "node.sigma)"; // in the cell that reads the sliders
const MINUTE = 60_000;
const PATIENCE = 5 * MINUTE; // for each state that is waited for: the machine may have other work

/** Wait until `reached()` is true, looking ten times a second. */
async function until(reached, what) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await new Promise((wait) => setTimeout(wait, 100))) {
    if (await reached()) return;
  }
  throw new Error(`waited in vain for ${what}`);
}

async function freePort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Start JupyterLab on a copy of the chapter, everything it writes in the same folder; returns {url, stop}. */
async function startLab() {
  const home = mkdtempSync(join(tmpdir(), "lab-"));
  for (const name of ["chapters", "config", "data", "runtime"]) mkdirSync(join(home, name));
  cpSync(join(ROOT, "chapters", CHAPTER), join(home, "chapters", CHAPTER));
  const settings = join(home, "settings");
  for (const [extension, name, values] of [
    ["apputils-extension", "notification", { fetchNews: "false", checkForUpdates: false }],
    ["notebook-extension", "tracker", { windowingMode: "none" }], // every cell is in the page
  ]) {
    mkdirSync(join(settings, "@jupyterlab", extension), { recursive: true });
    writeFileSync(join(settings, "@jupyterlab", extension, `${name}.jupyterlab-settings`), JSON.stringify(values));
  }
  const [port, token] = [await freePort(), randomUUID()];
  const options = [`--ServerApp.port=${port}`, `--IdentityProvider.token=${token}`, `--ServerApp.root_dir=${join(home, "chapters")}`];
  const root = process.getuid?.() === 0 ? ["--allow-root"] : [];
  const lab = spawn(PYTHON, ["-m", "jupyterlab", "--no-browser", "--ServerApp.port_retries=0", ...options, ...root], {
    cwd: home,
    env: { ...process.env, HOME: home, JUPYTER_CONFIG_DIR: join(home, "config"), JUPYTER_DATA_DIR: join(home, "data"), JUPYTER_RUNTIME_DIR: join(home, "runtime"), JUPYTERLAB_SETTINGS_DIR: settings, PYTHONPATH: join(ROOT, "src"), OMP_NUM_THREADS: "1" },
  });
  let log = "";
  for (const stream of [lab.stdout, lab.stderr]) stream.on("data", (text) => (log += text));
  const ended = new Promise((end) => lab.on("exit", end));
  const stop = async () => {
    lab.kill("SIGTERM");
    setTimeout(() => lab.kill("SIGKILL"), MINUTE).unref();
    await ended;
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  const url = (path) => `http://127.0.0.1:${port}${path}?token=${token}`;
  const answers = () => fetch(url("/api/status"), { signal: AbortSignal.timeout(10_000) }).then((answer) => answer.ok, () => false);
  await until(async () => lab.exitCode !== null || answers(), "JupyterLab").catch(() => {}); // the log says more
  if (await answers()) return { url, stop };
  await stop();
  throw new Error(`JupyterLab did not start:\n${log.slice(-2000)}`);
}

test("in JupyterLab a slider moved by keyboard is read by the next cell, and a question answers", { timeout: 6 * PATIENCE }, async () => {
  const lab = await startLab();
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1300, height: 2400 }, reducedMotion: "reduce" });
    page.setDefaultTimeout(PATIENCE);
    const faults = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    const told = {}; // the last value of each slider that the page has sent to the kernel
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => {
      for (const [, key, value] of String(payload).matchAll(/"(mu|sigma)":(-?[\d.]+)/g)) told[key] = Number(value);
    }));
    await page.goto(lab.url(`/lab/tree/${CHAPTER}`));
    await page.locator(".jp-NotebookPanel .jp-Cell").first().waitFor();
    await page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").first().waitFor({ state: "attached" });

    await page.getByRole("menuitem", { name: "Run", exact: true }).click();
    await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();

    const reader = page.locator(".jp-CodeCell", { hasText: READS });
    const printed = reader.locator(".jp-OutputArea-output").last();
    await printed.filter({ hasText: "mu = 0.5, sigma = 1:" }).waitFor();
    const running = page.locator(".jp-InputPrompt", { hasText: "[*]" });
    await until(async () => (await running.count()) === 0, "the end of Run All Cells");

    const widget = page.locator(".rp-widget", { has: page.locator('[data-key="sigma"]') });
    await widget.scrollIntoViewIfNeeded();
    const slider = widget.locator('input[type="range"][data-key="sigma"]');
    await slider.focus();
    for (let i = 0; i < 5; i += 1) await page.keyboard.press("ArrowRight");
    const set = Number(await slider.inputValue());
    assert.ok(set > 1, `the slider moved: ${set}`);
    const field = widget.locator('input[type="text"][data-key="sigma"]');
    await until(async () => Number(await field.inputValue()) === set, "the number beside the slider");
    await until(() => told.sigma === set, "the message to the kernel");

    await reader.locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
    const said = `mu = 0.5, sigma = ${set}: exact d/dmu = -1.00, d/dsigma = ${(2 * set).toFixed(2)}`;
    await printed.filter({ hasText: said }).waitFor();

    const quiz = page.locator(".rp-quiz").first();
    await quiz.scrollIntoViewIfNeeded();
    await quiz.locator("label.rp-option").first().click();
    await quiz.locator("button").click();
    await quiz.locator(".rp-feedback", { hasText: "Noted." }).waitFor();
    assert.deepEqual(faults, []);
  } finally {
    await browser.close();
    await lab.stop();
  }
});
