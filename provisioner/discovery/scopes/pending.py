"""Work that waits: a reboot, half-installed packages, security updates. Nothing here is compared."""

from __future__ import annotations

from provisioner.discovery.judging import Rule
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Json

PROBE = r"""
section required
for each in /run/reboot-required /var/run/reboot-required; do
  [ -e "$each" ] && { sort -u "$each.pkgs" 2>/dev/null | grep . || echo 'an upgrade asked for it'; break; }
done
if have needs-restarting; then
  limited 20 needs-restarting -r >/dev/null 2>&1 || [ $? != 1 ] || echo 'needs-restarting asks for it'
fi
section running; uname -r
section kernels; ls /lib/modules 2>/dev/null
section images; ls /boot 2>/dev/null
section states
have dpkg-query && dpkg-query -W -f='${db:Status-Abbrev}\t${Package}\n' 2>/dev/null | grep -vE '^(ii|rc|un|hi|pn) '
section locked
have fuser && is_root && fuser /var/lib/dpkg/lock-frontend /var/lib/rpm/.rpm.lock 2>/dev/null
"""
RULES: tuple[Rule, ...] = ()


def read(said: Sections) -> Finding:
    """Return what asks for a reboot, and packages in the middle of something."""
    required: list[Json] = [line.strip() for line in said.lines("required")]
    running = said.text("running")
    kernels = {line.strip() for line in said.lines("kernels")}
    images = said.texts.get("images", "")
    if kernels and running and running not in kernels and "vmlinuz" in images:
        required.append(f"the running kernel {running} is not installed any more")
    states: list[Json] = [f"{name}: dpkg says '{state.strip()}'" for state, name in said.rows("states", 2)]
    return Finding({}, {"reboot": sorted(set(map(str, required))), "packages": states})
