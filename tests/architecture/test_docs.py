"""The pages tell the truth: links lead somewhere, playbooks load, commands parse, the reference leaves nothing out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioner import catalog
from provisioner.cli import main
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import Exit
from provisioner.diagnostics.position import Source
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbooks
from provisioner.loading.settings import LoadSettings
from provisioner.model.encoding import EVENT_TYPES
from provisioner.syntax.yaml import load
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import PluginFolders, RenderSettings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WRITTEN = sorted(p for p in DOCS.rglob("*.md") if "reference" not in p.relative_to(DOCS).parts)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *WRITTEN]
FENCE = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
MADE_UP_VALUE = "x"


@dataclass(frozen=True, slots=True)
class Sample:
    """One block of code on a page; ``title`` is the file it shows."""

    page: Path
    line: int
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def samples(page: Path) -> Iterator[Sample]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Sample(page, line, found["language"], found["title"] or "", found["text"])


SAMPLES = [sample for page in PAGES for sample in samples(page)]


# ---------------------------------------------------------------------- playbooks and inventories


def lay_out(page: Path, folder: Path) -> None:
    """Write the files that a page shows by name, so that what names them finds them."""
    for sample in samples(page):
        if sample.title:
            path = folder / sample.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(sample.text, encoding="utf-8")


def mistakes(sample: Sample, folder: Path) -> list[Diagnostic]:
    """Load a block as what it looks like: a playbook, a list of tasks, an inventory, or values."""
    value = load(Source(str(sample), sample.text))
    renderer = Renderer(RenderSettings(plugin_folders=PluginFolders(filters=(folder / "filter_plugins",))))
    settings = LoadSettings(
        basedir=str(folder), check_template=renderer.check_template, check_expression=renderer.check_expression
    )
    if isinstance(value, dict):
        if not set(value) & {"all", "ungrouped"}:
            return []
        path = folder / "an_inventory.yml"
        path.write_text(sample.text, encoding="utf-8")
        return list(load_inventory([str(path)], settings)[1].all)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError(f"{sample}: neither a list of plays or tasks nor a mapping")
    if sample.title.startswith("cases"):
        return []
    text, role = sample.text, re.match(r"roles/(\w+)/", sample.title)
    if role:
        text = f"- hosts: all\n  roles: [{role[1]}]\n"
    elif "hosts" not in value[0] and "import_playbook" not in value[0]:
        text = "- hosts: all\n  tasks:\n" + "".join(f"    {line}" for line in text.splitlines(keepends=True))
    path = folder / "a_playbook.yml"
    path.write_text(text, encoding="utf-8")
    return list(load_playbooks([str(path)], settings)[1].all)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.language == "yaml"], ids=str)
def test_every_playbook_and_inventory_shown_loads_without_a_diagnostic(sample: Sample, tmp_path: Path) -> None:
    lay_out(sample.page, tmp_path)
    assert [found.render() for found in mistakes(sample, tmp_path)] == []


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.language == "python"], ids=str)
def test_every_python_block_shown_is_python(sample: Sample) -> None:
    compile(sample.text, str(sample), "exec")


# ---------------------------------------------------------------------- commands


def commands(sample: Sample) -> Iterator[list[str]]:
    """Yield the words of each ``provisioner`` command of a shell block, up to a pipe or redirection."""
    text = sample.text.replace("\\\n", " ")
    for line in text.splitlines():
        shown = line.removeprefix("$ ") if sample.language == "console" else line
        if sample.language == "console" and shown == line:
            continue
        shown = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)", MADE_UP_VALUE, shown)
        lexer = shlex.shlex(shown, posix=True, punctuation_chars="|;&><")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word and set(word) <= set("|;&><"):
                yield from _provisioner_words(words)
                words = []
            else:
                words.append(word)


def _provisioner_words(words: list[str]) -> Iterator[list[str]]:
    while words and (words[0] in {"sudo", "!"} or re.fullmatch(r"\w+=.*", words[0])):
        words = words[1:]
    if words and words[0] == "provisioner":
        yield words[1:]


SHOWN = [(s, words) for s in SAMPLES if s.language in {"sh", "console"} for words in commands(s)]


@pytest.mark.parametrize(("sample", "words"), SHOWN, ids=[f"{s} {' '.join(w)}" for s, w in SHOWN])
def test_every_command_shown_is_one_that_the_parser_takes(
    sample: Sample, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    if words == ["--version"]:
        return
    code: object = 0
    try:
        main._parsed(main.parser_of(words[0]), words[1:])
    except SystemExit as left:
        code = left.code
    assert code == 0, f"{sample}: {capsys.readouterr().err}"


def test_commands_are_found_behind_sudo_in_substitutions_and_before_pipes() -> None:
    lines = (
        "$ sudo provisioner lab up --hosts 2   # two",
        "$ echo x | provisioner vault view -",
        "provisioner is what this says",
        '$ ls; A=1 provisioner run "$(a b)" > x',
    )
    sample = Sample(DOCS, 1, "console", "", "\n".join(lines))
    assert list(commands(sample)) == [["lab", "up", "--hosts", "2"], ["vault", "view", "-"], ["run", "x"]]


# ---------------------------------------------------------------------- links and lists


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings get."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for to in (found["to"] for found in LINK.finditer(text)):
        if re.match(r"\w+:", to):
            continue
        file, _, anchor = to.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(to)
    assert broken == []


def nav_entries(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nav_entries(each)


def test_the_site_has_every_page_in_its_navigation() -> None:
    settings = load(Source("mkdocs.yml", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert isinstance(settings, dict)
    named = sorted(map(str, nav_entries(settings["nav"])))
    there = sorted(str(p.relative_to(DOCS)) for p in WRITTEN if p != DOCS / "README.md")
    assert named == sorted([*there, "reference/README.md"])


def test_every_page_can_be_reached_from_the_index() -> None:
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    linked = {found["to"].partition("#")[0] for found in LINK.finditer(text)}
    missing = [str(p.relative_to(DOCS)) for p in WRITTEN if p.name not in {"README.md", "index.md"}]
    assert [page for page in missing if page not in linked] == []


def test_decisions_are_numbered_without_gaps_and_say_what_each_must() -> None:
    pages = sorted((DOCS / "adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        missing = [w for w in ("**Context.**", "**Decision.**", "**Cost.**", "**We would notice") if w not in text]
        assert missing == [], page.name


def test_no_page_names_the_machine_it_was_written_on() -> None:
    suspicious = re.compile(r"/tmp/|/work/|10\.77\.\d+\.\d+:\d|pypi|artifactory", re.IGNORECASE)
    assert [str(p) for p in PAGES if suspicious.search(p.read_text(encoding="utf-8"))] == []


# ---------------------------------------------------------------------- the reference


@pytest.mark.parametrize(
    "kind", ["module", "action", "filter", "test", "lookup", "check", "fact", "connection", "renderer", "command"]
)
def test_everything_of_a_kind_is_named_in_the_reference(kind: str) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").rglob("*.md"))
    headings = set(re.findall(r"^#+ (?:provisioner )?(.+)$", text, re.MULTILINE))
    assert sorted(catalog.names(kind) - headings) == [], "run 'make docs'"


def test_every_event_and_exit_code_is_named_in_the_reference() -> None:
    events = (DOCS / "reference/events.md").read_text(encoding="utf-8")
    codes = (DOCS / "reference/exit-codes.md").read_text(encoding="utf-8")
    assert [name for name in EVENT_TYPES if f"## {name}\n" not in events] == []
    assert [int(code) for code in Exit if f"| {int(code)} |" not in codes] == []


def test_every_level_of_variables_is_explained() -> None:
    text = (DOCS / "concepts/variables.md").read_text(encoding="utf-8")
    assert [n for n in range(1, 23) if f"| {n} | " not in text] == []
