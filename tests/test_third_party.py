"""What others made: listed with licence, version and checksum; loaded without running it; asked after."""

import ast
import importlib.util
import json
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "book" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


third_party, audit = load("third_party"), load("audit")


def test_the_list_is_of_what_is_installed(capsys):
    if not third_party.MODULES.is_dir():
        pytest.skip("no packages from npm here: run `make check`, which installs them")
    assert third_party.main(["--check"]) == 0, capsys.readouterr().out


def test_everything_listed_says_its_licence_and_every_package_is_listed():
    listed = tomllib.loads((ROOT / "THIRD_PARTY.toml").read_text())
    for entry in (entry for entries in listed.values() for entry in entries):
        assert entry["licence"], entry["name"]
        if entry.get("use", "").startswith("on the site"):
            assert entry["files"], f"{entry['name']} ships and no file is listed"
    asked = json.loads((ROOT / "book" / "package.json").read_text())
    assert {*asked["dependencies"], *asked["devDependencies"]} <= {entry["name"] for entry in listed["npm"]}


def test_torch_is_new_enough_and_nothing_pickled_is_run():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "torch>=2.10" in project["dependencies"]
    seen = 0
    for folder in ("src", "book", "benchmarks", "figures"):
        for path in (ROOT / folder).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                assert name not in ("pickle.load", "pickle.loads", "joblib.load", "exec"), path
                if name == "eval":  # of our own notebooks, and without any name
                    assert "{'__builtins__': {}}" in ast.unparse(node), path
                options = {k.arg: ast.unparse(k.value) for k in getattr(node, "keywords", ())}
                if name.endswith("torch.load"):
                    assert options.get("weights_only") == "True", path
                    seen += 1
                if name.endswith(("np.load", "numpy.load")):
                    assert options.get("allow_pickle", "False") == "False", path
    assert seen


@pytest.fixture
def service():
    """Answer like osv.dev: the first package asked after has a fault."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            results = [{"vulns": [{"id": "GHSA-test"}]}] + [{}] * (len(asked) - 1)
            body = json.dumps({"results": results}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_known_fault_fails_unless_it_is_accepted(service, capsys, monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    assert audit.main(service) == 1
    assert "GHSA-test (NOT ACCEPTED)" in capsys.readouterr().out
    monkeypatch.setitem(audit.ACCEPTED, "GHSA-test", "it does not reach us")
    assert audit.main(service) == 0
    packages = audit.pinned()
    assert {"torch", "katex"} <= {name for _, name, _ in packages}
    assert all(version[0].isdigit() for _, _, version in packages)


def test_offline_is_said_and_is_no_failure(capsys):
    assert audit.main("http://127.0.0.1:9/") == 0
    assert capsys.readouterr().out.startswith("not checked: offline")
