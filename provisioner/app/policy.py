"""Reads the settings about how plays run: gathering, fact caching, strategy and the like."""

from __future__ import annotations

from provisioner.configuration.configuration import Configuration
from provisioner.model.policy import FactCache, Policy
from provisioner.model.target import Files


def read_policy(found: Configuration) -> Policy:
    """Return the policy."""
    plain = Policy()
    keeps_retry_files = found.flag("RETRY_FILES_ENABLED")
    return Policy(
        strategy=found.text("DEFAULT_STRATEGY") or plain.strategy,
        gathering=found.text("DEFAULT_GATHERING") or plain.gathering,
        facts_modules=found.texts("FACTS_MODULES"),
        inject_facts=found.flag("INJECT_FACTS_AS_VARS"),
        any_errors_fatal=found.flag("ANY_ERRORS_FATAL"),
        missing_handler_fails=found.flag("ERROR_ON_MISSING_HANDLER"),
        retry_folder=(found.text("RETRY_FILES_SAVE_PATH") or "") if keeps_retry_files else None,
        task_timeout_s=found.number("TASK_TIMEOUT") or 0.0,
        cache=_cache(found),
        files=_files(found),
    )


def _files(found: Configuration) -> Files:
    """Return how programs are put on hosts as files, and whether they are to be kept there."""
    return Files(
        folder=found.text("shell/sh/remote_tmp") or Files().folder,
        shared=found.texts("shell/sh/system_tmpdirs"),
        admins=found.texts("shell/sh/admin_users"),
        group=found.text("shell/sh/common_remote_group") or "",
        is_open=found.flag("shell/sh/world_readable_temp"),
        keeps=found.flag("DEFAULT_KEEP_REMOTE_FILES"),
    )


def _cache(found: Configuration) -> FactCache:
    plugin = (found.text("CACHE_PLUGIN") or "memory").removeprefix("ansible.builtin.")
    plugin = plugin.removeprefix("community.general.")
    prefix = found.text("CACHE_PLUGIN_PREFIX") if found.given("CACHE_PLUGIN_PREFIX") else None
    timeout_s = found.number("CACHE_PLUGIN_TIMEOUT")
    return FactCache(
        plugin,
        found.text("CACHE_PLUGIN_CONNECTION") or "",
        prefix or ("ansible_facts" if plugin == "redis" else ""),
        FactCache().timeout_s if timeout_s is None else timeout_s,
    )
