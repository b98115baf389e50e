import { escape } from "./text.js";

/** Plain text to markup: `code`, *emphasis*, x_{i}, x^{2}; everything else is escaped. */
export function rich(text) {
  const prose = (part) =>
    escape(part)
      .replace(/(^|[^\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])/g, "$1<em>$2</em>")
      .replace(/_\{([^{}]+)\}/g, "<sub>$1</sub>")
      .replace(/\^\{([^{}]+)\}/g, "<sup>$1</sup>");
  return String(text)
    .split(/`([^`]+)`/)
    .map((part, k) => (k % 2 ? `<code>${escape(part)}</code>` : prose(part)))
    .join("");
}
