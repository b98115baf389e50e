"""The notebooks to take away: plain Markdown, the chapter's own code, the package inside, no address of others."""

import ast
import base64
import json
import lzma
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))

import publish  # noqa: E402
from press import editions, exercises, labels, menu, myst  # noqa: E402
from press.plain import plain  # noqa: E402

CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write all editions once."""
    folder = tmp_path_factory.mktemp("site")
    editions.write_editions(folder)
    return folder


def read(path):
    return json.loads(path.read_text())


def texts(notebook, kind="markdown"):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def codes(notebook):
    return texts(notebook, "code")


RAW = {"myst_role", "myst_target", "myst_line_comment", "math_block_label", "dl_open", "colon_fence", "attr"}


def raw(item, macros):
    """Say whether a reader without MyST would see this block or piece as it was typed."""
    if isinstance(item, myst.Directive) or item.type in RAW:
        return True
    if item.type == "image":
        return not item.attrs["src"].startswith("data:image/png")
    return "math" in item.type and bool(macros & set(re.findall(r"\\[a-zA-Z]+", item.content)))


def test_every_chapter_is_plain_markdown(written):
    book = labels.read_book(ROOT)
    assert sorted(book.chapters) == CHAPTERS
    for stem in CHAPTERS:
        for text in texts(read(written / "notebooks" / f"{stem}.ipynb")):
            left = [item for item in myst.tokens(text) if raw(item, set(book.macros))]
            left += re.findall(r"^:::.*", text, re.MULTILINE)
            assert not left, f"{stem}: {left[:3]}"


@pytest.mark.parametrize("kind", ["notebooks", "colab"])
def test_every_chapter_keeps_its_code_and_folds_what_the_site_folds(written, kind):
    for stem in CHAPTERS:
        chapter, found = read(ROOT / "chapters" / f"{stem}.ipynb"), read(written / kind / f"{stem}.ipynb")
        assert len({cell["id"] for cell in found["cells"]}) == len(found["cells"])
        program = [re.sub(r"\A# @title [^\n]*\n", "", source) for source in codes(found)]
        assert program[kind == "colab" :] == codes(chapter)
        links = {
            link for text in texts(found) for link in re.findall(r"\]\((?!https?:|data:)([^)]*)\)", text)
        }
        assert links <= ({f"{name}.ipynb" for name in CHAPTERS} if kind == "notebooks" else set())
        assert not any(cell.get("outputs") for cell in found["cells"])
        tags = {cell["id"]: set(cell["metadata"].get("tags", [])) for cell in chapter["cells"]}
        key = {"notebooks": "jupyter", "colab": "cellView"}[kind]
        for cell in found["cells"]:
            if cell["cell_type"] == "code" and cell["id"] in tags:
                folded = bool({"remove-input", "hide-input", "hide-cell"} & tags[cell["id"]])
                assert (key in cell["metadata"]) == folded


def test_the_first_colab_cell_carries_the_package(written, tmp_path):
    first = written / "colab" / f"{CHAPTERS[0]}.ipynb"
    nbformat.validate(nbformat.read(first, as_version=4))
    start = codes(read(first))[0]
    assert not re.search(r"https?://|==|git\+", re.sub('""".*"""', "", start, flags=re.DOTALL)), (
        "no repository, no pins"
    )
    values = {
        node.targets[0].id: node.value for node in ast.walk(ast.parse(start)) if isinstance(node, ast.Assign)
        if isinstance(node.targets[0], ast.Name)
    }  # fmt: skip
    archive = zipfile.ZipFile(BytesIO(lzma.decompress(base64.b64decode(ast.literal_eval(values["PACKED"])))))
    files = {path.relative_to(ROOT / "src").as_posix(): path for path in (ROOT / "src/reparam").rglob("*.*")}
    inside = {name for name in archive.namelist() if name.startswith("reparam/")}
    assert inside == {name for name, path in files.items() if path.is_file() and "__pycache__" not in name}
    assert all(archive.read(name) == files[name].read_bytes() for name in inside)
    assert archive.testzip() is None
    built = next(written.glob("*.whl"))
    assert editions.wheel(tmp_path).read_bytes() == built.read_bytes(), "the same sources, the same bytes"
    assert built.name in start


def test_where_nothing_may_be_installed_the_package_that_is_there_is_used(written, monkeypatch, capsys):
    start = codes(read(written / "colab" / f"{CHAPTERS[0]}.ipynb"))[0]
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda command, check: ran.append(command))
    exec(start, {})
    assert [Path(command[-1]).name for command in ran] == [next(written.glob("*.whl")).name]
    assert {"--no-deps", "--force-reinstall"} <= set(ran[0])
    assert not capsys.readouterr().out

    def refuse(command, check):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", refuse)
    exec(start, {})
    assert "has the book's package already" in capsys.readouterr().out
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(subprocess.CalledProcessError):
        exec(start, {})


ASKING = [stem for stem in CHAPTERS if exercises.has_exercises(ROOT / "chapters" / f"{stem}.ipynb")]


def test_a_students_copy_keeps_every_exercise_and_no_solution(written):
    assert len(ASKING) > 20
    files = {path.stem.removesuffix("-student"): path for path in (written / "students").iterdir()}
    assert sorted(files) == ASKING
    book = labels.read_book(ROOT)
    for stem in ASKING:
        copy, whole = read(files[stem]), read(written / "colab" / f"{stem}.ipynb")
        nbformat.validate(nbformat.from_dict(copy))
        assert codes(copy)[0] == codes(whole)[0], "the package is inside"
        text, full = "\n\n".join(texts(copy)), "\n\n".join(texts(whole))
        assert "Solution to" not in text
        chapter = nbformat.read(ROOT / "chapters" / f"{stem}.ipynb", as_version=4)
        for task in (one for one in exercises.pieces(chapter) if isinstance(one, exercises.Task)):
            head = f"**{book.labels[f'ex-{task.name}']} ("
            assert text.count(head) == full.count(head) == 1
            assert plain(task.text, book, links=False) in text
            rooms = [cell for cell in copy["cells"] if "".join(cell["source"]) == task.skeleton]
            assert [room["metadata"]["tags"] for room in rooms] == [["raises-exception"]] * bool(
                task.skeleton
            )
            for paragraph in plain(task.solution, book, links=False).split("\n\n"):
                assert paragraph in full, "it was there to be left out"
                assert paragraph not in text
            assert task.code not in codes(copy) or not task.code


@pytest.fixture(scope="module")
def toy():
    source = labels.Source("Gumbel", "1954", "Gumbel. A book. 1954.", "https://doi.org/1")
    names = {
        "eq-a": "(3.1)",
        "thm": "Theorem 3.1",
        "ex": "Exercise 3.1",
        "here": "*A heading*",
        "fig": "Figure 3.1",
    }
    titles = {"other": "Another chapter"}
    return labels.Book(
        ROOT / "chapters", {r"\E": r"\operatorname{E}"}, titles, {"other": "4"}, names, {"g": source}
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"$\E[x]$ and $\Ex$, `$\E$`", r"$\operatorname{E}[x]$ and $\Ex$, `$\E$`"),
        ("by {eq}`eq-a`, {prf:ref}`thm`, `{eq}`", "by (3.1), Theorem 3.1, `{eq}`"),
        ("{numref}`panel %s <fig>`, see {ref}`here`", "panel 3.1, see *A heading*"),
        ("{cite:t}`g` says {cite:p}`g`", "[Gumbel (1954)](https://doi.org/1) says ([Gumbel, 1954](https://doi.org/1))"),
        ("[](other.ipynb), [$\\E$](other.ipynb)", "[Another chapter](other.ipynb), [$\\operatorname{E}$](other.ipynb)"),
        ("[there](#here), [out](https://x.org)", "there, [out](https://x.org)"),
        ("| $a \\| \\E$ | {eq}`eq-a` |\n|---|---|\n| $\\E$ | $\\E$ |",
         "| $a \\| \\operatorname{E}$ | (3.1) |\n|---|---|\n| $\\operatorname{E}$ | $\\operatorname{E}$ |"),
        ("(here)=\n# Head", "# Head"),
        ("- one\n  {eq}`eq-a`\n\n  $$\n  \\E\n  $$ (eq-a)",
         "- one\n  (3.1)\n\n  $$\n  \\operatorname{E} \\tag{3.1}\n  $$"),
        ("Term\n: what {eq}`eq-a`\n\nTwo\n: more", "**Term**\n- what (3.1)\n\n**Two**\n- more"),
        (":::{prf:theorem} T\n:label: thm\n\nLet $\\E$.\n:::", "**Theorem 3.1 (T).** Let $\\operatorname{E}$."),
        (":::{solution} ex\n:class: dropdown\n\nYes.\n:::",
         "<details>\n<summary>Solution to Exercise 3.1</summary>\n\nYes.\n\n</details>"),
        (":::{note}\nMind.\n:::", "**Note.** Mind."),
        ("```sh\n{eq}`x` $\\E$\n```", "```sh\n{eq}`x` $\\E$\n```"),
    ],
)  # fmt: skip
def test_what_only_myst_knows_is_rewritten(toy, text, shown):
    assert plain(text, toy, links=True) == shown


def test_where_no_chapter_lies_beside_it_a_link_is_its_title(toy):
    assert plain("[](other.ipynb), [so](other.ipynb)", toy, links=False) == "*Another chapter*, so"
    assert plain("[](other.md)", toy, links=True) == "*Another chapter*"


@pytest.mark.parametrize(
    ("text", "error"), [(":::{grid} 2\n:::", "grid"), ("{kbd}`x`", "kbd"), ("{eq}`gone`", "gone")]
)
def test_what_is_not_known_is_refused_by_name(toy, text, error):
    with pytest.raises((ValueError, KeyError), match=error):
        plain(text, toy, links=True)


def test_numbers_are_counted_as_on_the_site():
    theorem = ":::{prf:theorem}\n:label: t\n\n$$\nb\n$$ (eq-b)\n:::"
    cells = [
        nbformat.v4.new_markdown_cell(f"# Title\n\n$$\na\n$$ (eq-a)\n\n{theorem}"),
        nbformat.v4.new_code_cell("", metadata={"mystnb": {"figure": {"name": "f", "caption": "C."}}}),
        nbformat.v4.new_markdown_cell(":::{prf:lemma}\n:::\n\n:::{prf:lemma}\n:label: l\n:::\n\n(s)=\n## Part"),
    ]  # fmt: skip
    title, found = labels.read_chapter(nbformat.v4.new_notebook(cells=cells), "7")
    assert title == "Title"
    assert found == {
        "eq-a": "(7.1)", "eq-b": "(7.2)", "t": "Theorem 7.1", "f": "Figure 7.1", "l": "Lemma 7.2", "s": "*Part*"
    }  # fmt: skip


def test_colab_and_github_are_offered_only_with_a_publishers_address():
    config = (ROOT / "_config.yml").read_text()
    published = publish.with_address(config, "https://github.com/owner/name")
    assert published.count("https://github.com/owner/name") == 1
    assert publish.with_address(published, "") == publish.with_address(config, "")
    for wrong in (
        "https://gitlab.com/a/b",
        "owner/name",
        "https://github.com/owner",
        'https://github.com/a/b"',
    ):
        with pytest.raises(ValueError, match="REPO must be"):
            publish.with_address(config, wrong)
    assert set(menu.links("chapters/one", "", "1.0", exercises=False)) == {"notebook", "wheel", "edition"}
    assert menu.links("chapters/one", "https://github.com/owner/name", "1.0", exercises=True) == {
        "notebook": "notebooks/one.ipynb",
        "wheel": "reparam-1.0-py3-none-any.whl",
        "edition": "colab/one.ipynb",
        "student": "students/one-student.ipynb",
        "colab": "https://colab.research.google.com/github/owner/name/blob/gh-pages/colab/one.ipynb",
        "github": "https://github.com/owner/name/blob/main/chapters/one.ipynb",
    }


def test_no_address_is_committed():
    assert '\nrepository:\n  url: ""\n' in (ROOT / "_config.yml").read_text()
