"""What a host without Python does for a transfer: scripts for its POSIX shell, sent with ``raw``.

They do what the module ``transfer_key`` does elsewhere. All may be run again; they say ``changed`` when they did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote

from provisioner.remote.transfers import LISTS, OLD_LIMITS, Transfer, daemon_settings, key_line

CHANGED = "'changed' in ({0}.stdout_lines | default([]))"
HOST_KEYS = "{{{{ {0}.stdout_lines | default([]) | select('match', '(ssh|ecdsa)-') | list }}}}"

OPENING = """set -eu
umask 077
home=$(eval echo ~{user})
keys=$home/.ssh/authorized_keys
"""
SETTINGS = """mkdir -p {lists}
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


def let_in(
    moved: Transfer, trees: Sequence[Mapping[str, str]], user: str, key: str, source: Sequence[str], *, writable: bool
) -> str:
    """Return the script that lets a key in for these trees; without ``key`` only says anew what it may do there."""
    values = {
        "user": user,
        "folder": quote(moved.folder),
        "lists": quote(moved.file(LISTS)),
        "file": quote(moved.file("rsyncd")),
        "settings": quote(daemon_settings(moved, trees, writable)),
        "mark": quote(moved.mark),
        "line": quote(key_line(moved, key, source, user, OLD_LIMITS)) if key else "",
    }
    return (OPENING + SETTINGS + (LET_IN if key else "")).format(**values)


def take_away(moved: Transfer, user: str) -> str:
    """Return the script that removes the key and everything kept for it."""
    files = " ".join(quote(moved.file(each)) for each in ("rsyncd", "rsyncd.log", LISTS))
    return (OPENING + TAKE_AWAY).format(user=user, mark=quote(moved.mark), files=files)


PACK = """set -eu
umask 077
base={base}
mkdir -p {folder}
if [ -f "$base.json" ] && [ ! -f "$base.part" ]; then exit 0; fi
rm -rf "$base.part" "$base.dumps"
: > "$base.part"
{dumps}
sums() {{ (cd / && find {paths} -type f -exec sha256sum {{}} + | sort); }}
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

    It says nothing where the archive was made before; one that was begun and not ended is made anew.
    """
    folder, _, _ = base.rpartition("/")
    members = [path.strip("/") for path in paths]
    commands = [f"mkdir -p {quote(base + '.dumps')}"] if dumps else []
    for each in dumps:
        commands.append(f"( {each['command']} ) > {quote(base + '.dumps/' + each['name'])}")
    members += [(base + ".dumps").strip("/")] if dumps else []
    return PACK.format(
        base=quote(base),
        folder=quote(folder),
        dumps="\n".join(commands),
        paths=" ".join(quote("./" + each) for each in members),
        exclude=" ".join("--exclude=" + quote(each) for each in exclude),
        note=NOTE.format(days=days),
    )


def drop(base: str) -> str:
    """Return the script that removes the archive and keeps the note that it was made."""
    there = quote(base + ".tar.gz")
    return f"if [ -f {there} ]; then rm -rf {there} {quote(base + '.dumps')}; echo changed; fi"
