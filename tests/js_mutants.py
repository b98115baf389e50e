# ruff: noqa: E501
"""Plant mistakes in the widgets' mathematics, one at a time in a copy, and see that the widget's own tests fail.

``python tests/js_mutants.py [widget ...]`` prints a table and fails if a mutant survives. ``tests/mutants.py`` does the
same for Python.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NODE = Path(sys.executable).parent / "node"


class Mutant(NamedTuple):
    name: str
    widget: str
    old: str
    new: str


MUTANTS = [
    Mutant("the slowest runner wins", "gumbel_race", "row.indexOf(Math.max(...row))", "row.indexOf(Math.min(...row))"),
    Mutant("normal noise with another width", "gumbel_race", "Math.PI / Math.sqrt(6)", "Math.PI / 6"),
    Mutant("a tie goes to the last", "top_k_race", "scores[b] - scores[a] || a - b", "scores[b] - scores[a] || b - a"),
    Mutant("drawn with replacement", "top_k_race", "gone.includes(i) ? -Infinity : logit", "gone.includes(i) ? logit : logit"),
    Mutant("KL of the wrong width", "kl_explorer", "2 * Math.log(a.sd / b.sd)", "Math.log(a.sd / b.sd)"),
    Mutant("the direction is forgotten", "kl_explorer", 's.direction === "p-q" ? [p, q] : [q, p]', "[q, p]"),
    Mutant("a slope without its 2", "three_gradients", "slope: (z, k) => 2 * (z - k)", "slope: (z, k) => z - k"),
    Mutant("columns alone", "sinkhorn", "turn(rows(turn(rows(out[k]))))", "turn(rows(turn(out[k])))"),
    Mutant("temperature multiplies", "sinkhorn", "(x[i][j] - top) / tau", "(x[i][j] - top) * tau"),
    Mutant("the gap without its width", "elbo_gap", "gap: byMean + byWidth", "gap: byMean"),
    Mutant("a KL added", "elbo_gap", "elbo: reconstruction - kl", "elbo: reconstruction + kl"),
    Mutant("a path that is not squared", "iwae_bias", "out.dreg[0][j] += one * sw * path", "out.dreg[0][j] += one * path"),
    Mutant("a level upside down", "diffusion_step", "Math.exp(-level)), 1 /", "Math.exp(level)), 1 /"),
    Mutant("an error that is not squared", "diffusion_step", "error: (eps - guess) ** 2", "error: eps - guess"),
    Mutant("no score under the width", "gaussian_node", "return [-3 * Math.sin(3 * mu) * damp, -9", "return [-3 * Math.sin(3 * mu) * damp, 9"),
    Mutant("a gate that is not stretched", "hard_concrete_gate", "s.gamma + (s.zeta - s.gamma) * sigmoid((Math.log(u)", "sigmoid((Math.log(u)"),
    Mutant("a gate without temperature", "hard_concrete_gate", "+ s.log_alpha) / s.beta", "+ s.log_alpha)"),
    Mutant("a variance counted once", "tiny_vae", "(mean * mean + Math.expm1(v) - v) / 2", "(mean * mean + Math.expm1(v)) / 2"),
    Mutant("softmax without temperature", "gumbel_simplex", "Math.exp((score - top) / tau)", "Math.exp(score - top)"),
    Mutant("the path's score kept", "fit_q", "path: [1, 1]", "path: [1, 0]"),
    Mutant("the score's sign", "landing_surface", "in_z = eps / sigma - z", "in_z = eps / sigma + z"),
    Mutant("a width that is a log-variance", "vae_step", "Math.exp(log_var / 2)", "Math.exp(log_var)"),
    Mutant("an end that is not reached", "schedule_explorer", "a * (b / a) ** p", "a * (b / a) ** (p / 2)"),
    Mutant("any answer is right", "quiz", "right: choice.correct", "right: true"),
]  # fmt: skip


def survives(mutant: Mutant) -> bool:
    """Say whether the widget's tests pass with the mistake in place."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "src/reparam/widgets", copy / "src/reparam/widgets")
        shutil.copytree(ROOT / "tests/js", copy / "tests/js")
        model = copy / "src/reparam/widgets" / mutant.widget / "model.js"
        text = model.read_text()
        if text.count(mutant.old) != 1:
            raise RuntimeError(
                f"js_mutants: {mutant.name}: {mutant.old!r} occurs {text.count(mutant.old)} times"
            )
        model.write_text(text.replace(mutant.old, mutant.new))
        test = copy / "tests/js" / f"{mutant.widget}.test.mjs"
        return subprocess.run([NODE, "--test", test], capture_output=True, check=False).returncode == 0


def main(widgets: list[str]) -> int:
    """Run the mutants of these widgets (all by default) and return the number of survivors."""
    chosen = [m for m in MUTANTS if not widgets or m.widget in widgets]
    start = time.perf_counter()
    print("| mutant | widget | |\n|---|---|---|")
    with ThreadPoolExecutor(2) as pool:
        alive = list(pool.map(survives, chosen))
    for mutant, survived in zip(chosen, alive, strict=True):
        print(f"| {mutant.name} | {mutant.widget} | {'**SURVIVED**' if survived else 'killed'} |")
    print(f"\n{len(chosen) - sum(alive)} of {len(chosen)} killed in {time.perf_counter() - start:.0f} s")
    return sum(alive)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
