"""Licence files, whether they name this machine, and programs that usually need one. Nothing here is compared."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Json

PROBE = r"""
section own
have ip && ip -o addr show scope global 2>/dev/null | awk '{sub(/\/.*/, "", $4); print "address\t"$4}'
cat /sys/class/net/*/address 2>/dev/null | grep -v '^00:00:00:00:00:00$' | sed 's/^/mac\t/'
printf 'name\t%s\n' "$(hostname -f 2>/dev/null || hostname 2>/dev/null || uname -n)"
cat /etc/machine-id 2>/dev/null | sed 's/^/machine id\t/'
section files
for place in $PLACES /var/lib /root /home /usr/share/licenses-installed; do
  [ -d "$place" ] && limited 20 find "$place" -xdev -maxdepth 6 \
    \( -name node_modules -o -name .git -o -name site-packages \
      -o -name dist-packages -o -path /var/lib/docker -o -path /var/lib/containers -o -path /var/lib/dpkg \) -prune -o \
    -type f -size -64k \( -iname '*.lic' -o -iname '*.lcs' -o -iname 'licen[cs]e.dat' \
      -o -iname 'licen[cs]e.key' -o -iname '*.licx' -o -iname 'license.xml' -o -iname 'licensekey*' \
      -o -iname '*.rlm.lic' \) -print 2>/dev/null
done | sort -u | head -n 100 | while IFS= read -r each; do
  printf '@@ %s\n' "$each"; tr -cd '[:print:]\n' < "$each" 2>/dev/null | head -c 8192; echo
done
section programs; cat /proc/[0-9]*/comm 2>/dev/null | sort -u
section packages
if have dpkg-query; then dpkg-query -W -f='${Package}\n' 2>/dev/null
elif have rpm; then rpm -qa --qf '%{NAME}\n' 2>/dev/null; fi |
  grep -iE -e '^(oracle-database|oracle-instantclient|sap|matlab|splunk|plesk|psa|cpanel|directadmin|veeam|dynatrace)' \
    -e '^(newrelic|sophos|ibm-|db2|informix|sybase|mssql-server|confluence|jira|gitlab-ee|mongodb-enterprise)' \
    -e '^(nginx-plus|graylog-enterprise|elastic-agent|teamviewer|vmware-|crowdstrike|falcon-sensor)'
needs_root 'licence files of other users are not known'
"""
RULES: tuple[Rule, ...] = ()
DAEMONS = re.compile(
    r"(lmgrd|rlm|lserv|hasplmd|aksusbd|FNPLicensing|oracle|ora_pmon|db2sysc|splunkd|sqlservr)", re.IGNORECASE
)
ASKS_FOR_CARD = re.compile(r"\b(HOSTID|SERVER\s+\S+)\s*=?\s*([0-9a-fA-F]{12})\b")


def read(said: Sections) -> Finding:
    """Return licence files by what of this machine is in them, and names of programs; no file's content."""
    own = [(kind, word.strip().lower()) for kind, word in said.rows("own", 2) if len(word.strip()) > 4]
    own += [("mac", word.replace(":", "")) for kind, word in own if kind == "mac"]
    files: dict[str, Json] = {}
    for piece in f"\n{said.texts.get('files', '')}".split("\n@@ ")[1:]:
        path, _newline, text = piece.partition("\n")
        kinds = {kind for kind, word in own if re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", text.lower())}
        if ASKS_FOR_CARD.search(text):
            kinds.add("mac")
        files[path] = [str(each) for each in sorted(kinds)]
    programs = {line.strip() for line in said.lines("programs") if DAEMONS.match(line.strip())}
    programs |= {line.strip() for line in said.lines("packages")}
    return Finding({}, {"files": files, "programs": [str(each) for each in sorted(programs)]})
