"""The planted mistakes: each still has its place in the code, and every one that was promised is there.

They run in ``make mutants``; this only looks, so that a change of the code that leaves one without its place is seen
at once.
"""

import js_mutants
import mutants
import pytest

# The classic mistakes, as they were agreed on, and the mutants that plant them.
PROMISED = {
    "straight-through sign flipped": {"straight-through sign"},
    "tau not applied, applied twice": {"tau not applied", "tau applied twice"},
    "wrong axis": {"softmax over the wrong axis", "argmax over the wrong axis"},
    "probabilities passed as logits": {"probabilities as logits (hard)", "probabilities as logits (soft)"},
    "one noise shared across the batch": {"one noise shared by the batch"},
    "the second sample detached": {"redrawn z~ detached"},
    "wrong conditional": {"redrawn without the condition", "redrawn given another draw's winner"},
    "the control variate's sign": {"control variate's sign"},
    "a missing correction term": {"the correction is not added back", "the redrawn correction is missing"},
    "advantage not detached": {"advantage not detached"},
    "leave-one-out that includes its own sample": {"leave-one-out that includes its own draw"},
    "logsumexp without -log K": {"logsumexp without -log K"},
    "KL sign": {"KL's sign"},
    "std = exp(log_var)": {"std = exp(log_var)", "KL of std, not variance"},
    "score term kept in the path gradient": {"score term kept"},
    "importance weights left attached": {"IWAE weights left attached"},
    "ELBO averaged over pixels": {"ELBO averaged over pixels"},
    "a redrawn sample independent of the choice": {"redrawn without the condition"},
}


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_has_one_place(mutant):
    text = (mutants.ROOT / "src" / "reparam" / f"{mutant.module}.py").read_text()
    assert text.count(mutant.old) == 1, mutant.old
    assert mutant.old != mutant.new
    name, *parts = mutant.test.split("::")
    assert f"def {parts[-1]}(" in (mutants.ROOT / "tests" / f"test_{name}.py").read_text(), mutant.test


def test_every_promised_mutant_is_planted():
    names = {mutant.name for mutant in mutants.MUTANTS}
    assert len(names) == len(mutants.MUTANTS)
    for promise, planted in PROMISED.items():
        assert planted, promise
        assert planted <= names, promise


@pytest.mark.parametrize("mutant", js_mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_of_a_widget_has_one_place(mutant):
    text = (mutants.ROOT / "src/reparam/widgets" / mutant.widget / "model.js").read_text()
    assert text.count(mutant.old) == 1, mutant.old
    assert mutant.old != mutant.new
    assert (mutants.ROOT / "tests/js" / f"{mutant.widget}.test.mjs").exists()
