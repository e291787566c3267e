"""What a host without Python does for a transfer: scripts for its POSIX shell, sent with ``raw``.

They do what the module ``transfer_key`` does elsewhere. All may be run again; they say ``changed`` when they did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration.bare_scripts import CHANGED, word
from provisioner.records import dataclass
from provisioner.remote.transfers import LISTS, OLD_LIMITS, Transfer, daemon_command, daemon_settings, key_line

__all__ = ["CHANGED", "HOST_KEYS", "Use", "drop", "let_in", "needs", "pack", "serving", "take_away"]

HOST_KEYS = "{{{{ {0}.stdout_lines | default([]) | select('match', '(ssh|ecdsa)-') | list }}}}"

OPENING = """set -eu
umask 077
home=$(eval echo ~{user})
keys=$home/.ssh/authorized_keys
"""
SETTINGS = """for each in {paths}; do
  [ -d "$each" ] || {{ echo "$each is no directory here" >&2; exit 1; }}
done
mkdir -p {lists}
chmod 700 {folder}
printf %s {settings} > {file}.next
if cmp -s {file}.next {file}; then rm {file}.next; else mv {file}.next {file}; echo changed; fi
"""
LET_IN = """mkdir -p "$home/.ssh"
touch "$keys"
if ! grep -qxF -- {line} "$keys"; then
  grep -v ' '{mark}'$' "$keys" > "$keys.next" || true
  printf '%s\\n' {line} >> "$keys.next"
  cat "$keys.next" > "$keys"
  rm "$keys.next"
  echo changed
fi
cat /etc/ssh/ssh_host_*_key.pub
"""
TAKE_AWAY = """if [ -f "$keys" ] && grep -q ' '{mark}'$' "$keys"; then
  grep -v ' '{mark}'$' "$keys" > "$keys.next" || true
  cat "$keys.next" > "$keys"
  rm "$keys.next"
  echo changed
fi
rm -rf {files}
"""


def needs(programs: Sequence[str]) -> str:
    """Return a script that fails, and says why, where one of the programs is missing."""
    checks = (f"command -v {each} > /dev/null || {{ echo {each} is missing here >&2; exit 1; }}" for each in programs)
    return "\n".join(checks)


@dataclass(frozen=True, slots=True)
class Use:
    """What a transfer may do on the host: which trees, for whom, whether it may write, and with which program."""

    moved: Transfer
    trees: Sequence[Mapping[str, str]]
    user: str = "root"
    writable: bool = False
    method: str = "rsync"

    @property
    def file(self) -> str:
        """Return the file that says so: the daemon's settings, or a script that runs tar."""
        return self.moved.file("rsyncd" if self.method == "rsync" else "serve")

    @property
    def settings(self) -> str:
        """Return what is in it."""
        if self.method == "rsync":
            return daemon_settings(self.moved, self.trees, self.writable)
        return serving(self.trees, writable=self.writable)

    @property
    def command(self) -> str:
        """Return the one command the key may run."""
        start = "" if self.user == "root" else "sudo -n "
        return start + (daemon_command(self.moved) if self.method == "rsync" else f"/bin/sh {self.file}")


def let_in(use: Use, key: str, source: Sequence[str]) -> str:
    """Return the script that lets a key in for these trees; without ``key`` only says anew what it may do there."""
    values = {
        "user": use.user,
        "folder": word(use.moved.folder),
        "lists": word(use.moved.file(LISTS)),
        "file": word(use.file),
        "paths": " ".join(word(tree["path"]) for tree in use.trees),
        "settings": word(use.settings),
        "mark": word(use.moved.mark),
        "line": word(key_line(use.moved, key, source, use.command, OLD_LIMITS)) if key else "",
    }
    return (OPENING + SETTINGS + (LET_IN if key else "")).format(**values)


SERVING = """case "$SSH_ORIGINAL_COMMAND" in
{cases}
*) echo 'this key is for the directories of a transfer' >&2; exit 64 ;;
esac
if [ "$what" = unpack ]; then exec tar -xpf -; fi
if tar --version 2> /dev/null | grep -q GNU; then
  exec tar --format=posix --numeric-owner --xattrs "--xattrs-include=*" -cf - .
fi
exec tar -cf - .
"""


def serving(trees: Sequence[Mapping[str, str]], *, writable: bool) -> str:
    """Return the script that a key runs where there is no rsync: it packs these trees, and unpacks if it may."""
    cases = []
    for number, tree in enumerate(trees):
        for what in ("pack", "unpack") if writable else ("pack",):
            cases.append(f'"{what} {number:04}") what={what}; cd {word(tree["path"])} || exit 66 ;;')
    return SERVING.format(cases="\n".join(cases))


def take_away(moved: Transfer, user: str) -> str:
    """Return the script that removes the key and everything kept for it."""
    files = " ".join(word(moved.file(each)) for each in ("rsyncd", "rsyncd.log", "serve", LISTS))
    return (OPENING + TAKE_AWAY).format(user=user, mark=word(moved.mark), files=files)


PACK = """set -eu
umask 077
base={base}
mkdir -p {folder}
if [ -f "$base.json" ] && [ ! -f "$base.part" ]; then exit 0; fi
rm -rf "$base.part" "$base.dumps"
: > "$base.part"
{dumps}
sums() {{ (cd / && find {paths} {left_out} -type f -exec sha256sum {{}} + | sort); }}
sums > "$base.before"
tar -C / -czf "$base.tar.gz" {exclude} {paths} || [ $? -eq 1 ]
sums > "$base.after"
comm -12 "$base.before" "$base.after" > "$base.sums"
set -- $(wc -l < "$base.sums") $(wc -c < "$base.tar.gz") $(sha256sum < "$base.tar.gz") $(wc -l < "$base.after")
bytes=$(gzip -dc "$base.tar.gz" | wc -c)
printf '{note}\\n' "$1" "$bytes" "$2" "$3" "$(($5 - $1))" > "$base.json"
rm -f "$base.before" "$base.after" "$base.part"
echo changed
"""
NOTE = (
    '{{"ending": ".tar.gz", "sums": true, "files": %s, "bytes": %s, "size": %s, "sha256": "%s", "moving": %s, '
    '"keep_days": {days}}}'
)


def pack(base: str, paths: Sequence[str], dumps: Sequence[Mapping[str, str]], exclude: Sequence[str], days: int) -> str:
    """Return the script that packs directories, with checksums of the files as the list of what is in it.

    Patterns in ``exclude`` are of names, without a slash. It says nothing where the archive was made before; one that
    was begun and not ended is made anew.
    """
    folder, _, _ = base.rpartition("/")
    members = [path.strip("/") for path in paths]
    commands = [f"mkdir -p {word(base + '.dumps')}"] if dumps else []
    for each in dumps:
        commands.append(f"( {each['command']} ) > {word(base + '.dumps/' + each['name'])}")
    members += [(base + ".dumps").strip("/")] if dumps else []
    left_out = " -o ".join(f"-name {word(each)}" for each in exclude)
    return PACK.format(
        left_out=f"\\( {left_out} \\) -prune -o" if exclude else "",
        base=word(base),
        folder=word(folder),
        dumps="\n".join(commands),
        paths=" ".join(word("./" + each) for each in members),
        exclude=" ".join("--exclude=" + word(each) for each in exclude),
        note=NOTE.format(days=days),
    )


def drop(base: str) -> str:
    """Return the script that removes the archive and keeps the note that it was made."""
    there = word(base + ".tar.gz")
    return f"if [ -f {there} ]; then rm -rf {there} {word(base + '.dumps')}; echo changed; fi"
