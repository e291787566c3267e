"""Manage Podman containers.

The program podman does the work. Of a container that is there, the options given are compared with those it was made
with, which podman keeps; an option that the task does not give is not compared. What makes systemd units or quadlets is
left to the module of containers.podman: a task that asks for that is done by it, where it is installed. Tested with
podman 4.3, beside that module.
"""

import json
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, podman
from ..system.commands import Completed
from ..system.podman_parameters import MakingParameters

TRAITS = Traits(predictable="partly", reach="others", locks=("podman",), settles=False)


class Params(MakingParameters):
    """The container."""

    name: str = required("str", "Its name.")
    state: str = optional(
        "str", "What is wanted.", "started",
        choices=("absent", "created", "present", "quadlet", "started", "stopped"),
    )  # fmt: skip
    image: Optional[str] = optional("str", "The image; podman pulls it where it is not there.")
    image_strict: bool = optional("bool", "Compare images with registry and namespace.", False)
    command: Any = optional("raw", "The command: text or a list.")
    recreate: bool = optional("bool", "Make it anew even where it is as wanted.", False)
    force_restart: bool = optional("bool", "Restart it where it is as wanted.", False, aliases=("restart",))
    restart_time: Optional[str] = optional("str", "Seconds to wait for its end before that.")
    detach: bool = optional("bool", "Do not wait for its end.", True)
    stop_time: Optional[str] = optional("str", "stopped: seconds to wait for its end before it is killed.")
    force_delete: bool = optional("bool", "Remove it even while it runs.", True)
    delete_volumes: Optional[bool] = optional("bool", "Remove its nameless volumes with it.")
    delete_depend: Optional[bool] = optional("bool", "Remove the containers that depend on it, too.")
    delete_time: Optional[str] = optional("str", "Seconds to wait for its end before it is removed.")
    executable: str = optional("str", "The program.", "podman")
    cmd_args: Optional[List[str]] = optional("list", "Options of podman itself.", elements="str")
    debug: bool = optional("bool", "Accepted; what is run is always told.", False)
    original = "containers.podman.podman_container"
    beyond = frozenset(
        ["generate_systemd", "quadlet_dir", "quadlet_file_mode", "quadlet_filename", "quadlet_options", "rmi",
         "state=quadlet"]
    )  # fmt: skip


class State(NamedTuple):
    """What podman tells of the container, and the number of the image that its name stands for now."""

    container: Optional[Dict[str, Any]]
    image_id: Optional[str]


def inspect(params: Params, system: System) -> State:
    """Ask podman."""
    if params.state == "quadlet":
        raise Failed("podman_container does not write quadlets by itself")
    container = _look(params, system)
    if container is None or not params.image or params.state == "absent" or params.rootfs:
        return State(container, None)
    done = _podman(params, system, ["image", "inspect", "--format", "{{.Id}}", params.image])
    return State(container, done.out.strip() if done.rc == 0 else None)


def _look(params: Params, system: System) -> Optional[Dict[str, Any]]:
    done = _podman(params, system, ["container", "inspect", params.name])
    if done.rc != 0:
        if "no such" not in done.err.lower():
            raise Failed("podman does not tell of container %s: %s" % (params.name, done.err.strip()), rc=done.rc)
        return None
    try:
        told: Dict[str, Any] = json.loads(done.out)[0]
    except (ValueError, LookupError):
        raise Failed("podman tells of container %s what is no JSON: %s" % (params.name, done.out[:200])) from None
    return told


def _podman(params: Params, system: System, words: List[str]) -> Completed:
    done = system.commands.run([params.executable, *words])
    if done.rc == 127:
        raise Failed("Failed to find required executable %s; install the package podman" % params.executable)
    return done


def plan(params: Params, state: State) -> Change:
    """Compare what was given with what it was made with."""
    container = state.container
    running = bool(((container or {}).get("State") or {}).get("Running"))
    if params.state == "absent":
        return _absent(params, container, running)
    if container is None:
        diff = {"before": {"exists": False}, "after": {"exists": True}}
        return _change(params, state, "started" if params.state == "started" else "created", _made(params), diff)
    different = _different(params, state)
    if different or params.recreate:
        return _anew(params, state, different, running)
    return _moved(params, state, running)


def _anew(params: Params, state: State, different: Dict[str, List[Any]], running: bool) -> Change:
    container = state.container or {}
    diff = {side: {key: pair[place] for key, pair in different.items()}
            for place, side in enumerate(("before", "after"))}  # fmt: skip
    image = str((container.get("Config") or {}).get("Image") or container.get("ImageName") or "")
    if not different:
        diff = {"before": {"recreated": False}, "after": {"recreated": True}}
    steps = [_removal(params), *_made(params, image)]
    if params.state == "stopped" and running:
        diff = {side: dict(values, running=side == "before") for side, values in diff.items()}
    return _change(params, state, "recreated", steps, diff)


def _moved(params: Params, state: State, running: bool) -> Change:
    name = params.name
    if params.state == "started" and (not running or params.force_restart):
        wait = ["--time", params.restart_time] if params.restart_time and running else []
        steps = [["restart", *wait, name] if running else ["start", name]]
        key = "restarted" if running else "running"
        diff = {"before": {key: False}, "after": {key: True}}
        return _change(params, state, "restarted" if running else "started", steps, diff)
    if params.state == "stopped" and running:
        wait = ["--time", params.stop_time] if params.stop_time else []
        diff = {"before": {"running": True}, "after": {"running": False}}
        return _change(params, state, "stopped", [["stop", *wait, name]], diff)
    return Change(False, result=dict(_printed(), actions=[], podman_actions=[], container=state.container))


def _absent(params: Params, container: Optional[Dict[str, Any]], running: bool) -> Change:
    if container is None:
        return Change(False, result={"actions": [], "podman_actions": [], "container": {}})
    diff = {"before": {"exists": True, "running": running}, "after": {"exists": False, "running": False}}
    return _change(params, State({}, None), "deleted", [_removal(params)], diff)


def _change(params: Params, state: State, verb: str, steps: List[List[str]], diff: Any) -> Change:
    said = ["podman " + " ".join(words[1:] if words[0] == "container" else words) for words in steps]
    result = dict(_printed(), actions=["%s %s" % (verb, params.name)], podman_actions=said)
    return Change(True, steps, dict(result, container=state.container or {}), diff)


def _removal(params: Params) -> List[str]:
    words = ["rm"] + (["--force"] if params.force_delete else [])
    words += ["--volumes"] if params.delete_volumes else []
    words += ["--depend"] if params.delete_depend else []
    words += ["--time", params.delete_time] if params.delete_time else []
    return [*words, params.name]


def _made(params: Params, image: str = "") -> List[List[str]]:
    image = params.image or image
    if not image:
        verb = "start" if params.state == "started" else "create"
        raise Failed("Cannot %s container when image is not specified!" % verb)
    verb = "run" if params.state == "started" else "create"
    words = ["container", verb, "--name", params.name, *podman.words_of(podman.given(params))]
    words += ["--detach=%s" % str(params.detach).lower()] if verb == "run" else []
    command = podman.command_of(params.command) if params.command is not None else []
    return [[*(params.cmd_args or []), *words, image, *command]]


def _different(params: Params, state: State) -> Dict[str, List[Any]]:
    container = state.container or {}
    config = container.get("Config") or {}
    made = podman.made_with(config.get("CreateCommand") or [])
    found: Dict[str, List[Any]] = dict(podman.differing(podman.given(params), made))
    if params.command is not None and podman.command_of(params.command) != made.command:
        found["command"] = [made.command, podman.command_of(params.command)]
    if params.image and not params.rootfs:
        there = container.get("Image"), config.get("Image") or container.get("ImageName")
        if not podman.same_image(params.image, container, state.image_id, params.image_strict):
            before, after = (there[0], state.image_id) if state.image_id else (there[1], params.image)
            found["image"] = [before, after]
    return found


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run podman for each step."""
    params, out, err = change.params, "", ""
    for words in change.todo:
        done = _podman(params, system, words)
        out, err = done.out, done.err
        is_its_own = "run" in words and not params.detach and done.rc < 125
        if done.rc != 0:
            verb = "runed" if "run" in words else words[1] if words[0] == "container" else words[0]
            text = "Container %s exited with code %d when %s" % (params.name, done.rc, verb)
            raise Failed(text, rc=done.rc, changed=is_its_own, **_printed(out, err))
    container = {} if params.state == "absent" else _look(params, system) or {}
    return dict(_printed(out, err), container=container)


def _printed(out: str = "", err: str = "") -> Dict[str, Any]:
    return {"stdout": out, "stdout_lines": out.splitlines(), "stderr": err, "stderr_lines": err.splitlines()}


RETURNS = """
container: What podman tells of the container; empty where it is absent.
actions: What was done, in words.
podman_actions: The commands.
"""

EXAMPLES = """
- name: A web server
  podman_container:
    name: web
    image: docker.io/library/nginx:1.27
    publish: ["8080:80"]
    volume: ["/srv/www:/usr/share/nginx/html:ro"]
    env:
      TZ: Europe/Berlin
    restart_policy: always
- name: No container of that name
  podman_container:
    name: old
    state: absent
"""
