import { clamp, escape } from "./text.js";

/**
 * Controls as strings. `live` is a name that is unique on the page; without it the same boxes
 * are drawn without inputs, for the still picture. A slider is described by
 * `{ key, label, min, max, step, log, show }`; with `log` the handle moves on a log10 scale.
 */

export const toHandle = (slider, value) => (slider.log ? Math.log10(value) : value);

/** The value under a handle, inside the slider's range. */
export function fromHandle(slider, handle) {
  const value = slider.log ? Number((10 ** handle).toPrecision(3)) : Number(handle);
  return clamp(value, slider.min, slider.max, slider.min);
}

/** A range with its label and a field for typing the number. */
export function sliderBox(slider, value, live) {
  const [low, high, now] = [slider.min, slider.max, value].map((x) => toHandle(slider, x));
  const name = `<span class="rp-name">${escape(slider.label)}</span>`;
  const share = `style="--rp-at:${(((now - low) / (high - low)) * 100).toFixed(1)}%"`;
  if (!live) {
    return `<div class="rp-slider"><span class="rp-pair">${name}<span class="rp-range" ${share}></span></span>
      <span class="rp-typed">${escape(slider.show(value))}</span></div>`;
  }
  return `<div class="rp-slider"><label class="rp-pair">${name}<input type="range" class="rp-range" ${share}
      data-key="${slider.key}" min="${low}" max="${high}" step="${slider.step}" value="${now}"
      aria-valuetext="${escape(slider.show(value))}"></label>
    <input type="text" class="rp-typed" inputmode="decimal" autocomplete="off" data-key="${slider.key}"
      aria-label="${escape(slider.label)}, typed" value="${escape(slider.show(value))}"></div>`;
}

/** A native select; `options` maps values to texts. */
export function selectBox(key, label, options, value, live) {
  const name = `<span class="rp-name">${escape(label)}</span>`;
  if (!live) return `<div class="rp-choice">${name}<span class="rp-select">${escape(options[value])}</span></div>`;
  const items = Object.entries(options).map(
    ([k, text]) => `<option value="${escape(k)}"${k === value ? " selected" : ""}>${escape(text)}</option>`,
  );
  return `<label class="rp-choice">${name}<select class="rp-select" data-key="${key}">${items.join("")}</select></label>`;
}

/** A row of radio buttons under one legend. */
export function radioBox(key, label, options, value, live) {
  const items = Object.entries(options).map(([k, text]) => {
    const on = k === value;
    const input = live
      ? `<input type="radio" name="${live}-${key}" data-key="${key}" value="${escape(k)}"${on ? " checked" : ""}>`
      : `<span class="rp-dot${on ? " rp-on" : ""}"></span>`;
    const box = live ? "label" : "span";
    return `<${box} class="rp-radio">${input}${escape(text)}</${box}>`;
  });
  return live
    ? `<fieldset class="rp-choice"><legend class="rp-name">${escape(label)}</legend>${items.join("")}</fieldset>`
    : `<div class="rp-choice"><span class="rp-name">${escape(label)}</span>${items.join("")}</div>`;
}

/** A row of buttons, `[action, text]`; the still keeps its height free. */
export function buttonRow(buttons, live) {
  const items = buttons.map(([action, text]) =>
    live
      ? `<button type="button" class="rp-button" data-action="${action}">${escape(text)}</button>`
      : `<span class="rp-button">${escape(text)}</span>`,
  );
  return `<div class="rp-buttons${live ? "" : " rp-reserved"}">${items.join("")}</div>`;
}

/** What closes every widget: a polite read-out when live, a note for readers without JavaScript when not. */
export const foot = (live) =>
  live
    ? `<p class="rp-spoken" role="status" aria-live="polite"></p>`
    : `<noscript><p class="rp-note">A still picture: the controls need JavaScript.</p></noscript>`;
