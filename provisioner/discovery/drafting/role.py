"""The tasks of a drafted role: the same for every server; what differs stands in the role's variables."""

from __future__ import annotations

MAIN = """\
- name: Sources of packages
  import_tasks: repositories.yml
- name: Groups, users and keys
  import_tasks: accounts.yml
- name: Packages
  import_tasks: packages.yml
- name: The system
  import_tasks: system.yml
- name: Files
  import_tasks: files.yml
- name: Jobs by the clock
  import_tasks: schedules.yml
- name: Services
  import_tasks: services.yml
"""
FILE_TASKS = """\
- name: Folders{title}
  file:
    path: "{{{{ item.path }}}}"
    state: directory
    owner: "{{{{ item.owner }}}}"
    group: "{{{{ item.group }}}}"
    mode: "{{{{ item.mode }}}}"
  loop: "{{{{ {folders} }}}}"
  loop_control:
    label: "{{{{ item.path }}}}"

- name: Files{title}
  copy:
    src: "{{{{ item.src }}}}"
    dest: "{{{{ item.path }}}}"
    owner: "{{{{ item.owner }}}}"
    group: "{{{{ item.group }}}}"
    mode: "{{{{ item.mode }}}}"
  diff: "{{{{ not item.secret }}}}"
  loop: "{{{{ {files} }}}}"
  loop_control:
    label: "{{{{ item.path }}}}"
  register: {register}
"""
REPOSITORIES = FILE_TASKS.format(
    title=" of the package system", folders="draft_source_folders", files="draft_source_files", register="draft_sources"
)
UPDATE = {
    "dpkg": """
- name: Read the lists of packages where sources changed
  apt:
    update_cache: true
  when: draft_sources is changed
""",
    "rpm": "",
    "apk": """
- name: Read the lists of packages where sources changed
  apk:
    update_cache: true
  when: draft_sources is changed
""",
}
ACCOUNTS = """\
- name: Groups with the numbers of the old server
  group:
    name: "{{ item.name }}"
    gid: "{{ item.gid }}"
  loop: "{{ draft_groups }}"
  loop_control:
    label: "{{ item.name }}"

- name: Users with the numbers of the old server
  user:
    name: "{{ item.name }}"
    uid: "{{ item.uid }}"
    group: "{{ item.group }}"
    groups: "{{ item.groups }}"
    home: "{{ item.home }}"
    shell: "{{ item.shell }}"
    comment: "{{ item.comment }}"
    create_home: "{{ item.create_home }}"
  loop: "{{ draft_users }}"
  loop_control:
    label: "{{ item.name }}"

- name: Keys that may log in
  authorized_key:
    user: "{{ item.user }}"
    key: "{{ lookup('file', item.src) }}"
  loop: "{{ draft_keys }}"
  loop_control:
    label: "{{ item.user }}"
"""
PACKAGES = {
    "dpkg": """\
- name: See which packages are there
  command:
    argv: [dpkg-query, -W, -f, '${db:Status-Abbrev} ${Package}\\n']
  register: draft_installed
  changed_when: false
  check_mode: false

- name: Packages that were asked for, and what comes along with them
  apt:
    name: "{{ wanted if draft_exact_versions else wanted | map('regex_replace', '=.*$', '') | list }}"
    install_recommends: false
    policy_rc_d: 101  # nothing starts before its files are there
  vars:
    wanted: "{{ draft_packages + draft_packages_missing }}"

- name: Mark those that only come along, so that they go with what needs them
  command:
    argv: "{{ ['apt-mark', 'auto'] + (draft_packages_missing | map('regex_replace', '=.*$', '') | list) }}"
  register: draft_marked
  changed_when: "'set to automatically' in draft_marked.stdout"
  when: draft_packages_missing | length > 0

- name: Hold packages at their version
  dpkg_selections:
    name: "{{ item }}"
    selection: hold
  loop: "{{ draft_packages_held }}"
""",
    "rpm": """\
- name: Packages
  dnf:
    name: "{{ (draft_packages + draft_packages_come_along) | map('regex_replace', '=.*$', '') | list }}"
    install_weak_deps: false
""",
    "apk": """\
- name: Packages
  apk:
    name: "{{ draft_packages | map('regex_replace', '=.*$', '') | list }}"
""",
}
SYSTEM = """\
- name: Members of groups that packages made
  user:
    name: "{{ item.name }}"
    groups: "{{ item.groups }}"
    append: true
  loop: "{{ draft_members }}"
  loop_control:
    label: "{{ item.name }}"

- name: Time zone
  timezone:
    name: "{{ draft_timezone }}"
  when: draft_timezone != ''

- name: Locales
  locale_gen:
    name: "{{ draft_locales }}"
  when: draft_locales | length > 0

- name: Language
  copy:
    dest: /etc/default/locale
    content: "{{ draft_language }}"
    mode: "0644"
  when: draft_language != ''

- name: Names of other hosts
  lineinfile:
    path: /etc/hosts
    line: "{{ item }}"
    unsafe_writes: true
  loop: "{{ draft_hosts_entries }}"

- name: File systems to mount at boot (nothing is mounted now)
  mount:
    path: "{{ item.path }}"
    src: "{{ item.src }}"
    fstype: "{{ item.fstype }}"
    opts: "{{ item.opts }}"
    dump: "{{ item.dump }}"
    passno: "{{ item.passno }}"
    state: present
  loop: "{{ draft_mounts }}"
  loop_control:
    label: "{{ item.path }}"
"""
FILES = (
    FILE_TASKS.format(title="", folders="draft_folders", files="draft_files", register="draft_copied")
    + """
- name: Links
  file:
    path: "{{ item.path }}"
    src: "{{ item.target }}"
    state: link
    owner: "{{ item.owner }}"
    group: "{{ item.group }}"
    follow: false
    force: true
  loop: "{{ draft_links }}"
  loop_control:
    label: "{{ item.path }}"

- name: Configuration files that were removed
  file:
    path: "{{ item }}"
    state: absent
  loop: "{{ draft_removed }}"

- name: Trust the certificates that were added
  command: update-ca-certificates
  when: draft_changed | select('match', '/usr/local/share/ca-certificates/') | list | length > 0

- name: Kernel settings, live
  sysctl:
    name: "{{ item.name }}"
    value: "{{ item.value }}"
    sysctl_file: "{{ item.file }}"
    sysctl_set: true
    reload: false
    ignoreerrors: true
  loop: "{{ draft_sysctl }}"
  loop_control:
    label: "{{ item.name }}"
"""
)
SCHEDULES = """\
- name: Crontabs of users
  copy:
    src: "{{ item.src }}"
    dest: "{{ item.path }}"
    owner: "{{ item.user }}"
    group: "{{ item.group }}"
    mode: "0600"
  diff: "{{ not item.secret }}"
  loop: "{{ draft_crontabs }}"
  loop_control:
    label: "{{ item.path }}"

- name: Jobs of users
  cron:
    name: "{{ item.name }}"
    user: "{{ item.user }}"
    minute: "{{ item.minute | default(omit) }}"
    hour: "{{ item.hour | default(omit) }}"
    day: "{{ item.day | default(omit) }}"
    month: "{{ item.month | default(omit) }}"
    weekday: "{{ item.weekday | default(omit) }}"
    special_time: "{{ item.special_time | default(omit) }}"
    job: "{{ item.job }}"
  loop: "{{ draft_jobs }}"
  loop_control:
    label: "{{ item.name }}"
"""
UNITS = """\
- name: Let systemd read its units anew
  systemd:
    daemon_reload: true
  when: draft_changed | select('match', '/etc/systemd/') | list | length > 0

"""
SERVICES = """\
- name: Which services start at boot
  systemd:
    name: "{{ item.name }}"
    enabled: "{{ item.enabled }}"
  loop: "{{ draft_units | selectattr('enabled', 'defined') | list }}"
  loop_control:
    label: "{{ item.name }}"

- name: Which services run
  systemd:
    name: "{{ item.name }}"
    state: "{{ item.state }}"
  loop: "{{ draft_units | selectattr('state', 'defined') | list }}"
  loop_control:
    label: "{{ item.name }}"
  register: draft_started

- name: Services that read a file that changed
  systemd:
    name: "{{ item.name }}"
    state: "{{ item.how }}"
  loop: "{{ draft_restarts }}"
  loop_control:
    label: "{{ item.name }}"
  when:
    - draft_changed | select('match', item.paths) | list | length > 0
    - item.name not in (draft_started.results | selectattr('changed') | map(attribute='item.name') | list)
"""
CHANGED = """\
draft_changed: "{{ ((draft_copied.results | default([])) + (draft_sources.results | default([])))
                   | selectattr('changed') | map(attribute='item.path') | list }}"
"""
MISSING = """\
draft_packages_missing: "{{ draft_packages_come_along | reject('match', draft_packages_there) | list }}"
# What matches the packages that are installed
draft_packages_there: "^({{ draft_installed.stdout_lines | default([]) | map('regex_search', '(?<=^ii  ).*') | select
             | map('regex_escape') | join('|') }})="
"""
EXACT = """\
# Exactly the versions of the old server, which its package sources may not have any more
draft_exact_versions: false
"""


def tasks(package_format: str, init: str) -> dict[str, str]:
    """Return the files of the role's folder of tasks, for a package system and for what starts services."""
    services = UNITS + SERVICES if init == "systemd" else SERVICES.replace("  systemd:\n", "  service:\n")
    return {
        "main.yml": MAIN,
        "repositories.yml": REPOSITORIES + UPDATE.get(package_format, ""),
        "accounts.yml": ACCOUNTS,
        "packages.yml": PACKAGES.get(package_format, "[]\n"),
        "system.yml": SYSTEM,
        "files.yml": FILES,
        "schedules.yml": SCHEDULES,
        "services.yml": services,
    }
