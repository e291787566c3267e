"""Runs a module that is not ours: Ansible's Python modules in a child of the zygote, everything else as a program.

The request's head says how (``how``): ``style`` is ``python`` (AnsibleModule), ``json`` (WANT_JSON), ``binary``,
``pairs`` (old style, ``key=value``) or ``inserted`` (the arguments are written into the text); ``entry`` is the
module's own file among ``files``; ``internal`` are the ``_ansible_`` arguments that the module's library knows.
"""

import json
import os
import shlex
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, Mapping, Tuple

from .. import said
from ..system.streams import TooMuch, communicate

HEADER = struct.Struct("!IQ")
FRESH = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_")
"""Beginnings of environment variables that only count when an interpreter starts."""
ZYGOTE = "zygote"
SECRET_AT = 4
"""How long a value must be to be taken out of everything else that is shown; a letter is in every word."""
START = "import os;i=os.fdopen(os.dup(0),'rb',65536);exec(compile(i.read(%d),'zygote','exec'))"
"""What its interpreter is started with; the program itself comes by the pipe, so that it stands in no process list."""
KEYWORDS = {
    "json": b"<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>",
    "complex": b"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>",
    "version": b"<<INCLUDE_ANSIBLE_MODULE_VERSION>>",
    "selinux": b"<<SELINUX_SPECIAL_FILESYSTEMS>>",
}


def carry(head: Mapping[str, Any], worker: Any) -> Dict[str, Any]:
    """Run the module and return its result; never raises for what the module does."""
    how = head["how"]
    folder = tempfile.mkdtemp(prefix="module-", dir=worker.scratch.path())
    try:
        arguments = _arguments(head, how, folder)
        environment = {str(k): str(v) for k, v in (head.get("environment") or {}).items()}
        if how["style"] == "python":
            said_so = _python(head, worker, folder, (arguments, environment))
        else:
            said_so = _program(head, worker, folder, (arguments, environment))
    except TooMuch as error:
        return {"failed": True, "changed": True, "msg": "the module said %d bytes, which is too much" % error.args[0]}
    except OSError as error:
        return {"failed": True, "changed": False, "msg": "the module could not be started: %s" % error}
    finally:
        if not how["internal"].get("_ansible_keep_remote_files"):
            shutil.rmtree(folder, ignore_errors=True)
    result = said.result_of(*said_so)
    if head.get("detach") and said_so[2]:
        result.setdefault("stderr", said_so[2].decode("utf-8", "replace"))
    secrets = _secrets(head["params"], result)
    if secrets:
        result["_secrets"] = secrets
    return result


def _arguments(head: Mapping[str, Any], how: Mapping[str, Any], folder: str) -> Dict[str, Any]:
    """Return the module's arguments with those that Ansible adds."""
    arguments = dict(head["params"])
    arguments.update(how["internal"])
    if head.get("check") and "_ansible_check_mode" in arguments:
        arguments["_ansible_check_mode"] = True
    if "_ansible_tmpdir" in arguments:
        arguments["_ansible_tmpdir"] = folder
    return arguments


def _secrets(params: Mapping[str, Any], result: Mapping[str, Any]) -> List[str]:
    """Return the values of parameters that the module itself calls secret."""
    invocation = result.get("invocation")
    shown = invocation.get("module_args") if isinstance(invocation, dict) else None
    if not isinstance(shown, dict):
        return []
    hidden = [name for name, value in shown.items() if value == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"]
    return [params[name] for name in hidden if isinstance(params.get(name), str) and len(params[name]) >= SECRET_AT]


Given = Tuple[Dict[str, Any], Dict[str, str]]


def _python(head: Mapping[str, Any], worker: Any, folder: str, given: Given) -> Tuple[int, bytes, bytes]:
    """Run a module made with AnsibleModule."""
    arguments, environment = given
    how = head["how"]
    asked = {
        "module": how["module"],
        "files": head["files"],
        "place": os.path.join(worker.scratch.path(), "ansible_%s_payload.zip" % head["module"].rpartition(".")[2]),
        "arguments": json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        "environment": environment,
        "open_files": how.get("open_files") or 0,
        "tmp": folder,
        "cwd": head.get("cwd"),
    }
    python = how.get("interpreter") or [sys.executable]
    if python == [sys.executable] and not any(name.startswith(FRESH) for name in environment):
        zygote = worker.memory.get(ZYGOTE)
        if zygote is None or not zygote.is_alive:
            zygote = worker.memory[ZYGOTE] = Zygote(worker.sources["zygote.py"], python, {})
        return zygote.run(asked, worker.held)  # type: ignore[no-any-return]
    zygote = Zygote(worker.sources["zygote.py"], python, environment)
    try:
        return zygote.run(asked, worker.held)
    finally:
        zygote.close()


class Zygote:
    """The worker's end of the process that forks foreign modules."""

    def __init__(self, text: str, python: List[str], environment: Mapping[str, str]) -> None:
        whole = dict(os.environ)
        whole.update(environment)
        source = text.encode("utf-8")
        self.known: Dict[str, bool] = {}
        self.process = subprocess.Popen(
            [*python, "-c", START % len(source)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=whole,
            bufsize=65536,
        )
        if self.process.stdin is not None:
            self.process.stdin.write(source)

    @property
    def is_alive(self) -> bool:
        """Tell whether it can still be asked."""
        return self.process.poll() is None

    def run(self, asked: Dict[str, Any], held: Mapping[str, bytes]) -> Tuple[int, bytes, bytes]:
        """Run a module and return its exit code, its output and its errors."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise OSError("the module's interpreter has no pipes")
        new = [digest for digest in dict.fromkeys(asked["files"].values()) if digest not in self.known]
        asked["new"] = [[digest, len(held[digest])] for digest in new]
        head = json.dumps(asked).encode("utf-8", "surrogatepass")
        body = b"".join(held[digest] for digest in new)
        try:
            stdin.write(HEADER.pack(len(head), len(body)) + head + body)
            stdin.flush()
            self.known.update(dict.fromkeys(new, True))
            header = stdout.read(HEADER.size)
            length, size = HEADER.unpack(header)
            rc, out, err = json.loads(stdout.read(length).decode())
            text = stdout.read(size)
        except (OSError, struct.error, ValueError):
            self.close()
            raise OSError("the interpreter of foreign modules ended (%s)" % self.process.returncode) from None
        return rc, text[:out], text[out : out + err]

    def close(self) -> None:
        """End it."""
        for stream in (self.process.stdin, self.process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                continue  # it has ended already
        self.process.wait()


def _program(head: Mapping[str, Any], worker: Any, folder: str, given: Given) -> Tuple[int, bytes, bytes]:
    """Run a module that is a program: it gets the name of a file with its arguments."""
    arguments, environment = given
    how = head["how"]
    content = worker.held[head["files"][how["entry"]]]
    if how["style"] == "inserted":
        content = _inserted(content, arguments)
    path = os.path.join(folder, os.path.basename(how["entry"]))
    _write(path, content, stat.S_IRWXU)
    argv = [*(how.get("interpreter") or _interpreter(content, how)), path]
    if how["style"] != "inserted":
        packed = _pairs(arguments) if how["style"] == "pairs" else json.dumps(arguments)
        argv.append(os.path.join(folder, "args"))
        _write(argv[-1], packed.encode("utf-8", "surrogateescape"), stat.S_IRUSR | stat.S_IWUSR)
    whole = dict(os.environ)
    whole.update(environment)
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=whole,
        start_new_session=True,
    )
    out, err = communicate(process)
    return process.returncode, out, err


def _write(path: str, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(data)


def _interpreter(content: bytes, how: Mapping[str, Any]) -> List[str]:
    """Return what starts a script: what the variables say for its ``#!`` line, Python being the worker's own."""
    if how["style"] == "binary" or not content.startswith(b"#!"):
        return []
    words = shlex.split(content[2:].split(b"\n", 1)[0].decode("utf-8", "replace"))
    while words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-")]
    if not words:
        return []
    name = os.path.basename(words[0])
    chosen = how.get("interpreters", {}).get(name)
    if chosen:
        return [*shlex.split(chosen), *words[1:]]
    if name.rstrip("0123456789.") == "python":
        return [sys.executable, *words[1:]]
    return [words[0] if os.path.isabs(words[0]) else _found(words[0]), *words[1:]]


def _found(name: str) -> str:
    return shutil.which(name) or name


def _inserted(content: bytes, arguments: Mapping[str, Any]) -> bytes:
    """Return a module's text with the arguments where it asks for them."""
    text = json.dumps(arguments).encode("utf-8", "surrogateescape")
    version = repr(str(arguments.get("_ansible_version", ""))).encode()
    special = ",".join(arguments.get("_ansible_selinux_special_fs") or ()).encode()
    content = content.replace(KEYWORDS["json"], text).replace(KEYWORDS["complex"], repr(text.decode()).encode())
    return content.replace(KEYWORDS["version"], version).replace(KEYWORDS["selinux"], special)


def _pairs(arguments: Mapping[str, Any]) -> str:
    """Return arguments as ``key=value`` words that a shell can read."""
    return "".join("%s=%s " % (key, shlex.quote(str(value))) for key, value in arguments.items())
