"""What runs by the clock: systemd timers, crontabs, the folders of cron."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule, extra_is_informative
from provisioner.discovery.sections import Finding, Sections, masked, number, texts
from provisioner.discovery.snapshot import Json

PROBE = r"""
if [ -d /run/systemd/system ] && have systemctl; then
  section files; systemctl list-unit-files --no-legend --no-pager --full --type=timer
  section timers
  systemctl show --no-pager '*.timer' -p Id -p Unit -p TimersCalendar -p TimersMonotonic -p ActiveState -p LoadState
elif [ -d /run/systemd/system ]; then
  partly 'there is no systemctl: timers are not known'
fi
for each in /etc/crontab /etc/cron.d/*; do
  case "$each" in *.dpkg-*|*~|*/.placeholder) continue ;; esac
  if [ -f "$each" ]; then section "system $each"; cat "$each" || partly "$each cannot be read"; fi
done
for folder in /var/spool/cron/crontabs /var/spool/cron/tabs /var/spool/cron /etc/crontabs; do
  for each in "$folder"/*; do
    case "$each" in */cron.update|*/atjobs|*/atspool) continue ;; esac
    if [ -f "$each" ] && [ ! -L "$folder" ]; then section "user $each"; cat "$each" || partly "$each cannot be read"; fi
  done
done
section scripts
for folder in hourly daily weekly monthly; do
  for each in /etc/cron.$folder/* /etc/periodic/$folder/*; do
    if [ -f "$each" ]; then
      if [ -x "$each" ]; then printf '%s\tyes\n' "$each"; else printf '%s\tno\n' "$each"; fi
    fi
  done
done
section anacron; [ -r /etc/anacrontab ] && grep -vE '^[[:space:]]*(#|$)' /etc/anacrontab
section at; have atq && atq 2>/dev/null | wc -l
needs_root 'crontabs of other users are not known'
"""
VARIABLE = re.compile(r"\s*[A-Za-z_]\w*\s*=")
RULES: tuple[Rule, ...] = (extra_is_informative("more than the old server has"),)


def read(said: Sections) -> Finding:
    """Return an item for each timer and each line of a crontab."""
    found = Finding()
    _timers(said, found)
    for name in said.texts:
        kind, _space, path = name.partition(" ")
        if kind in ("system", "user"):
            _crontab(said, name, path, found)
    for path, runs in said.rows("scripts", 2):
        found.items[f"script:{path}"] = {"executable": runs.strip() == "yes"}
    for line in said.lines("anacron"):
        if not VARIABLE.match(line):
            found.items[f"anacron:{masked(' '.join(line.split()))}"] = {"file": "/etc/anacrontab"}
    found.measured["at_jobs"] = number(said.text("at"))
    return found


def _timers(said: Sections, found: Finding) -> None:
    files = {words[0]: words[1] for line in said.lines("files") if len(words := line.split()) >= 2}
    shown = {block["Id"]: block for block in said.blocks("timers") if block.get("LoadState") == "loaded"}
    for name in sorted(set(files) | set(shown)):
        unit, enabled = shown.get(name, {}), files.get(name, "")
        if enabled in ("disabled", "static", "masked", "indirect") and unit.get("ActiveState") != "active":
            continue
        when = re.findall(r"(On\w+)=(.*?)\s*;", f"{unit.get('TimersCalendar', '')} {unit.get('TimersMonotonic', '')}")
        found.items[name] = {
            "unit": unit.get("Unit", ""), "when": texts([f"{kind}={value}" for kind, value in when]),
            "enabled": enabled, "active": unit.get("ActiveState") == "active",
        }  # fmt: skip


def _crontab(said: Sections, name: str, path: str, found: Finding) -> None:
    """Read a crontab; those of the system name a user in each line, those of users are the user's."""
    is_user = name.startswith("user ")
    owner = path.rsplit("/", 1)[-1]
    environment: dict[str, Json] = {}
    for line in said.lines(name):
        text = line.strip()
        if text.startswith("#"):
            continue
        if VARIABLE.match(text):
            key, _sign, value = text.partition("=")
            if key.strip() not in ("SHELL", "PATH") or is_user:
                environment[key.strip()] = masked(f"{key.strip()}={value.strip()}").partition("=")[2].strip("\"'")
            continue
        fields = text.split(None, (1 if text.startswith("@") else 5) + (0 if is_user else 1))
        times = 1 if text.startswith("@") else 5
        if len(fields) <= times + (0 if is_user else 1):
            continue
        user = owner if is_user else fields[times]
        schedule, command = " ".join(fields[:times]), masked(fields[-1].strip())
        found.items[f"cron:{user}:{path}:{schedule} {command}"] = {
            "user": user, "file": path, "schedule": schedule, "command": command, "environment": dict(environment),
            "has_secret": command != fields[-1].strip(),
        }  # fmt: skip
