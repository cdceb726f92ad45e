"""What git is asked about the files, and that no question runs what lies beside them. With the real git."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.workflow import git as module
from reconciler.workflow.git import Checkout, checkout, exposed, inside
from tests.support.repository import Cli, Place

SECRETS = {
    "RECONCILER_DATABASE_URL": "sqlite:///esp.db",
    "RECONCILER_PLAN_KEY": "plan-key-that-nobody-may-see",
    "GITHUB_TOKEN": "token-that-nobody-may-see",
}


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Operator", "-c", "user.email=operator@esp.example", "-c", "commit.gpgsign=false")
    local = ("-c", "protocol.file.allow=always")
    ended = subprocess.run(["git", *who, *local, *words], cwd=folder, capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def committed(folder: Path) -> str:
    """All of the folder in a repository with one commit; its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.yaml").write_text("A: {}\n", encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "all of it")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "tree"
    committed(folder)
    return folder


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark beside itself, with the environment that it was given."""
    path = tmp_path / "trap" / "run"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\nenv >>{path}.ran\nexit 1\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def ran(trap: Path) -> str:
    mark = trap.with_name("run.ran")
    return mark.read_text(encoding="utf-8") if mark.exists() else ""


def bare(folder: Path, config: str) -> None:
    """What somebody commits as plain files: the inside of a repository that knows these files, changed since."""
    made = shutil.copytree(folder, folder.parent / "made")
    committed(made)
    for name in ("HEAD", "index"):
        shutil.copy(made / ".git" / name, folder / name)
    for name in ("objects", "refs"):
        shutil.copytree(made / ".git" / name, folder / name)
    (folder / "config").write_text(config, encoding="utf-8")
    shutil.rmtree(made)


def bare_configs(folder: Path, trap: Path) -> dict[str, str]:
    core = f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = {folder}\n"
    return {
        "fsmonitor": f"{core}\tfsmonitor = {trap}\n",
        "hooks": f"{core}\thooksPath = {trap.parent}\n",
        "filter": f'{core}[filter "x"]\n\tclean = {trap}\n\trequired = true\n',
        "alias": f'{core}[alias]\n\tstatus = "!{trap}"\n[pager]\n\tstatus = {trap}\n',
    }


@pytest.mark.parametrize("sort", ["fsmonitor", "hooks", "filter", "alias"])
@pytest.mark.parametrize(
    "where", ["below a repository", "beside an empty .git", "alone", "with a git that knows no safe.bareRepository"]
)
def test_a_repository_among_the_files_runs_nothing(
    cli: Cli, place: Place, trap: Path, monkeypatch: pytest.MonkeyPatch, sort: str, where: str
) -> None:
    place.write(".gitattributes", "* filter=x\n")
    bare(place.folder, bare_configs(place.folder, trap)[sort])
    if where == "beside an empty .git":
        (place.folder / ".git").mkdir()
    elif where != "alone":
        committed(place.folder.parent)
    if where.startswith("with"):
        older = trap.parent / "bin" / "git"
        older.parent.mkdir()
        older.write_text(
            f'#!/bin/bash\nexec {shutil.which("git")} "${{@/safe.bareRepository=/xsafe.bareRepository=}}"\n',
            encoding="utf-8",
        )
        older.chmod(0o755)
        monkeypatch.setenv("PATH", f"{older.parent}:/usr/bin:/bin")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert cli("plan", "--out", "plan.json").code == 0
    assert cli("drift").code == 0
    assert ran(trap) == ""
    told = json.loads(Path("plan.json").read_text(encoding="utf-8"))["source"]["commit"]
    outer = where.startswith(("below", "with"))
    assert told == (git(place.folder.parent, "rev-parse", "HEAD") if outer else "")  # never what the files say


def own_fsmonitor(tree: Path, trap: Path) -> None:
    git(tree, "config", "core.fsmonitor", str(trap))


def own_hooks(tree: Path, trap: Path) -> None:
    shutil.copy(trap, trap.with_name("post-index-change"))
    git(tree, "config", "core.hooksPath", str(trap.parent))


def own_filter(tree: Path, trap: Path) -> None:
    (tree / ".gitattributes").write_text("* filter=strip.it\n", encoding="utf-8")
    git(tree, "config", "filter.strip.it.clean", str(trap))


def own_long_filter(tree: Path, trap: Path) -> None:
    (tree / ".gitattributes").write_text("* filter=x\n", encoding="utf-8")
    git(tree, "config", "filter.x.process", str(trap))
    git(tree, "config", "filter.x.required", "true")


def filter_of_a_strange_name(tree: Path, trap: Path) -> None:
    (tree / ".gitattributes").write_text("* filter=x=y\n", encoding="utf-8")
    git(tree, "config", "filter.x=y.clean", str(trap))


def committed_config(tree: Path, trap: Path) -> None:
    """What some teams do: a file of the repository is part of its config."""
    (tree / ".gitattributes").write_text("* filter=x\n", encoding="utf-8")
    (tree / ".gitconfig").write_text(f'[filter "x"]\n\tclean = {trap}\n[core]\n\tfsmonitor = {trap}\n')
    git(tree, "config", "include.path", "../.gitconfig")


def elsewhere(tree: Path, trap: Path) -> None:
    """A `.git` that is a file and points to another place."""
    (tree / ".git").rename(trap.parent / "kept")
    (tree / ".git").write_text(f"gitdir: {trap.parent / 'kept'}\n", encoding="utf-8")
    own_fsmonitor(tree, trap)
    own_filter(tree, trap)


def fetching(tree: Path, trap: Path) -> None:
    """A partial clone that lacks what it is asked for: git would fetch it, through programs of its config."""
    git(tree, "config", "remote.origin.url", "ssh://esp.example/x")
    git(tree, "config", "remote.origin.promisor", "true")
    git(tree, "config", "core.repositoryformatversion", "1")
    git(tree, "config", "extensions.partialClone", "origin")
    git(tree, "config", "core.sshCommand", str(trap))
    wanted = git(tree, "rev-parse", "HEAD^{tree}")
    (tree / ".git" / "objects" / wanted[:2] / wanted[2:]).unlink()


def submodule(tree: Path, trap: Path) -> None:
    committed(trap.parent / "other")
    git(tree, "submodule", "--quiet", "add", str(trap.parent / "other"), "packages.d")
    git(tree, "commit", "-q", "-m", "with another")
    for given in (own_fsmonitor, own_filter):
        given(tree / "packages.d", trap)


@pytest.mark.parametrize(
    "given",
    [
        own_fsmonitor,
        own_hooks,
        own_filter,
        own_long_filter,
        filter_of_a_strange_name,
        committed_config,
        elsewhere,
        fetching,
        submodule,
    ],
    ids=lambda given: given.__name__,
)
def test_the_config_of_the_own_repository_runs_nothing(
    tree: Path, trap: Path, given: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(tree, trap)
    trap.with_name("run.ran").unlink(missing_ok=True)  # it ran while the repository was made
    for file in tree.rglob("a.yaml"):
        file.write_text("B: {}\n", encoding="utf-8")  # as long as before: git has to look into it
    assert checkout(tree).dirty is not False
    exposed(tree / "plan.json")
    assert ran(trap) == ""


def test_what_git_is_given_holds_no_secret_and_nothing_of_the_callers_git(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    told = tmp_path / "told"
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nenv >>{told}\nexec {shutil.which("git")} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "alias.status")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "!touch owned")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert checkout(tree) == Checkout(commit, dirty=False)
    assert exposed(tree / "plan.json")
    names = {line.partition("=")[0] for line in told.read_text(encoding="utf-8").splitlines()}
    assert names >= {"PATH"}
    assert names <= {*module.KEPT, *module.SET, "PATH", "PWD", "OLDPWD", "SHLVL", "_"}
    assert not any(name.startswith(("RECONCILER", "GITHUB", "PYTHON")) for name in names)


def test_a_program_among_the_files_is_not_taken_for_git(
    tree: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(trap, tree / "git")
    monkeypatch.chdir(tree)
    monkeypatch.setenv("PATH", f":.:{tree.name}:/usr/bin:/bin")
    assert checkout(tree).dirty is True
    assert ran(trap) == ""


def test_the_commit_and_whether_all_is_in_it(tree: Path) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    assert checkout(tree) == Checkout(commit, dirty=False)
    below = tree / "esp [a]*"
    below.mkdir()
    (below / "b.yaml").write_text("B: {}\n", encoding="utf-8")
    assert checkout(below) == Checkout(commit, dirty=True)
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "b")
    (tree / "other.yaml").touch()
    assert checkout(below).dirty is False  # what is beside the folder is not asked for
    (tree / ".gitignore").write_text("kept*\n", encoding="utf-8")
    assert exposed(below / ":(top)plan.json")
    assert not exposed(below / "kept.json")
    assert inside(below) == "esp [a]*/"
    assert inside(tree) == ""


def test_no_setting_hides_what_is_not_committed(tree: Path) -> None:
    git(tree, "config", "status.showUntrackedFiles", "no")
    (tree / "b.yaml").touch()
    assert checkout(tree).dirty is True


@pytest.mark.parametrize("what", ["a file of it", "a new file", "a new commit"])
def test_a_submodule_is_looked_into(tree: Path, tmp_path: Path, what: str) -> None:
    committed(tmp_path / "other")
    git(tree, "submodule", "--quiet", "add", str(tmp_path / "other"), "packages.d")
    git(tree, "config", "-f", ".gitmodules", "submodule.packages.d.ignore", "all")
    git(tree, "add", "--all")
    git(tree, "commit", "-q", "-m", "with another")
    assert checkout(tree).dirty is False
    if what == "a new commit":
        git(tree / "packages.d", "commit", "-q", "--allow-empty", "-m", "more")
    else:
        (tree / "packages.d" / ("a.yaml" if what == "a file of it" else "b.yaml")).write_text("B: {}\n")
    assert checkout(tree).dirty is True


def test_before_the_first_commit_and_outside_there_is_none(tmp_path: Path) -> None:
    assert checkout(tmp_path) == Checkout()
    assert inside(tmp_path) == ""
    assert exposed(tmp_path / "plan.json") is False
    git(tmp_path, "init", "-q")
    assert checkout(tmp_path) == Checkout()
    (tmp_path / "HEAD").touch()  # a file of that name is no commit
    assert checkout(tmp_path) == Checkout()


def break_index(tree: Path) -> None:
    (tree / ".git" / "index").write_bytes(b"no index")


def break_head(tree: Path) -> None:
    (tree / ".git" / "HEAD").write_text(f"{'1' * 40}\n", encoding="utf-8")


def break_config(tree: Path) -> None:
    (tree / ".git" / "config").write_text("[[", encoding="utf-8")


def other_tree(tree: Path) -> None:
    """Git would answer for another folder than the one that is asked for."""
    other = tree.parent / "other"
    committed(other)
    git(tree, "config", "core.worktree", str(other))


@pytest.mark.parametrize("damage", [break_index, break_head, break_config, other_tree], ids=lambda it: it.__name__)
def test_where_git_cannot_tell_nothing_is_said_to_be_clean(
    cli: Cli, place: Place, damage: Callable[[Path], None]
) -> None:
    commit = committed(place.folder)
    damage(place.folder)
    found = checkout(place.folder)
    known = damage is break_index
    assert found == Checkout(commit if known else "", dirty=None)
    ended = cli("plan", "--out", "plan.json", "--output", "text", "--output", "markdown=plan.md")
    assert ended.code == 0, ended.err
    said = f"{commit[:7]}, perhaps with uncommitted changes" if known else "commit not known"
    assert said in ended.out
    assert said in Path("plan.md").read_text(encoding="utf-8")
    assert json.loads(Path("plan.json").read_text(encoding="utf-8"))["source"]["dirty"] is None
    assert said in cli("show", "plan.json").out


def test_a_git_that_does_not_answer_tells_nothing(place: Place, trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(place.folder)
    trap.write_text("#!/bin/sh\nexec sleep 20\n", encoding="utf-8")
    trap.rename(trap.with_name("git"))
    monkeypatch.setenv("PATH", f"{trap.parent}:/usr/bin:/bin")
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    assert checkout(place.folder) == Checkout(dirty=None)
    assert exposed(place.folder / "plan.json") is False


STARTS = re.compile(
    r"^(subprocess|multiprocessing|pty|webbrowser|ctypes)$|^os\.(system|popen|exec|spawn|posix_spawn|fork)"
)


def test_no_other_program_is_ever_started() -> None:
    """The one door is `_git` of the checkout: what git is given is shown above."""
    starting = set()
    for path in (Path(module.__file__).parents[1]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    used = [each.name for each in names]
                case ast.ImportFrom(module=str() as source, names=names):
                    used = [source, *(f"{source}.{each.name}" for each in names)]
                case ast.Attribute(value=ast.Name(id="os"), attr=name):
                    used = [f"os.{name}"]
                case ast.Attribute(value=ast.Name(id="click"), attr="edit" | "launch" | "echo_via_pager"):
                    used = ["subprocess"]
                case _:
                    used = []
            if any(STARTS.match(each) for each in used):
                starting.add(path.name)
    assert starting == {"git.py"}
