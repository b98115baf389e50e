/**
 * Joins built pages into one document for paper; `compose` runs inside the browser, on an empty page.
 *
 * What paper changes: every page keeps its anchors under its own name (`slug--anchor`), so links work
 * across chapters; live pictures are still; answers to questions and exercises move to the end of their
 * chapter, so that a reader can think first; the folded code of figures stays in the notebooks.
 */

/** Where a link to a chapter that is not in this document leads; the finishing step makes it a link to a file. */
export const ELSEWHERE = "https://chapter.invalid/";

/**
 * Fill the empty document with chapters and return when it is ready to print.
 *
 * `book` is `{title, author, rights, parts: [{caption, slugs}]}`; `slugs` those wanted here; `whole` adds the title
 * page and the contents, from `titles`, the HTML of each chapter's, and `numbers`, the page on which it begins.
 */
export async function compose({ book, slugs, whole, titles, numbers, elsewhere }) {
  const root = book.parts[0].slugs[0];
  const known = new Set(book.parts.flatMap((part) => part.slugs));
  const styles = new Set();
  const make = (tag, className = "", text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

  /** Give every anchor, and whatever refers to it, the chapter's name in front. */
  function rename(article, slug) {
    const name = (id) => `${slug}--${id}`;
    const ids = new Set([...article.querySelectorAll("[id]")].map((node) => node.id));
    for (const node of article.querySelectorAll("*")) {
      for (const { name: key, value } of [...node.attributes]) {
        if (key === "id") node.id = name(value);
        else if (["aria-labelledby", "aria-describedby", "aria-controls", "for"].includes(key)) {
          node.setAttribute(key, value.split(" ").map((id) => (ids.has(id) ? name(id) : id)).join(" "));
        } else if (value.includes("url(#")) node.setAttribute(key, value.replaceAll("url(#", `url(#${slug}--`));
      }
    }
    for (const link of article.querySelectorAll("a[href]")) {
      const url = new URL(link.getAttribute("href"), new URL(`${slug}.html`, document.baseURI));
      if (url.origin !== location.origin) continue;
      const target = /\/chapters\/([\w-]+)\.html$/.exec(url.pathname)?.[1];
      const anchor = decodeURIComponent(url.hash.slice(1));
      if (slugs.includes(target)) link.href = `#${target}${anchor && `--${anchor}`}`;
      else if (known.has(target)) link.href = `${elsewhere}${target}`;
      else link.replaceWith(...link.childNodes); // a download: paper has none
    }
  }

  /** Move the answers to the end of the chapter and leave a line that says where they are. */
  function gather(article, slug) {
    const list = make("section", "answers");
    list.append(make("h2", "", "Answers"));
    let questions = 0;
    for (const fold of article.querySelectorAll(".rp-quiz details, details.solution, .solution.dropdown")) {
      const anchor = `${slug}--answer-${list.children.length}`;
      const item = make("div", "answer");
      item.id = anchor;
      const line = make("p", "turn-to");
      line.append(Object.assign(make("a", "", "Answer at the end of the chapter"), { href: `#${anchor}` }));
      const summary = fold.querySelector(":scope > summary");
      const quiz = fold.closest(".rp-quiz");
      if (quiz) {
        questions += 1;
        quiz.querySelector(".rp-kind").append(` ${questions}`);
        item.append(make("p", "answer-title", `Question ${questions}`));
      } else item.append(Object.assign(make("p", "answer-title"), { innerHTML: summary.innerHTML }));
      summary?.remove();
      fold.replaceWith(line);
      if (!quiz) Object.assign(line, { id: fold.id }); // others refer to the solution by this name
      item.append(...fold.childNodes);
      list.append(item);
    }
    if (list.children.length > 1) article.append(list);
  }

  async function load(slug) {
    const text = await (await fetch(`${slug}.html`)).text();
    return new DOMParser().parseFromString(text, "text/html");
  }

  async function chapter(slug) {
    const page = await load(slug);
    for (const style of page.querySelectorAll("head > style")) styles.add(style.textContent);
    const article = page.querySelector("article");
    for (const node of article.querySelectorAll("script, .headerlink, .copy, .needs-js, details.hide")) node.remove();
    for (const source of article.querySelectorAll("annotation")) source.remove(); // a bookmark would read it out
    for (const number of article.querySelectorAll(".section-number")) number.append("\u00a0"); // for the bookmarks
    for (const image of article.querySelectorAll("img")) image.loading = "eager";
    rename(article, slug);
    gather(article, slug);
    if (whole && slug === root) article.querySelector("h1").textContent = titles[root];
    article.id = slug;
    article.className = `chapter page-chapters-${slug}`;
    article.style.page = `chapter-${slug}`;
    return document.adoptNode(article);
  }

  const titleOf = (article) => article.querySelector("h1").textContent.trim();
  const articles = new Map();
  for (const slug of slugs) articles.set(slug, await chapter(slug));

  const quoted = (text) => JSON.stringify(text).replaceAll("\\n", " ");
  const heads = [...articles].map(([slug, article]) => {
    const title = titleOf(article).replace(/^([\d.]+)\s*/, "$1 ");
    return `@page chapter-${slug} { @top-left { content: ${quoted(book.title)} } @top-right { content: ${quoted(title)} } }`;
  });
  document.head.append(make("style", "", [...styles, ...heads].join("\n")));

  if (whole) {
    const logo = (await load(root)).querySelector(".logo");
    const front = make("section", "title-page");
    front.append(logo, make("p", "book-title", book.title), make("p", "book-author", book.author), make("p", "book-rights", book.rights));
    const contents = make("nav", "paper-contents");
    contents.append(make("h1", "", "Contents"));
    for (const part of book.parts) {
      if (part.caption) contents.append(make("p", "caption", part.caption));
      for (const slug of part.slugs) {
        const row = make("p", "row");
        const link = Object.assign(make("a"), { href: `#${slug}` });
        link.innerHTML = titles[slug];
        row.append(link, make("span", "page-of", numbers[slug] ?? 0));
        contents.append(row);
      }
    }
    document.body.append(front, contents);
  }
  document.body.append(...articles.values());
  document.title = whole ? book.title : `${titleOf(articles.get(slugs[0]))} · ${book.title}`;
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode()));
}
