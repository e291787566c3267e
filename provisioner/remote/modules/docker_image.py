"""Manage Docker images: pull, build, load, tag, push, archive and remove them.

Speaks the HTTP API of the engine over its socket: neither the program ``docker`` nor a Python library is needed on the
host. What a registry asks for is read from the client's own configuration (``~/.docker/config.json``).
Tested with Docker 20.10 (API 1.41); pulls and pushes that succeed only against a stand-in.
"""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_if
from ..system import System, docker_images
from ..system.docker import (
    Engine,
    EngineParameters,
    Refused,
    authority,
    connect,
    is_id,
    joined,
    named,
    pull,
    split_name,
)

TRAITS = Traits(predictable="partly", reach="others", locks=("docker",), settles=False)


class BuildParameters(Parameters):
    """How an image is built."""

    path: str = required("path", "The folder with what it is built from.")
    dockerfile: Optional[str] = optional("str", "The file that says how; Dockerfile in that folder.")
    args: Optional[Dict[str, Any]] = optional("dict", "Values of ARG.")
    cache_from: Optional[List[str]] = optional("list", "Images whose layers may be taken.", elements="str")
    etc_hosts: Optional[Dict[str, str]] = optional("dict", "Lines of the hosts file while building.")
    http_timeout: Optional[int] = optional("int", "Seconds to wait for the engine while it builds.")
    labels: Optional[Dict[str, Any]] = optional("dict", "Labels.")
    network: Optional[str] = optional("str", "The network of RUN.")
    nocache: bool = optional("bool", "Take nothing made before.", False)
    platform: Optional[str] = optional("str", "What it is for: os/architecture.")
    pull: bool = optional("bool", "Get newer images to build on.", False)
    rm: bool = optional("bool", "Remove containers made on the way.", True)
    shm_size: Optional[str] = optional("str", "The size of /dev/shm.")
    target: Optional[str] = optional("str", "The stage to end with.")


class PullParameters(Parameters):
    """How an image is pulled."""

    platform: Optional[str] = optional("str", "For which platform.")


class Params(EngineParameters):
    """The image."""

    name: str = required("str", "Its name, with or without a tag; or its number.")
    tag: str = optional("str", "The tag where the name has none.", "latest")
    state: str = optional("str", "What is wanted.", "present", choices=("absent", "present"))
    source: Optional[str] = optional(
        "str", "Where it comes from; must be given with state=present.", choices=("build", "load", "local", "pull")
    )
    build: Optional[BuildParameters] = optional("dict", "source=build: how.", options=BuildParameters)
    pull: Optional[PullParameters] = optional("dict", "source=pull: how.", options=PullParameters)
    load_path: Optional[str] = optional("path", "source=load: the archive.")
    archive_path: Optional[str] = optional("path", "Where an archive of it is left.")
    repository: Optional[str] = optional("str", "A further name for it: repository[:tag].")
    push: bool = optional("bool", "Push it to its registry.", False)
    force_source: bool = optional("bool", "Pull, build or load it even where it is there.", False)
    force_tag: bool = optional("bool", "Give it that name even where another image has it.", False)
    force_absent: bool = optional("bool", "Remove it with all its names.", False)
    rules = (
        required_if("state", "present", "source"),
        required_if("source", "build", "build"),
        required_if("source", "load", "load_path"),
    )
    original = "community.docker.docker_image"
    beyond = EngineParameters.beyond


class State(NamedTuple):
    """The image, the one that has the further name, and what the archive there is of."""

    image: Optional[Dict[str, Any]]
    tagged: Optional[Dict[str, Any]]
    archived: Optional[docker_images.Archived]


def inspect(params: Params, system: System) -> State:
    """Ask the engine, and look into the archive."""
    if params.source == "build" and params.build is not None and not system.files.is_dir(params.build.path):
        raise Failed("Requested build path %s could not be found or you do not have access." % params.build.path)
    if params.source == "load" and not system.files.is_file(params.load_path or ""):
        raise Failed("Error loading image %s. Specified path %s does not exist." % (params.name, params.load_path))
    engine = connect(params)
    further = _further(params)
    tagged = _look(engine, further) if further else None
    archived = docker_images.archived(system, params.archive_path) if params.archive_path else None
    return State(_look(engine, full_name(params)), tagged, archived)


def _look(engine: Engine, name: str) -> Optional[Dict[str, Any]]:
    return engine.look("/images/%s/json" % named(name))


def full_name(params: Params) -> str:
    """Return the image's name with its tag."""
    return params.name if is_id(params.name) else joined(*split_name(params.name, params.tag))


def _further(params: Params) -> str:
    return joined(*split_name(params.repository, params.tag)) if params.repository else ""


def plan(params: Params, state: State) -> Change:
    """Compare."""
    return _absent(params, state) if params.state == "absent" else _present(params, state)


def _absent(params: Params, state: State) -> Change:
    if state.image is None:
        return Change(False, result={"image": {}, "actions": []})
    name = full_name(params)
    result = {"image": {"state": "Deleted"}, "actions": ["Removed image %s" % name]}
    diff = {"before": {"exists": True, "id": state.image["Id"]}, "after": {"exists": False}}
    return Change(True, [("remove", state.image["Id"] if params.force_absent and is_id(name) else name)], result, diff)


DONE = {
    "pull": "Pulled image {name}",
    "build": "Built image {name} from {path}",
    "load": "Loaded image {name} from {archive}",
}
DOING = {
    "pull": "pulling", "build": "building", "load": "loading", "archive": "archiving", "tag": "tagging",
    "push": "pushing", "remove": "removing",
}  # fmt: skip


def _present(params: Params, state: State) -> Change:
    """Return the steps: get it, archive it, name it, push it."""
    name = full_name(params)
    if state.image is None and params.source == "local":
        raise Failed("Cannot find the image %s locally." % name)
    if is_id(name) and params.source in ("pull", "build"):
        raise Failed('Image name must not be an image ID for source=%s; got "%s"' % (params.source, name))
    steps = _Steps(state.image if not params.force_source or params.source == "local" else None)
    steps.get(params, state, name)
    steps.archive(params, state, name)
    further = _further(params)
    if further:
        steps.tag(params, state, name, further)
    if params.push and (not is_id(name) or further):
        steps.add(("push", further or name), "Pushed image %s" % (further or name))
    return steps.change(state)


class _Steps:
    """The steps, and what they change; ``known`` is the image where it is known before them."""

    def __init__(self, known: Optional[Dict[str, Any]]) -> None:
        self.known = known
        self.todo: List[Any] = []
        self.actions: List[str] = []
        self.before: Dict[str, Any] = {}
        self.after: Dict[str, Any] = {}

    def add(self, step: Any, action: str) -> None:
        """Add a step."""
        self.todo.append(step)
        self.actions.append(action)

    def differs(self, name: str, before: Any, after: Any) -> None:
        """Tell what a step changes."""
        self.before[name], self.after[name] = before, after

    def number(self) -> Dict[str, Any]:
        """Return the image's number, where it is known."""
        return {"id": self.known["Id"]} if self.known else {}

    def has(self, number: str) -> bool:
        """Tell whether that is the image's number."""
        return self.known is not None and self.known["Id"] == number

    def get(self, params: Params, state: State, name: str) -> None:
        """Add the step that gets the image, where it has to be got."""
        if self.known is not None:
            return
        words = {"name": name, "path": params.build.path if params.build else "", "archive": params.load_path}
        self.add((str(params.source),), DONE[str(params.source)].format(**words))
        self.differs("exists", state.image is not None, True)

    def archive(self, params: Params, state: State, name: str) -> None:
        """Add the step that writes the archive, where there is none of the image."""
        if not params.archive_path or (self.known is not None and not _is_other_archive(state, name)):
            return
        before = state.archived._asdict() if state.archived else None
        self.add(("archive", name), "Archived image %s to %s" % (name, params.archive_path))
        self.differs("archive", before, dict(self.number(), names=[name]))

    def tag(self, params: Params, state: State, name: str, further: str) -> None:
        """Add the step that gives the further name, where no image has it or another one is to lose it."""
        there = state.tagged
        if there is not None and (not params.force_tag or self.has(there["Id"])):
            return
        self.add(("tag", further), "Tagged image %s to %s" % (name, further))
        self.differs(further, {"id": there["Id"]} if there else None, self.number())

    def change(self, state: State) -> Change:
        """Return the whole."""
        result: Dict[str, Any] = {"image": state.image or {}, "actions": self.actions}
        if not self.todo:
            return Change(False, result=result)
        diff = {"before": self.before, "after": self.after} if self.after else None
        return Change(True, self.todo, result, diff)


def _is_other_archive(state: State, name: str) -> bool:
    image, archived = state.image, state.archived
    return image is None or archived is None or archived.id != image["Id"] or archived.names != [name]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do the steps."""
    params, engine = change.params, connect(change.params)
    work = _Work(engine, params, system)
    for verb, *values in change.todo:
        try:
            getattr(work, verb)(*values)
        except Refused as refused:
            words = (DOING[verb], values[0] if values else full_name(params), refused)
            raise Failed("Error %s image %s: %s" % words, **work.printed()) from None
    if params.state == "absent":
        return None
    image = _look(engine, full_name(params)) or {}
    steps = [step[0] for step in change.todo]
    said: Dict[str, Any] = {"image": image}
    if "build" in steps:
        said.update(stdout=work.output, stdout_lines=work.output.splitlines())
    before = change.state.image
    if before is not None and before["Id"] == image.get("Id") and steps in (["pull"], ["build"], ["load"]):
        said.update(changed=False, **({"diff": {"before": {}, "after": {}}} if system.foretell else {}))
    if steps == ["push"]:
        said["changed"] = work.is_pushed
    return said


class _Work:
    """The steps; ``output`` is what a build prints."""

    def __init__(self, engine: Engine, params: Params, system: System) -> None:
        self.engine, self.params, self.system = engine, params, system
        self.output = ""
        self.is_pushed = False

    def printed(self) -> Dict[str, Any]:
        """Return what was printed, as results show it."""
        return {"stdout": self.output, "stdout_lines": self.output.splitlines()} if self.output else {}

    def remove(self, name: str) -> None:
        """Remove the image."""
        self.engine.ask("DELETE", "/images/" + named(name), {"force": self.params.force_absent, "noprune": False})

    def pull(self) -> None:
        """Get it from its registry."""
        pull(self.engine, full_name(self.params), self.params.pull.platform if self.params.pull else None)

    def build(self) -> None:
        """Send the folder and have it built."""
        given = self.params.build
        if given is None:
            return
        with docker_images.context(self.system, given.path, given.dockerfile) as (stream, file):
            query = docker_images.query(given, full_name(self.params), file)
            for told in self.engine.lines("/build", query, stream, timeout_s=given.http_timeout):
                self.output += str(told.get("stream") or told.get("status", "") + "\n")

    def load(self) -> None:
        """Load it from the archive, and see that it is the one that was named."""
        name = full_name(self.params)
        with self.system.files.open(self.params.load_path or "") as stream:
            for told in self.engine.lines("/images/load", {"quiet": False}, stream):
                self.output += str(told.get("stream") or "")
        loaded = [line.rpartition(": ")[2] for line in self.output.splitlines() if line.startswith("Loaded image")]
        if loaded and name not in loaded:
            listed = ", ".join("'%s'" % each for each in sorted(loaded))
            text = "The archive did not contain image '%s'. Instead, found %s." % (name, listed)
            raise Failed(text, **self.printed())

    def archive(self, name: str) -> None:
        """Write the archive."""
        with self.engine.open("GET", "/images/%s/get" % named(name)) as answer:
            docker_images.write(self.system, self.params.archive_path or "", answer)

    def tag(self, further: str) -> None:
        """Give it the further name."""
        repository, tag = split_name(further)
        path = "/images/%s/tag" % named(full_name(self.params))
        self.engine.ask("POST", path, {"repo": repository, "tag": tag, "force": True})

    def push(self, name: str) -> None:
        """Push it."""
        repository, tag = split_name(name)
        auth = authority(repository) or "e30="
        for told in self.engine.lines("/images/%s/push" % named(repository), {"tag": tag}, auth=auth):
            self.is_pushed = self.is_pushed or told.get("status") == "Pushed"


RETURNS = """
image: What the engine tells of the image.
actions: What was done, in words.
stdout: What a build or a load prints.
"""

EXAMPLES = """
- name: An image from a registry
  docker_image:
    name: nginx
    tag: "1.27"
    source: pull
- name: An image from a folder of the host
  docker_image:
    name: shop
    source: build
    build:
      path: /srv/shop
      args:
        VERSION: "12"
- name: Gone
  docker_image:
    name: shop:11
    state: absent
"""
