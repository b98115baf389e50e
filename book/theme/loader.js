// Brings the widgets of a page to life: no kernel, no network, no library.
//
// The build left one JSON block: {modules: [source, ...], models: {id: {module, state}}}, and in each
// div.rp-host a still picture. A module is one ES module whose default export has
// render({model, el}), which may return a cleanup. This file gives it the small part of the
// anywidget model that works without Python; the same module runs unchanged in Jupyter.

/** Traits with change events, like anywidget's model; two views of one model stay in step. */
class Model {
  #state;
  #listeners = new Map();
  #changed = new Set();

  constructor(state) {
    this.#state = state;
  }
  get(name) {
    return this.#state[name];
  }
  set(name, value) {
    if (typeof name === "object") {
      for (const [key, item] of Object.entries(name)) this.set(key, item);
      return;
    }
    if (this.#state[name] === value) return;
    this.#state[name] = value;
    this.#changed.add(name);
    this.#emit(`change:${name}`, value);
  }
  on(events, listener) {
    for (const event of events.split(" ")) {
      if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
      this.#listeners.get(event).add(listener);
    }
  }
  off(events, listener) {
    if (!events) this.#listeners.clear();
    for (const event of events?.split(" ") ?? []) {
      if (listener) this.#listeners.get(event)?.delete(listener);
      else this.#listeners.delete(event);
    }
  }
  /** In Jupyter this writes to Python; here it only announces the batch. */
  save_changes() {
    if (this.#changed.size) this.#emit("change");
    this.#changed.clear();
  }
  /** There is no kernel to send to. */
  send() {}

  #emit(event, value) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(value);
  }
}

const data = JSON.parse(document.getElementById("rp-widgets").textContent);
const models = new Map();
const modules = new Map();

function modelOf(id) {
  if (!models.has(id)) models.set(id, new Model(data.models[id].state));
  return models.get(id);
}

/** Import a source string once; a Blob works from file:// too, where a module file may not load. */
function moduleOf(index) {
  if (!modules.has(index)) {
    const url = URL.createObjectURL(new Blob([data.modules[index]], { type: "text/javascript" }));
    modules.set(index, import(url).finally(() => URL.revokeObjectURL(url)));
  }
  return modules.get(index);
}

/** Draw the live widget over its still picture, then put the picture aside for print. */
async function mount(host) {
  const still = host.querySelector(".rp-host-still");
  const el = document.createElement("div");
  el.className = "rp-host-live";
  try {
    const { module } = data.models[host.dataset.model];
    await all; // nothing is drawn before every module is here: the page goes live at once, before its first layout
    const widget = (await moduleOf(module)).default;
    await decoded; // the page has its typefaces: a widget may measure itself
    host.append(el);
    await widget.render({ model: modelOf(host.dataset.model), el });
    still.setAttribute("inert", "");
    host.dataset.live = "true";
  } catch (error) {
    el.remove();
    const note = document.createElement("p");
    note.className = "rp-host-note";
    note.setAttribute("role", "status");
    note.textContent = `This picture could not be made live in your browser (${error.message}).`;
    host.append(note);
    console.error(error);
  }
}

const hosts = [...document.querySelectorAll(".rp-host")];
const all = Promise.allSettled(hosts.map((host) => moduleOf(data.models[host.dataset.model]?.module)));
for (const host of hosts) mount(host);
