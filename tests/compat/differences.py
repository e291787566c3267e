"""The differences that are meant. docs/compat.md says of each why; test_documentation.py holds the two together."""

from __future__ import annotations

# (action or "*", name of a result's value)
KNOWN_VALUES = frozenset({
    ("*", "discovered_interpreter_python"),
    ("gather_facts", "ansible_facts"),
    ("setup", "ansible_facts"),
    ("raw", "stdout"),
    ("raw", "stdout_lines"),
    ("raw", "stderr"),
    ("raw", "stderr_lines"),
    ("script", "stdout"),
    ("script", "stderr"),
    ("script", "stderr_lines"),
    ("copy", "src"),
    ("template", "src"),
    ("get_url", "src"),
    ("get_url", "status_code"),
    ("unarchive", "src"),
    ("unarchive", "extract_results"),
    ("systemd", "status"),
    ("systemd_service", "status"),
    ("service", "status"),
    *(("apt", name) for name in ("cache_update_time", "stdout", "stdout_lines", "stderr", "stderr_lines")),
    ("copy", "md5sum"),
    ("package_facts", "ansible_facts"),
    ("service_facts", "ansible_facts"),
    ("uri", "body"),
    ("get_url", "md5sum"),
    *(("uri", name) for name in ("date", "etag", "last_modified")),
    *(("package", name) for name in ("cache_update_time", "stdout", "stdout_lines", "stderr", "stderr_lines")),
})  # fmt: skip


def is_known(action: str, name: str) -> bool:
    """Tell whether a value of a result is meant to differ."""
    return (action, name) in KNOWN_VALUES or ("*", name) in KNOWN_VALUES
