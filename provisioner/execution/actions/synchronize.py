"""Copy folders with rsync: between controller and host, or between two hosts with ``delegate_to``."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.execution.connecting import LOCAL_NAMES, Route
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Result, Steps, locally
from provisioner.execution.reaching import really
from provisioner.execution.task_run import ActionCall
from provisioner.model.target import Become, Target
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required
from provisioner.transport.askpass import Askpass

TRAITS = Traits(reach="others", settles=False)
MARK = "changed> "
"""Stands before each line in which rsync names something it changed."""

ARCHIVE = ("recursive", "links", "perms", "times", "owner", "group")


class Params(Parameters):
    """What goes where; the rest are rsync's own options."""

    src: str = required("str", "Path at the sending side.")
    dest: str = required("str", "Path at the receiving side.")
    mode: str = optional("str", "Whether the host receives (push) or sends (pull).", "push", choices=("push", "pull"))
    dest_port: int | None = optional("int", "SSH port of the host.")
    archive: bool = optional("bool", "Recursive, with links, permissions, times, owner, group and devices.", True)
    checksum: bool = optional("bool", "Compare by checksum instead of time and size.", False)
    compress: bool = optional("bool", "Compress on the way.", True)
    existing_only: bool = optional("bool", "Make no new files.", False)
    delete: bool = optional("bool", "Remove what the source does not have.", False)
    dirs: bool = optional("bool", "Transfer directories without what they hold.", False)
    recursive: bool | None = optional("bool", "As archive says.")
    links: bool | None = optional("bool", "As archive says.")
    copy_links: bool = optional("bool", "Copy what links point to.", False)
    perms: bool | None = optional("bool", "As archive says.")
    times: bool | None = optional("bool", "As archive says.")
    owner: bool | None = optional("bool", "As archive says.")
    group: bool | None = optional("bool", "As archive says.")
    rsync_path: str | None = optional("str", "The rsync program of the host.")
    rsync_timeout: int = optional("int", "Seconds without data after which to give up.", 0)
    rsync_opts: list[str] = optional("list", "More of rsync's options.", (), elements="str")
    set_remote_user: bool = optional("bool", "Log in as the host's user.", True)
    use_ssh_args: bool = optional("bool", "Use the host's own SSH options.", False)
    ssh_connection_multiplexing: bool = optional("bool", "Accepted; each transfer has a connection of its own.", False)
    partial: bool = optional("bool", "Keep files that came only partly.", False)
    verify_host: bool = optional("bool", "Insist on a known host key where a host sends to another.", False)
    private_key: str | None = optional("path", "The SSH key, where it is another than the host's.")
    link_dest: list[str] = optional("list", "Folders whose equal files are linked to.", (), elements="str")
    delay_updates: bool = optional("bool", "Put files in place at the end, all together.", True)


def run(call: ActionCall) -> Steps:
    """Run rsync on the controller, or on the host the task is delegated to."""
    params = Params.parse(call.args)
    runner = call.resolved.delegated_to
    peer = _peer(call)
    is_here = runner in ("", *LOCAL_NAMES)
    if is_here:
        return (yield from _here(call, params, peer))
    is_same = runner == call.host
    argv = command(params, None if is_same else peer.target, peer.become, _Side(is_here=False, check=call.check))
    told = {"argv": argv, "expand_argument_vars": False, "strip_empty_ends": False}
    result = result_of((yield really(call.remote("command", told, last=False))))
    return described(argv, int(result.get("rc") or 0), str(result.get("stdout", "")), _why(result), diff=call.diff)


def _peer(call: ActionCall) -> Route:
    """Return how the task's own host is reached, whoever runs rsync."""
    return call.run.play.route(call.host, call.resolved.keywords, call.scope)


def _why(result: Result) -> str:
    return str(result.get("stderr") or result.get("msg") or "")


def _here(call: ActionCall, params: Params, peer: Route) -> Steps:
    params.src = _local_path(call, params.src, "files") if params.mode == "push" else params.src
    if params.mode == "pull":
        params.dest = _beside_playbook(call, params.dest)
    target = None if peer.target.connection == "local" else peer.target
    argv = command(params, target, peer.become if target else None, _Side(is_here=True, check=call.check))
    done = yield from locally(lambda: _executed(argv, peer.target))
    return described(argv, done.returncode, done.stdout, done.stderr, diff=call.diff)


def _local_path(call: ActionCall, written: str, folder: str) -> str:
    if "://" in written or _has_host(written):
        return written
    found = str(call.find_file(written, folder))
    return f"{found}/" if written.endswith("/") else found


def _beside_playbook(call: ActionCall, written: str) -> str:
    plain = str(Path(call.run.play.compiled.play.basedir) / expanded(written))
    return f"{plain}/" if written.endswith("/") else plain


def _has_host(path: str) -> bool:
    return ":" in path.split("/", maxsplit=1)[0]


def _executed(argv: list[str], target: Target) -> subprocess.CompletedProcess[str]:
    askpass = Askpass(target.password, target.private_key_passphrase) if _has_secret(target) else None
    environment = {**os.environ, **(askpass.environment() if askpass else {})}
    try:
        return subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise InputError.at(None, "there is no rsync on this machine", hint="install the package rsync") from None
    finally:
        if askpass is not None:
            askpass.close()


def _has_secret(target: Target) -> bool:
    return target.password is not None or target.private_key_passphrase is not None


# ---------------------------------------------------------------------- the command line


class _Side:
    """Where rsync runs, and whether it may change anything."""

    def __init__(self, *, is_here: bool, check: bool) -> None:
        self.is_here, self.check = is_here, check


def command(params: Params, target: Target | None, become: Become | None, side: _Side) -> list[str]:
    """Return rsync's words; without a target both paths are where it runs."""
    argv = ["rsync", *_options(params)]
    if side.check:
        argv.append("--dry-run")
    source, dest = params.src, params.dest
    if target is not None:
        argv.append(f"--rsh={shlex.join(_shell(params, target, side))}")
        program = params.rsync_path or _elevated(become, target)
        if program:
            argv.append(f"--rsync-path={program}")
        if params.mode == "push":
            dest = _at(target, dest, params)
        else:
            source = _at(target, source, params)
    return [*argv, *params.rsync_opts, f"--out-format={MARK}%i %n%L", "--", source, dest]


def _options(params: Params) -> list[str]:
    flags: Mapping[str, bool] = {
        "--delay-updates": params.delay_updates,
        "--compress": params.compress,
        "--checksum": params.checksum,
        "--existing": params.existing_only,
        "--delete-after": params.delete,
        "--dirs": params.dirs,
        "--copy-links": params.copy_links,
        "--partial": params.partial,
        "--archive": params.archive,
    }
    words = ["-F", *(word for word, is_on in flags.items() if is_on)]
    for name in ARCHIVE:
        wanted = getattr(params, name)
        if wanted is not None and wanted != params.archive:
            words.append(f"--{name}" if wanted else f"--no-{name}")
    if params.rsync_timeout > 0:
        words.append(f"--timeout={params.rsync_timeout}")
    return [*words, *(f"--link-dest={folder}" for folder in params.link_dest)]


def _shell(params: Params, target: Target, side: _Side) -> list[str]:
    words = ["ssh"]
    port = params.dest_port or target.port
    key = params.private_key or (target.private_key if side.is_here else None)
    words += ["-p", str(port)] if port else []
    words += ["-i", key] if key else []
    words += ["-F", target.ssh_config] if target.ssh_config and side.is_here else []
    words += target.ssh_args if side.is_here or params.use_ssh_args else ()
    if not side.is_here:
        checking = "yes" if params.verify_host else "accept-new"
        return [*words, "-o", "BatchMode=yes", "-o", f"StrictHostKeyChecking={checking}"]
    if target.known_hosts:
        words += ["-o", f"UserKnownHostsFile={target.known_hosts}"]
    words += ["-o", f"ConnectTimeout={max(1, round(target.connect_timeout_s))}"]
    words += [] if _has_secret(target) else ["-o", "BatchMode=yes"]
    return [*words, "-o", f"StrictHostKeyChecking={target.host_key_checking}"]


def _elevated(become: Become | None, target: Target) -> str:
    if become is None or become.user == target.user:
        return ""
    if become.method == "sudo":
        return f"sudo -n -u {shlex.quote(become.user)} rsync" if become.user != "root" else "sudo -n rsync"
    raise InputError.at(None, f"synchronize works with the become method sudo, not {become.method}")


def _at(target: Target, path: str, params: Params) -> str:
    if _has_host(path) or "://" in path:
        return path
    address = target.address or target.host
    host = f"[{address}]" if ":" in address else address
    user = f"{target.user}@" if target.user and params.set_remote_user else ""
    return f"{user}{host}:{path}"


def described(argv: list[str], rc: int, out: str, err: str, *, diff: bool) -> Result:
    """Return the result from what rsync said."""
    lines = [line for line in out.splitlines() if line]
    told = [line.removeprefix(MARK) for line in lines]
    shown: dict[str, Any] = {"cmd": shlex.join(argv), "rc": rc}
    if rc != 0:
        why = err.strip() or f"rsync ended with code {rc}"
        if "sudo: a password is required" in err:
            why += "\nhint: rsync cannot give sudo a password; become a user that needs none, or set rsync_path"
        return {**shown, "failed": True, "changed": False, "msg": why}
    shown.update(changed=any(line.startswith(MARK) for line in lines), msg="\n".join(told), stdout_lines=told)
    if diff:
        shown["diff"] = {"prepared": "\n".join(told)}
    return shown


EXAMPLES = """
- name: The site's files, without those it no longer has
  synchronize:
    src: site/
    dest: /srv/site/
    delete: true

- name: Straight from one server to the other
  synchronize:
    src: /srv/data/
    dest: /srv/data/
    mode: push
  delegate_to: old.example.com
"""
