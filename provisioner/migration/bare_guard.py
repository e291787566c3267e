"""The guard of a host without Python: what ``armed_guard`` does elsewhere, in its POSIX shell.

What became of it is the name of a file, and names are changed by ``mv``, of which only one can come first: either
``armed`` becomes ``confirmed``, or the time is over and it becomes ``undoing``, then ``undone``. Whoever waits for that
is a timer of systemd, which does not end with a session, or, where there is none, a process of its own; after a boot
it is a unit of systemd, where there is that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from provisioner.migration.bare_scripts import script_task

FOLDER = "/var/lib/provisioner/guards"
STATES = ("armed", "confirmed", "undone", "absent")

PLACE = f'set -eu\numask 077\nplace={FOLDER}/"$id"\n'
SETTLED = """for each in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if [ -e "$place/undoing" ]; then sleep 1; fi
done
"""
STATE = """state=absent
for each in "$place"/armed.*; do
  if [ -e "$each" ]; then state=armed; fi
done
if [ -e "$place/undone" ] || [ -e "$place/undoing" ]; then state=undone; fi
if [ -e "$place/confirmed" ]; then state=confirmed; fi
"""
ARM = """mkdir -p "$place"
rm -f "$place"/armed.* "$place"/confirmed "$place"/undoing "$place"/undone "$place"/said
token=$(date +%s).$$
printf '%s\\n' "$undo" > "$place/undo.$token"
now=$(date +%s)
echo "$((now + seconds)) $seconds" > "$place/until.$token"
cat > "$place/wait.$token" <<'END'
left=$3
if [ "$3" = boot ]; then
  read -r at most < "$1/until.$2"
  left=$((at - $(date +%s)))
  if [ "$left" -gt "$most" ]; then left=$most; fi
fi
if [ "$left" -gt 0 ]; then sleep "$left"; fi
[ "$3" = boot ] && [ -e "$1/undoing" ] || mv "$1/armed.$2" "$1/undoing" 2> /dev/null || exit 0
sh "$1/undo.$2" > "$1/said" 2>&1
mv "$1/undoing" "$1/undone"
rm -f "$4" "${4%/*}/multi-user.target.wants/${4##*/}"
END
: > "$place/armed.$token"
unit=provisioner-undo-$id
boot=/etc/systemd/system/provisioner-guard-$id.service
if [ -d /run/systemd/system ]; then
  mkdir -p "${boot%/*}/multi-user.target.wants"
  printf '%s\\n' '[Unit]' "Description=Undo a change that was not confirmed in time ($id)" '[Service]' \\
    "ExecStart=/bin/sh $place/wait.$token $place $token boot $boot" > "$boot"
  ln -sf "$boot" "${boot%/*}/multi-user.target.wants/${boot##*/}"
  sync "$boot" "$place" 2> /dev/null || sync
fi
if [ -d /run/systemd/system ] && command -v systemd-run > /dev/null; then
  systemctl stop "$unit.timer" 2> /dev/null || true
  systemctl reset-failed "$unit.service" 2> /dev/null || true
  if systemd-run --quiet --unit="$unit" --on-active="${seconds}s" --timer-property=AccuracySec=100ms \\
    --description="Undo a change that was not confirmed in time ($id)" \\
    /bin/sh "$place/wait.$token" "$place" "$token" 0 "$boot" > /dev/null 2>&1; then echo armed; exit 0; fi
fi
detach=
if command -v setsid > /dev/null; then detach=setsid; fi
nohup $detach /bin/sh "$place/wait.$token" "$place" "$token" "$seconds" "$boot" < /dev/null > /dev/null 2>&1 &
echo armed
"""
CONFIRM = """units=/etc/systemd/system
for each in "$place"/armed.*; do
  mv "$each" "$place/confirmed" 2> /dev/null || true
done
sync "$place" 2> /dev/null || sync
{settled}{state}boot=provisioner-guard-$id.service
rm -f "$units/$boot" "$units/multi-user.target.wants/$boot"
if [ "$state" = confirmed ]; then
  if [ -d /run/systemd/system ]; then systemctl stop --no-block "provisioner-undo-$id.timer" 2> /dev/null || true; fi
  echo confirmed
  exit 0
fi
if [ "$state" = undone ]; then echo "not confirmed in time: the host undid it" >&2; fi
if [ "$state" = absent ]; then echo "there is no guard $id on this host: it was never armed" >&2; fi
exit 1
"""


def arm(title: str, name: str, seconds: float, steps: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the task that arms it; each step is a script (``raw``) that is carried out when the time is over."""
    scripts = [_script(each) for each in steps]
    undo = "\n".join(f"(\n{each}\n)\n[ $? -eq 0 ] || echo 'a step failed'" for each in scripts)
    return script_task(title, PLACE + ARM, {"id": name, "seconds": math.ceil(seconds), "undo": undo})


def confirm(title: str, name: str) -> dict[str, object]:
    """Return the task that confirms it, or fails where the host was there first."""
    return script_task(title, PLACE + CONFIRM.format(settled=SETTLED, state=STATE), {"id": name})


def status(title: str, name: str) -> dict[str, object]:
    """Return the task that asks what became of it."""
    return script_task(title, PLACE + SETTLED + STATE + 'echo "$state"\n', {"id": name})


def reach(title: str) -> list[dict[str, object]]:
    """Return the tasks that connect anew."""
    return [{"name": f"{title}: drop the old one", "meta": "reset_connection"}, script_task(title, "true", {})]


def state_in(result: Mapping[str, object]) -> str:
    """Return what an answer says became of a guard, of whichever kind the host is; nothing where it says nothing."""
    if "state" in result:
        return str(result["state"])
    lines = str(result.get("stdout", "")).split()
    return lines[-1] if lines and lines[-1] in STATES else ""


def _script(step: Mapping[str, object]) -> str:
    params = step.get("params")
    return str(params.get("_raw_params") or params.get("cmd") or "") if isinstance(params, Mapping) else ""
