// One long-lived process that does what only JavaScript can do at build time.
// Reads one JSON job per line, answers one JSON line each: {"html": ...} or {"error": ...}.
import { createInterface } from "node:readline";
import { Buffer } from "node:buffer";
import katex from "katex";

const modules = new Map(); // widget source -> promise of its module

function load(source) {
  if (!modules.has(source)) {
    modules.set(source, import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`));
  }
  return modules.get(source);
}

const jobs = {
  math({ tex, display, macros }) {
    return katex.renderToString(tex, {
      displayMode: display,
      macros: { ...macros }, // a copy: \gdef in one formula must not leak into the next
      output: "htmlAndMathml",
      strict: (code) => (code === "newLineInDisplayMode" ? "ignore" : "error"),
    });
  },

  async still({ source, state }) {
    const widget = (await load(source)).default;
    if (typeof widget?.still !== "function") throw new Error("the module has no still(state)");
    const html = await widget.still(structuredClone(state));
    if (typeof html !== "string" || !html.trim()) throw new Error("still(state) returned no HTML");
    return html;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  try {
    answer = { html: await jobs[job.do](job) };
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
