"""A class with nbgrader from end to end: release, two students, grades, and feedback that names the slip.

``make proof`` runs this, about a minute; nbgrader comes with ``classroom/requirements.txt``.
"""

import re
from pathlib import Path

import nbformat
import pytest
import students
from press.exercises import Task, pieces  # students has found the folder

pytest.importorskip("nbgrader.apps", reason="pip install -r classroom/requirements.txt")
pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own, and SQLAlchemy's about it

SLIP = "    d = logits[:, 0] - logits[:, 1]\n    return torch.sigmoid(d - math.log(c / (1 - c)) / tau)"
HINT = "The temperature divides where it should multiply"
# Right on the inputs that can be seen, and on no others.
LEARNED = """    from reparam.exercises import EXERCISES
    return EXERCISES["race-of-weights"].truth_at(0)["The answer"]"""
ASSIGNMENTS = ("temperature", "gumbels-race")


def right(slug: str) -> dict[str, str]:
    """Return the body of each function that a chapter asks for, as its folded solution has it."""
    chapter = nbformat.read(students.CHAPTERS / f"{slug}.ipynb", as_version=4)
    tasks = [p for p in pieces(chapter) if isinstance(p, Task) and p.code]
    return {t.name: re.search(r"^def .*:\n((?:    .*\n)+)", t.code, re.M)[1].rstrip() for t in tasks}


def submit(course: Path, student: str, slug: str, bodies: dict[str, str]) -> None:
    """Fill the released notebook in, as a student would, and hand it in."""
    notebook = nbformat.read(course / "release" / slug / f"{slug}.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in bodies:
            assert cell.source.endswith("\n    ..."), "the room for the answer"
            cell.source = cell.source.removesuffix("    ...") + bodies[name]
    path = course / "submitted" / student / slug / f"{slug}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = tmp_path_factory.mktemp("course")
    assert students.main(["--out", str(course), "--seed", "5", *ASSIGNMENTS]) == 0
    wrong = {"temperature": {"nearly-hard": SLIP}, "gumbels-race": {"race-of-weights": LEARNED}}
    for slug in ASSIGNMENTS:
        submit(course, "ada", slug, right(slug))
        submit(course, "ben", slug, wrong[slug])
    api = students.nbgrader_api(course)
    for slug in ASSIGNMENTS:
        for student in ("ada", "ben"):
            for act in (api.autograde, api.generate_feedback):
                result = act(slug, student)
                assert result["success"], result
    with api.gradebook as book:
        scores = {
            (student, slug, cell.name): cell.score
            for student in ("ada", "ben")
            for slug in ASSIGNMENTS
            for cell in book.find_submission(slug, student).notebooks[0].grades
            if cell.cell.cell_type == "code"
        }
    return course, scores


def test_what_students_get_holds_no_solution_and_no_hidden_test(graded):
    course, _ = graded
    for slug in ASSIGNMENTS:
        source, released = ((course / f / slug / f"{slug}.ipynb").read_text() for f in ("source", "release"))
        for secret in ("BEGIN SOLUTION", "BEGIN HIDDEN", "seed=", *right(slug).values()):
            for line in secret.splitlines():
                assert line.strip()[:40] in source.replace('\\"', '"'), "it was there to be hidden"
                assert line.strip() not in released.replace('\\"', '"')


@pytest.mark.parametrize(
    ("student", "slug", "exercise", "seen", "hidden"),
    [
        pytest.param("ada", "temperature", "nearly-hard", 1, 2, id="right"),
        pytest.param("ada", "gumbels-race", "race-of-weights", 1, 2, id="right too"),
        pytest.param("ben", "temperature", "nearly-hard", 0, 0, id="a slip"),
        pytest.param("ben", "gumbels-race", "race-of-weights", 1, 0, id="learned by heart"),
    ],
)
def test_the_right_answer_gets_all_points_and_a_wrong_one_only_what_it_meets(
    graded, student, slug, exercise, seen, hidden
):
    _, scores = graded
    assert scores[student, slug, f"{exercise}-seen"] == seen
    assert scores[student, slug, f"{exercise}-hidden"] == hidden


def test_the_feedback_names_the_slip(graded):
    course, _ = graded
    feedback = {
        s: (course / "feedback" / s / "temperature" / "temperature.html").read_text() for s in ("ada", "ben")
    }
    assert HINT in feedback["ben"]
    assert HINT not in feedback["ada"]
    assert "Right. P(y_0 &gt; c)" in feedback["ada"]
