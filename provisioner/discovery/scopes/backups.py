"""Signs of backups: programs that make them, jobs that are named like one, and when something last was written."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule
from provisioner.discovery.sections import Finding, Sections, masked, texts

PROBE = r"""
section tools
for each in restic borg borgmatic duplicity duply rsnapshot backupninja bacula-fd bareos-fd tarsnap kopia rclone \
    pgbackrest barman wal-g mariabackup xtrabackup automysqlbackup proxmox-backup-client urbackupclientbackend dsmc \
    veeamagentid bpbkar amandad autopostgresqlbackup; do
  have "$each" && echo "$each"
done
section jobs
grep -rhiE 'backup|restic|borg|duplicity|rsnapshot|(pg_|mysql|mariadb-)dump|pgbackrest|barman|rclone' \
  /etc/crontab /etc/cron.d /var/spool/cron 2>/dev/null | grep -vE '^[[:space:]]*#' | cut -c1-200
ls /etc/cron.hourly /etc/cron.daily /etc/cron.weekly 2>/dev/null |
  grep -iE 'backup|restic|borg|dump' | sed 's/^/cron: /'
have systemctl && limited 5 systemctl list-timers --all --no-legend --plain 2>/dev/null |
  grep -iE 'backup|restic|borg|duplicity|rsnapshot|dump' | grep -vE 'dpkg-db-backup' | awk '{print "timer: "$(NF-1)}'
section last
for place in /var/backups /var/lib/backup /backup /srv/backup /var/log/restic /var/log/borg /var/log/borgmatic \
    /var/log/rsnapshot.log /var/log/duplicity /var/lib/pgbackrest /var/log/bareos /var/log/bacula; do
  [ -e "$place" ] && limited 20 find "$place" -xdev -maxdepth 3 -type f \
    ! -name 'dpkg.*' ! -name 'apt.*' ! -name 'alternatives.*' \
    ! -name '*.dpkg-*' ! -path '/var/backups/*.bak' -exec stat -c '%Y %n' {} + 2>/dev/null
done | sort -rn | head -n 5
needs_root 'jobs of other users are not known'
"""
RULES: tuple[Rule, ...] = ()
SYSTEM = re.compile(r"/var/backups/(dpkg|apt|alternatives|passwd|group|shadow|gshadow|infodir|aptitude)")


def read(said: Sections) -> Finding:
    """Return programs, jobs (secrets masked) and the time of the newest file where backups lie."""
    tools = texts([line.strip() for line in said.lines("tools")])
    jobs = texts([masked(line.strip()) for line in said.lines("jobs")])
    times = [row[0] for row in said.rows("last", 2, " ") if row[0].isdigit() and not SYSTEM.match(row[1])]
    last = max((int(each) for each in times), default=0)
    return Finding({}, {"tools": tools, "jobs": jobs, "last": last})
