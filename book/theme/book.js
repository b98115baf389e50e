// What the pages do beside their widgets: the light or dark switch, boxes that scroll by keyboard,
// a copy button on code, a menu that closes, Ctrl+K, and the mark beside the section that is being read.
const root = document.documentElement;

function setMode(mode) {
  const dark = mode === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : mode === "dark";
  Object.assign(root.dataset, { mode, theme: dark ? "dark" : "light" });
  try {
    localStorage.setItem("mode", mode);
  } catch {
    // Storage may be forbidden (some browsers on file://); the choice then lasts for this page.
  }
}

for (const button of document.querySelectorAll("button.mode")) {
  button.addEventListener("click", () => setMode(root.dataset.theme === "dark" ? "light" : "dark"));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (root.dataset.mode === "auto") setMode("auto");
});

// A box wider than the page must be reachable by keyboard, and only then be a stop of the Tab key.
const names = { formula: "Formula", "pst-scrollable-table-container": "Table", highlight: "Code", output: "Output" };
const boxes = document.querySelectorAll(".formula, .pst-scrollable-table-container, div.highlight > pre, .output.text_html");
function mark(box) {
  const wide = box.scrollWidth > box.clientWidth + 1;
  const name = names[box.classList[0]] ?? names[box.parentElement.classList[0]] ?? "Output";
  const marks = { tabindex: "0", role: "region", "aria-label": `${name}, scrolls sideways` };
  for (const [key, value] of Object.entries(marks)) {
    if (wide) box.setAttribute(key, value);
    else box.removeAttribute(key);
  }
}
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
for (const box of boxes) sizes.observe(box);
document.fonts.addEventListener("loadingdone", () => boxes.forEach(mark));

for (const code of document.querySelectorAll(".cell_input div.highlight")) {
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy this code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.querySelector("pre").textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  code.append(button);
}

const run = document.querySelector(".run");
run?.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !run.open) return;
  run.open = false;
  run.querySelector("summary").focus();
});
if (run) addEventListener("click", ({ target }) => (run.open &&= run.contains(target)));

addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const contents = document.getElementById("contents");
  if (getComputedStyle(contents).display === "none") contents.showPopover?.();
  contents.querySelector("input").focus();
});

const links = new Map();
for (const link of document.querySelectorAll(".onpage a[href^='#']")) {
  const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (section) links.set(section, link);
}
const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target).setAttribute("aria-current", "true");
    }
  },
  { rootMargin: "-10% 0px -75% 0px" },
);
for (const section of links.keys()) watcher.observe(section);
